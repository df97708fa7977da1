import { ln } from './exact.ts';
import { softmax } from './linear.ts';

/** What a model that never saw an example said of it. */
export interface Unseen {
  readonly scores: Float64Array;
  /** The place of the right class in `scores`. */
  readonly right: number;
}

const loss = (unseen: readonly Unseen[], temperature: number): number =>
  unseen.reduce(
    (sum, { scores, right }) => sum - ln(Math.max(softmax(scores.slice(), temperature)[right] ?? 0, 1e-12)),
    0
  );

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

/** An answer that is as likely wrong as right is never given, however good the others are. */
const FLOOR = 0.5;

/**
 * The lowest confidence at which answers are given, so that of those given a share of `accuracy` is right: as counted on
 * the unseen and as their confidences promise, whichever is less. From `FLOOR` to `accuracy`: an answer that is surer
 * than that keeps the promise by itself, however few the examples.
 */
export const chooseThreshold = (unseen: readonly Unseen[], temperature: number, accuracy: number): number => {
  const answers = unseen
    .map(({ scores, right }) => {
      const chances = softmax(scores.slice(), temperature);
      const confidence = chances.reduce((a, b) => Math.max(a, b), 0);
      return { confidence, correct: chances[right] === confidence };
    })
    .sort((a, b) => b.confidence - a.confidence);
  let threshold = accuracy;
  let correct = 0;
  let promised = 0;
  for (const [at, answer] of answers.entries()) {
    correct += answer.correct ? 1 : 0;
    promised += answer.confidence;
    if (Math.min(correct, promised) >= accuracy * (at + 1)) threshold = Math.min(threshold, answer.confidence);
  }
  return Math.max(threshold, Math.min(FLOOR, accuracy));
};
