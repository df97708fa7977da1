import { exp } from './exact.ts';
import { seeded, shuffle } from './random.ts';
import type { Vector } from './vectors.ts';

/** Weights, feature by feature with the classes side by side, and a bias per class. */
export interface Linear {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

export interface LinearTask {
  readonly vectors: readonly Vector[];
  /** The class of each vector, from 0. */
  readonly classes: Int32Array;
  readonly classCount: number;
  readonly featureCount: number;
}

export interface LinearOptions {
  /** Of a row's loss against the squared weights: more fits closer. */
  readonly cost: number;
  readonly passes: number;
  readonly seed: number;
}

/** What a row holds of each class's weights, row by row. The weights are their sum, each times its row and the cost. */
export type Residuals = Float32Array;

/** Turns scores into probabilities, in place. A temperature above 1 makes them less sure, one below 1 surer. */
export const softmax = (scores: Float64Array, temperature = 1): Float64Array => {
  let top = Number.NEGATIVE_INFINITY;
  for (const value of scores) if (value > top) top = value;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    const power = exp(((scores[k] ?? 0) - top) / temperature);
    scores[k] = power;
    sum += power;
  }
  for (let k = 0; k < scores.length; k++) scores[k] = (scores[k] ?? 0) / sum;
  return scores;
};

/** A vector's score for each class, in `scores` where given. */
export const score = (
  { weights, biases }: Linear,
  { rows, values }: Vector,
  scores = new Float64Array(biases.length)
): Float64Array => {
  const count = biases.length;
  scores.set(biases);
  let at = 0;
  for (; at + 3 < rows.length; at += 4) {
    // four rows at once, which touches the scores a quarter as often; the sum is the same to the last bit
    const [a, b, c, d] = [values[at] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0];
    const fromA = (rows[at] ?? 0) * count;
    const fromB = (rows[at + 1] ?? 0) * count;
    const fromC = (rows[at + 2] ?? 0) * count;
    const fromD = (rows[at + 3] ?? 0) * count;
    for (let k = 0; k < count; k++)
      scores[k] =
        (scores[k] ?? 0) +
        a * (weights[fromA + k] ?? 0) +
        b * (weights[fromB + k] ?? 0) +
        c * (weights[fromC + k] ?? 0) +
        d * (weights[fromD + k] ?? 0);
  }
  for (; at < rows.length; at++) {
    const value = values[at] ?? 0;
    const base = (rows[at] ?? 0) * count;
    for (let k = 0; k < count; k++) scores[k] = (scores[k] ?? 0) + value * (weights[base + k] ?? 0);
  }
  return scores;
};

/** Smaller changes of a residual wait until they have grown: with many classes, most are next to nothing. */
const LEAST_CHANGE = 5e-4;

/**
 * Multinomial logistic regression with an L2 penalty, by stochastic dual coordinate ascent: no learning rate to choose,
 * few passes, and the same result for the same rows and seed. The weights are always the sum of the rows, each times its
 * residual; so a fit of nearly the same rows can start from the `residuals` of another, and needs fewer passes. They are
 * changed in place.
 */
export const fitLinear = (
  task: LinearTask,
  { cost, passes, seed }: LinearOptions,
  residuals: Residuals = new Float32Array(task.vectors.length * task.classCount)
): Linear => {
  const { vectors, classes, classCount } = task;
  const model = { weights: new Float32Array(task.featureCount * classCount), biases: new Float32Array(classCount) };
  const chances = new Float64Array(classCount);
  const places = new Int32Array(classCount);
  const changes = new Float64Array(classCount);
  for (const [at, vector] of vectors.entries()) {
    let held = 0;
    for (let k = 0; k < classCount; k++) {
      const residual = residuals[at * classCount + k] ?? 0;
      if (residual === 0) continue;
      places[held] = k;
      changes[held++] = cost * residual;
    }
    add(model, vector, places.subarray(0, held), changes);
  }
  const order = Int32Array.from(vectors, (_, at) => at);
  const random = seeded(seed);
  const step = 1 / (1 + cost); // a row's length is at most 1 and its bias adds 1; the softmax's curvature is at most 1/2
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, random);
    for (const at of order) {
      const vector = vectors[at] as Vector; // `order` holds the places of `vectors`
      const own = residuals.subarray(at * classCount, (at + 1) * classCount);
      softmax(score(model, vector, chances));
      let changed = 0;
      for (let k = 0; k < classCount; k++) {
        const delta = step * ((k === classes[at] ? 1 : 0) - (chances[k] ?? 0) - (own[k] ?? 0));
        if (Math.abs(delta) < LEAST_CHANGE) continue;
        own[k] = (own[k] ?? 0) + delta;
        places[changed] = k;
        changes[changed++] = cost * delta;
      }
      add(model, vector, places.subarray(0, changed), changes);
    }
  }
  return model;
};

const add = (model: Linear, { rows, values }: Vector, places: Int32Array, changes: Float64Array): void => {
  const { weights, biases } = model;
  for (let n = 0; n < places.length; n++) biases[places[n] ?? 0] = (biases[places[n] ?? 0] ?? 0) + (changes[n] ?? 0);
  for (let at = 0; at < rows.length; at++) {
    const base = (rows[at] ?? 0) * biases.length;
    const value = values[at] ?? 0;
    for (let n = 0; n < places.length; n++) {
      const place = base + (places[n] ?? 0);
      weights[place] = (weights[place] ?? 0) + value * (changes[n] ?? 0);
    }
  }
};
