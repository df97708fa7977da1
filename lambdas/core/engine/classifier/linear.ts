import { seeded, shuffle } from './random.ts';
import type { Vector } from './vectors.ts';

/** Weights, feature by feature with the classes side by side, and a bias per class. */
export interface Linear {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

export interface LinearTask {
  readonly vectors: readonly Vector[];
  readonly classes: Int32Array; // of each vector
  readonly classCount: number;
  readonly featureCount: number;
  readonly rows: Int32Array; // the vectors to learn from
}

export interface LinearOptions {
  readonly cost: number; // of a row's loss against the squared weights: more fits closer
  readonly passes: number;
  readonly seed: number;
}

/** Writes the probabilities of `scores` into `out`, at a temperature; returns the index of the largest. */
export const softmax = (scores: Float64Array, temperature: number, out: Float64Array): number => {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if ((scores[k] ?? 0) > (scores[best] ?? 0)) best = k;
  const top = scores[best] ?? 0;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    const value = Math.exp(((scores[k] ?? 0) - top) / temperature);
    out[k] = value;
    sum += value;
  }
  for (let k = 0; k < scores.length; k++) out[k] = (out[k] ?? 0) / sum;
  return best;
};

/** Writes a vector's score for each class into `out`. */
export const score = ({ weights, biases }: Linear, { numbers, values }: Vector, out: Float64Array): void => {
  const count = biases.length;
  for (let k = 0; k < count; k++) out[k] = biases[k] ?? 0;
  for (let at = 0; at < numbers.length; at++) {
    const value = values[at] ?? 0;
    const row = (numbers[at] ?? 0) * count;
    for (let k = 0; k < count; k++) out[k] = (out[k] ?? 0) + value * (weights[row + k] ?? 0);
  }
};

/**
 * Multinomial logistic regression with an L2 penalty, by stochastic dual coordinate ascent: no learning rate to choose, few
 * passes, and the same result for the same rows and seed. The weights are always the sum of the rows, each times its residual.
 */
export const fitLinear = (task: LinearTask, { cost, passes, seed }: LinearOptions): Linear => {
  const { vectors, classes, classCount, rows } = task;
  const model = { weights: new Float32Array(task.featureCount * classCount), biases: new Float32Array(classCount) };
  const residuals = new Float64Array(rows.length * classCount);
  const scores = new Float64Array(classCount);
  const change = new Float64Array(classCount);
  const order = Int32Array.from(rows, (_, at) => at);
  const random = seeded(seed);
  const step = 1 / (1 + cost); // a row's length is at most 1 and its bias adds 1; the softmax's curvature is at most 1/2
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, random);
    for (const at of order) {
      const row = rows[at] ?? 0;
      const vector = vectors[row];
      if (vector === undefined) continue;
      score(model, vector, scores);
      softmax(scores, 1, change);
      const base = at * classCount;
      for (let k = 0; k < classCount; k++) {
        const target = (k === classes[row] ? 1 : 0) - (change[k] ?? 0);
        const delta = step * (target - (residuals[base + k] ?? 0));
        residuals[base + k] = (residuals[base + k] ?? 0) + delta;
        change[k] = cost * delta;
      }
      add(model, vector, change);
    }
  }
  return model;
};

const add = ({ weights, biases }: Linear, { numbers, values }: Vector, change: Float64Array): void => {
  const count = biases.length;
  for (let k = 0; k < count; k++) biases[k] = (biases[k] ?? 0) + (change[k] ?? 0);
  for (let at = 0; at < numbers.length; at++) {
    const value = values[at] ?? 0;
    const row = (numbers[at] ?? 0) * count;
    for (let k = 0; k < count; k++) weights[row + k] = (weights[row + k] ?? 0) + value * (change[k] ?? 0);
  }
};
