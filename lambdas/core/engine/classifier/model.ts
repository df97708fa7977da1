import { twoTo } from './exact.ts';
import { featuresOf } from './features.ts';
import { type Linear, softmax } from './linear.ts';
import { type Vector, type Vocabulary, vectorOf } from './vectors.ts';

/** A trained classifier. Its numbers are those that it is stored with: a model read back answers exactly alike. */
export interface Model {
  readonly labels: readonly string[];
  readonly vocabulary: Vocabulary;
  /** Per row of the vocabulary, its labels side by side: `weights` times the row's power of two in `exponents`. */
  readonly weights: Int8Array;
  readonly exponents: Int8Array;
  readonly biases: Float32Array;
  /** What scores are divided by, so that confidence is the share of such answers that are right. */
  readonly temperature: number;
  /** Answers of less confidence abstain. */
  readonly threshold: number;
}

/** `label` is the best guess, also where the model abstains; undefined where no label may be given. */
export interface Prediction {
  readonly label: string | undefined;
  /** The probability that the label is right, among all labels that the model knows. */
  readonly confidence: number;
  readonly abstained: boolean;
}

/** The weights as they are stored: per row a power of two, and whole numbers from -127 to 127. */
export const quantise = ({ weights, biases }: Linear): Pick<Model, 'weights' | 'exponents' | 'biases'> => {
  const count = biases.length;
  const exponents = new Int8Array(weights.length / count);
  const whole = new Int8Array(weights.length);
  for (let row = 0; row < exponents.length; row++) {
    const values = weights.subarray(row * count, (row + 1) * count);
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    let exponent = -64;
    while (largest > 127 * twoTo(exponent) && exponent < 127) exponent++;
    exponents[row] = exponent;
    for (let k = 0; k < count; k++) whole[row * count + k] = Math.round((values[k] ?? 0) / twoTo(exponent));
  }
  return { weights: whole, exponents, biases };
};

const scoreOf = ({ weights, exponents, biases }: Model, { rows, values }: Vector): Float64Array => {
  const scores = Float64Array.from(biases);
  const count = scores.length;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    const value = (values[at] ?? 0) * twoTo(exponents[row] ?? 0);
    for (let k = 0; k < count; k++) scores[k] = (scores[k] ?? 0) + value * (weights[row * count + k] ?? 0);
  }
  return scores;
};

/** The probability of each of the model's labels, in their order; they sum to 1. */
export const probabilities = (model: Model, text: string): Float64Array =>
  softmax(scoreOf(model, vectorOf(model.vocabulary, featuresOf(text))), model.temperature);

/**
 * The label that fits a text best, of those `allowed`. A text that fits a label not allowed is not pressed into another:
 * what remains for the others is little, and the model abstains. So it does where it knows no feature of the text.
 */
export const predict = (model: Model, text: string, allowed?: readonly string[]): Prediction => {
  const vector = vectorOf(model.vocabulary, featuresOf(text));
  const chances = softmax(scoreOf(model, vector), model.temperature);
  const may = allowed && new Set(allowed);
  let best: number | undefined;
  for (const [k, label] of model.labels.entries())
    if ((may?.has(label) ?? true) && (best === undefined || (chances[k] ?? 0) > (chances[best] ?? 0))) best = k;
  if (best === undefined) return { label: undefined, confidence: 0, abstained: true };
  const confidence = chances[best] ?? 0;
  return {
    label: model.labels[best],
    confidence,
    abstained: vector.rows.length === 0 || confidence < model.threshold,
  };
};
