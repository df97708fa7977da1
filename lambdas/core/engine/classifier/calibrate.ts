import { exp, ln } from './exact.ts';
import { softmax } from './linear.ts';

/** What a model that never saw an example said of it. */
export interface Unseen {
  readonly scores: Float64Array;
  /** The place of the right class in `scores`. */
  readonly right: number;
}

/**
 * Log loss at a temperature. Each row is taken to be a little uncertain itself, the less the more rows there are: a few
 * rows that all turned out right do not make everything certain.
 */
const loss = (unseen: readonly Unseen[], temperature: number): number => {
  const doubt = 1 / (unseen.length + 2);
  return unseen.reduce((total, { scores, right }) => {
    const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = scores.reduce((sum, value) => sum + exp((value - top) / temperature), 0);
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    const expected = (1 - doubt) * (scores[right] ?? 0) + doubt * mean;
    return total + ln(powers) - (expected - top) / temperature;
  }, 0);
};

const TEMPERATURES = { from: -2, to: 2, steps: 24 } as const; // as powers of e

/** The temperature at which the scores' probabilities fit what turned out right best (least log loss). */
export const fitTemperature = (unseen: readonly Unseen[]): number => {
  let low: number = TEMPERATURES.from;
  let high: number = TEMPERATURES.to;
  for (let step = 0; step < TEMPERATURES.steps; step++) {
    const third = (high - low) / 3;
    if (loss(unseen, exp(low + third)) <= loss(unseen, exp(high - third))) high -= third;
    else low += third;
  }
  return exp((low + high) / 2);
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
