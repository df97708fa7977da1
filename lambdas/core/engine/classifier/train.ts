import { fitTemperature, type Unseen } from './calibrate.ts';
import { type Example, type Prepared, prepare, type Row } from './examples.ts';
import { fitLinear, type Residuals, softmax } from './linear.ts';
import { type Model, signsOf } from './model.ts';
import { seeded, shuffle } from './random.ts';
import { chanceInside, fitScope, insideWeight, type Scope } from './scope.ts';
import { quantise, type Sparse } from './sparse.ts';
import { chooseThreshold, type Judged } from './threshold.ts';
import { learnVocabulary, type Vocabulary, vectorOf } from './vectors.ts';

export interface TrainOptions {
  /** What a wrong answer costs, in escalations: at least 1. What is dearer to give than to escalate is withheld. Default 2.15. */
  readonly wrongCost?: number;
  /** The label of examples that are out of scope: they are learnt from, and no text is ever given this label. */
  readonly outside?: string;
}

const LINEAR = { cost: 8, passes: 8, seed: 1 } as const;

/**
 * How rows come to be judged by a fit of the others. Few are judged all, in turn. Of many it is enough to judge some, by
 * fits that start from that of all rows, for time.
 */
const FEW = { folds: 5, passes: LINEAR.passes, fresh: true } as const;
const MANY = { folds: 3, passes: 3, fresh: false } as const;

/** So many rows in scope tell enough of the rest. */
const UNSEEN_ENOUGH = 3_000;

/**
 * Trains a model. The same examples, in whatever order, give the same model to the last byte, on any machine with the
 * same Node. Throws a RangeError that says which example, label or option is at fault: fewer than 2 labels or more than
 * 300, a label with fewer than 2 different texts, a text or label that is empty.
 */
export const train = (examples: readonly Example[], { wrongCost = 2.15, outside }: TrainOptions = {}): Model => {
  if (!(wrongCost >= 1 && Number.isFinite(wrongCost)))
    throw new RangeError(
      `a wrong answer must cost at least as much as an escalation, which costs 1; found ${wrongCost}`
    );
  const prepared = prepare(examples, outside);
  const { labels, rows, classCount } = prepared;
  const residuals = new Float32Array(rows.length * classCount);
  const { vocabulary, linear } = learn(rows, classCount, LINEAR.passes, residuals);

  const unseen = crossValidate(prepared, residuals);
  const inside = unseen.filter(({ right }) => right < labels.length);
  const out = unseen.filter(({ right }) => right === labels.length);
  const temperature = fitTemperature(inside);
  const scope = out.length === 0 ? undefined : fitScope(inside, out);
  const weight = insideWeight(inside.length, out.length);
  const judged = unseen.map((row) => judge(row, temperature, scope, weight));
  const threshold = chooseThreshold(judged, wrongCost, scope === undefined);
  return { labels, vocabulary, linear, scope, temperature, threshold };
};

/** Fits the rows, from residuals that it changes in place. */
const learn = (
  rows: readonly Row[],
  classCount: number,
  passes: number,
  residuals: Residuals
): { readonly vocabulary: Vocabulary; readonly linear: Sparse } => {
  const texts = rows.map(({ features }) => features);
  const vocabulary = learnVocabulary(texts, 2);
  const task = {
    vectors: texts.map((features) => vectorOf(vocabulary, features)),
    classes: Int32Array.from(rows, (row) => row.class),
    classCount,
    featureCount: vocabulary.buckets.length,
  };
  return { vocabulary, linear: quantise(fitLinear(task, { ...LINEAR, passes }, residuals)) };
};

/**
 * What a model that has not seen a row says of it, for rows enough. Labels are spread evenly over the folds, and of what is
 * out of scope, of which there is seldom much, every row is judged.
 */
const crossValidate = ({ rows, labels, classCount }: Prepared, residuals: Residuals): readonly Unseen[] => {
  const { folds, passes, fresh } = rows.length > UNSEEN_ENOUGH ? MANY : FEW;
  const parts = Math.max(FEW.folds, Math.ceil((rows.length * folds) / UNSEEN_ENOUGH));
  const order = Int32Array.from(rows, (_, at) => at);
  shuffle(order, seeded(1));
  const seen = new Int32Array(classCount);
  const partOf = new Int32Array(rows.length);
  for (const at of order) {
    const number = rows[at]?.class ?? 0;
    partOf[at] = (number + (seen[number] ?? 0)) % (number === labels.length ? folds : parts);
    seen[number] = (seen[number] ?? 0) + 1;
  }
  return Array.from({ length: folds }, (_, fold) => {
    const others = rows.flatMap((_, at) => (partOf[at] === fold ? [] : [at]));
    const theirs = new Float32Array(others.length * classCount);
    for (const [to, at] of fresh ? [] : others.entries())
      theirs.set(residuals.subarray(at * classCount, (at + 1) * classCount), to * classCount);
    const { vocabulary, linear } = learn(
      others.flatMap((at) => rows[at] ?? []),
      classCount,
      passes,
      theirs
    );
    return rows
      .filter((_, at) => partOf[at] === fold)
      .map((row) => ({
        ...signsOf(linear, vectorOf(vocabulary, row.features), labels.length),
        right: row.class,
      }));
  }).flat();
};

const judge = (
  { scores, right, ...signs }: Unseen,
  temperature: number,
  scope: Scope | undefined,
  insideStandsFor: number
): Judged => {
  const chances = softmax(scores.slice(), temperature);
  const most = chances.reduce((a, b) => Math.max(a, b), 0);
  return {
    confidence: most * (scope === undefined ? 1 : chanceInside(scope, signs)),
    right: chances[right] === most,
    weight: right === scores.length ? 1 : insideStandsFor,
  };
};
