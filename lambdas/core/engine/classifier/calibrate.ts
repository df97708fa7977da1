import { exp, ln } from './exact.ts';
import type { Signs } from './scope.ts';

/** What a model that never saw an example said of it. */
export interface Unseen extends Signs {
  /** Of each label, in the model's order. */
  readonly scores: Float64Array;
  /** The place of the right label in `scores`; their number where the text is out of scope. */
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
