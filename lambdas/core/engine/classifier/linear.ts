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

/** The probabilities of scores at a temperature: above 1 makes them less sure, below 1 surer. */
export const softmax = (scores: Float64Array, temperature = 1): Float64Array => {
  const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = scores.map((value) => exp((value - top) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

/** A vector's score for each class. */
export const score = ({ weights, biases }: Linear, { rows, values }: Vector): Float64Array => {
  const scores = Float64Array.from(biases);
  const count = scores.length;
  for (let at = 0; at < rows.length; at++) {
    const value = values[at] ?? 0;
    const base = (rows[at] ?? 0) * count;
    for (let k = 0; k < count; k++) scores[k] = (scores[k] ?? 0) + value * (weights[base + k] ?? 0);
  }
  return scores;
};

/**
 * Multinomial logistic regression with an L2 penalty, by stochastic dual coordinate ascent: no learning rate to choose,
 * few passes, and the same result for the same rows and seed. The weights are always the sum of the rows, each times its
 * residual.
 */
export const fitLinear = (task: LinearTask, { cost, passes, seed }: LinearOptions): Linear => {
  const { vectors, classes, classCount } = task;
  const model = { weights: new Float32Array(task.featureCount * classCount), biases: new Float32Array(classCount) };
  const residuals = new Float64Array(vectors.length * classCount);
  const order = Int32Array.from(vectors, (_, at) => at);
  const random = seeded(seed);
  const step = 1 / (1 + cost); // a row's length is at most 1 and its bias adds 1; the softmax's curvature is at most 1/2
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, random);
    for (const at of order) {
      const vector = vectors[at] as Vector; // `order` holds the places of `vectors`
      const base = at * classCount;
      const change = softmax(score(model, vector)).map((probability, k) => {
        const residual = residuals[base + k] ?? 0;
        const delta = step * ((k === classes[at] ? 1 : 0) - probability - residual);
        residuals[base + k] = residual + delta;
        return cost * delta;
      });
      add(model, vector, change);
    }
  }
  return model;
};

const add = ({ weights, biases }: Linear, { rows, values }: Vector, change: Float64Array): void => {
  const count = biases.length;
  for (let k = 0; k < count; k++) biases[k] = (biases[k] ?? 0) + (change[k] ?? 0);
  for (let at = 0; at < rows.length; at++) {
    const value = values[at] ?? 0;
    const base = (rows[at] ?? 0) * count;
    for (let k = 0; k < count; k++) weights[base + k] = (weights[base + k] ?? 0) + value * (change[k] ?? 0);
  }
};
