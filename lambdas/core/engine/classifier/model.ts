import { twoTo } from './exact.ts';
import { featuresOf } from './features.ts';
import { softmax } from './linear.ts';
import { chanceInside, type Scope, type Signs } from './scope.ts';
import type { Sparse } from './sparse.ts';
import { type Vector, type Vocabulary, vectorOf } from './vectors.ts';

/** A trained classifier. Its numbers are those that it is stored with: a model read back answers exactly alike. */
export interface Model {
  readonly labels: readonly string[];
  readonly vocabulary: Vocabulary;
  /** Scores the labels, and after them what is out of scope, where there is `scope`. */
  readonly linear: Sparse;
  /** How likely a text is in scope; absent where the model has learnt from none that is not: then all are. */
  readonly scope?: Scope | undefined;
  /** What scores are divided by, so that confidence is the share of such answers that are right. */
  readonly temperature: number;
  /** Answers of less confidence abstain. */
  readonly threshold: number;
}

/** `label` is the best guess, also where the model abstains; undefined where no label may be given. */
export interface Prediction {
  readonly label: string | undefined;
  /** The probability that the label is right, among all labels that the model knows and what is out of scope. */
  readonly confidence: number;
  readonly abstained: boolean;
}

/** A vector's score for each class. */
const scoreOf = (linear: Sparse, { rows, values }: Vector): Float64Array => {
  const { starts, classes, weights, exponents } = linear;
  const scores = Float64Array.from(linear.biases);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? 0;
    const value = (values[at] ?? 0) * twoTo(exponents[row] ?? 0);
    for (let n = starts[row] ?? 0; n < (starts[row + 1] ?? 0); n++) {
      const k = classes[n] ?? 0;
      scores[k] = (scores[k] ?? 0) + value * (weights[n] ?? 0);
    }
  }
  return scores;
};

/** What a linear model makes of a text, before it is known how far that can be trusted. */
export const signsOf = (
  linear: Sparse,
  vector: Vector,
  labelCount: number
): Signs & { readonly scores: Float64Array } => {
  const all = scoreOf(linear, vector);
  const scores = all.subarray(0, labelCount);
  const best = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { scores, lead: best - (all[labelCount] ?? 0), known: vector.known };
};

const chancesOf = ({ labels, linear, scope, temperature }: Model, vector: Vector): Float64Array => {
  const { scores, ...signs } = signsOf(linear, vector, labels.length);
  const inside = scope === undefined ? 1 : chanceInside(scope, signs);
  return softmax(scores, temperature).map((chance) => inside * chance);
};

/**
 * The probability of each of the model's labels, in their order. What is missing to 1 is the probability that the text is
 * out of scope.
 */
export const probabilities = (model: Model, text: string): Float64Array =>
  chancesOf(model, vectorOf(model.vocabulary, featuresOf(text)));

/**
 * The label that fits a text best, of those `allowed`. A text that fits a label not allowed is not pressed into another:
 * what remains for the others is little, and the model abstains. So it does where it knows no feature of the text.
 */
export const predict = (model: Model, text: string, allowed?: readonly string[]): Prediction => {
  const vector = vectorOf(model.vocabulary, featuresOf(text));
  const chances = chancesOf(model, vector);
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
