import { twoTo } from './exact.ts';
import type { Linear } from './linear.ts';

/**
 * A linear model without the weights that are next to nothing, which are most. Row by row of the vocabulary: from
 * `starts[row]` up to `starts[row + 1]`, each class that has a weight, ascending, and the weight, which is the whole
 * number in `weights` times two to the power of the row's exponent.
 */
export interface Sparse {
  readonly starts: Uint32Array;
  readonly classes: Uint16Array;
  readonly weights: Int8Array;
  readonly exponents: Int8Array;
  readonly biases: Float32Array;
}

/** Weights are whole numbers from minus this to this: of a row, what is a thirtieth of the largest or less is left out. */
export const LARGEST = 15;

const SMALLEST_EXPONENT = -64;

/** The model as it is stored. */
export const quantise = ({ weights, biases }: Linear): Sparse => {
  const count = biases.length;
  const exponents = new Int8Array(weights.length / count);
  const starts = new Uint32Array(exponents.length + 1);
  const classes: number[] = [];
  const kept: number[] = [];
  for (let row = 0; row < exponents.length; row++) {
    const values = weights.subarray(row * count, (row + 1) * count);
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    let exponent = SMALLEST_EXPONENT;
    while (largest > LARGEST * twoTo(exponent) && exponent < 127) exponent++;
    exponents[row] = exponent;
    for (let k = 0; k < count; k++) {
      const whole = Math.round((values[k] ?? 0) / twoTo(exponent));
      if (whole === 0) continue;
      classes.push(k);
      kept.push(whole);
    }
    starts[row + 1] = kept.length;
  }
  return { starts, classes: Uint16Array.from(classes), weights: Int8Array.from(kept), exponents, biases };
};
