import { ln } from './exact.ts';
import { softmax } from './linear.ts';

/** What a model that never saw an example said of it. */
export interface Unseen {
  readonly scores: Float64Array;
  /** The place of the right class in `scores`. */
  readonly right: number;
}

const loss = (unseen: readonly Unseen[], temperature: number): number =>
  unseen.reduce((sum, { scores, right }) => sum - ln(Math.max(softmax(scores, temperature)[right] ?? 0, 1e-12)), 0);

const TEMPERATURES = { from: -3, to: 3, steps: 24 } as const; // as powers of two

/** The temperature at which the scores' probabilities fit what turned out right best (least log loss). */
export const fitTemperature = (unseen: readonly Unseen[]): number => {
  let low: number = TEMPERATURES.from;
  let high: number = TEMPERATURES.to;
  const at = (power: number) => loss(unseen, 2 ** power);
  for (let step = 0; step < TEMPERATURES.steps; step++) {
    const third = (high - low) / 3;
    if (at(low + third) <= at(high - third)) high -= third;
    else low += third;
  }
  return 2 ** ((low + high) / 2);
};

/**
 * The lowest confidence at which answers are given, so that of those given at least a share of `accuracy` is right.
 * Never above `accuracy` itself: that much the confidence alone promises, however few the examples. `PRIOR` imagined
 * answers, right as often as their confidence says, keep a lucky few from lowering it.
 */
export const chooseThreshold = (unseen: readonly Unseen[], temperature: number, accuracy: number): number => {
  const answers = unseen
    .map(({ scores, right }) => {
      const chances = softmax(scores, temperature);
      const confidence = chances.reduce((a, b) => Math.max(a, b), 0);
      return { confidence, correct: chances[right] === confidence };
    })
    .sort((a, b) => b.confidence - a.confidence);
  let threshold = accuracy;
  let correct = 0;
  let expected = 0;
  for (const [at, answer] of answers.entries()) {
    correct += answer.correct ? 1 : 0;
    expected += answer.confidence;
    const share = Math.min(correct / (at + 1), expected / (at + 1));
    if (answer.confidence < threshold && share >= accuracy) threshold = answer.confidence;
  }
  return threshold;
};
