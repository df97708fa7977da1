import { chooseThreshold, fitTemperature, type Unseen } from './calibrate.ts';
import { featuresOf } from './features.ts';
import { LABEL_LIMIT } from './format.ts';
import { fitLinear, type Linear, score } from './linear.ts';
import { type Model, quantise } from './model.ts';
import { seeded, shuffle } from './random.ts';
import { learnVocabulary, type Vocabulary, vectorOf } from './vectors.ts';

export interface Example {
  readonly text: string;
  readonly label: string;
}

export interface TrainOptions {
  /** The share of given answers that should be right, from 0 to 1: the rest abstains. Default 0.9. */
  readonly accuracy?: number;
}

const FOLDS = 5;

/** Folds are judged until this many rows have been: more would tell little more. */
const UNSEEN_ENOUGH = 3_000;

const LINEAR = { cost: 6, passes: 8, seed: 1 } as const;

interface Row {
  readonly features: Int32Array;
  readonly label: number;
}

/**
 * Trains a model. The same examples, in whatever order, give the same model to the last byte, on any machine with the
 * same Node. Throws a RangeError that says which example or label is at fault: fewer than 2 labels or more than 300, a
 * label with fewer than 2 different texts, a text or label that is empty.
 */
export const train = (examples: readonly Example[], { accuracy = 0.9 }: TrainOptions = {}): Model => {
  if (!(accuracy > 0 && accuracy < 1)) throw new RangeError(`accuracy must be between 0 and 1, found ${accuracy}`);
  const { rows, labels } = prepare(examples);
  const unseen = crossValidate(rows, labels.length);
  const temperature = fitTemperature(unseen);
  const threshold = chooseThreshold(unseen, temperature, accuracy);
  const { vocabulary, linear } = learn(rows, labels.length);
  return { labels, vocabulary, ...quantise(linear), temperature, threshold };
};

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Checks the examples, drops exact repetitions and gives labels numbers, independently of the examples' order. */
const prepare = (examples: readonly Example[]): { rows: readonly Row[]; labels: readonly string[] } => {
  for (const [at, { text, label }] of examples.entries()) {
    if (text.trim() === '') throw new RangeError(`example ${at + 1} (label ${JSON.stringify(label)}) has no text`);
    if (label.trim() === '') throw new RangeError(`example ${at + 1} has no label`);
  }
  const sorted = examples
    .toSorted((a, b) => byCodeUnits(a.text, b.text) || byCodeUnits(a.label, b.label))
    .filter(({ text, label }, at, all) => text !== all[at - 1]?.text || label !== all[at - 1]?.label);
  const counts = new Map<string, number>();
  for (const { label } of sorted) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (counts.size < 2) throw new RangeError(`examples must have at least 2 labels, found ${counts.size}`);
  if (counts.size > LABEL_LIMIT)
    throw new RangeError(`examples must have at most ${LABEL_LIMIT} labels, found ${counts.size}`);
  for (const [label, count] of counts)
    if (count < 2) throw new RangeError(`label ${JSON.stringify(label)} must have at least 2 different texts, found 1`);
  const labels = [...counts.keys()];
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const rows = sorted.map(({ text, label }) => ({ features: featuresOf(text), label: numbers.get(label) ?? 0 }));
  return { rows, labels };
};

const learn = (rows: readonly Row[], classCount: number): { vocabulary: Vocabulary; linear: Linear } => {
  const texts = rows.map(({ features }) => features);
  const vocabulary = learnVocabulary(texts, 2);
  const task = {
    vectors: texts.map((features) => vectorOf(vocabulary, features)),
    classes: Int32Array.from(rows, ({ label }) => label),
    classCount,
    featureCount: vocabulary.buckets.length,
  };
  return { vocabulary, linear: fitLinear(task, LINEAR) };
};

/** What a model trained without a row says of it, for rows enough. Labels are spread evenly over the folds. */
const crossValidate = (rows: readonly Row[], classCount: number): readonly Unseen[] => {
  const order = Int32Array.from(rows, (_, at) => at);
  shuffle(order, seeded(1));
  const seen = new Int32Array(classCount);
  const folds = new Int32Array(rows.length);
  for (const at of order) {
    const label = rows[at]?.label ?? 0;
    folds[at] = (label + (seen[label] ?? 0)) % FOLDS;
    seen[label] = (seen[label] ?? 0) + 1;
  }
  const judged = Math.min(FOLDS, Math.ceil((UNSEEN_ENOUGH * FOLDS) / rows.length));
  return Array.from({ length: judged }, (_, fold) => {
    const { vocabulary, linear } = learn(
      rows.filter((_, at) => folds[at] !== fold),
      classCount
    );
    return rows
      .filter((_, at) => folds[at] === fold)
      .map(({ features, label }) => ({ scores: score(linear, vectorOf(vocabulary, features)), right: label }));
  }).flat();
};
