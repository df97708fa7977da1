/*
 * JavaScript fixes + - * / and square roots to the last bit, but leaves Math.exp and Math.log to the engine and its
 * compiler. A release is a digest: training must give the same bytes on every machine, so these two are spelt out.
 */

const LN2_HIGH = 0.6931471803691238; // the upper bits of ln 2, so that a multiple of it is exact
const LN2_LOW = 1.9082149292705877e-10;

/** e to the power of `x`, within 1e-15 of it in proportion; 0 below -700. For `x` up to 700. */
export const exp = (x: number): number => {
  if (x < -700) return 0;
  const twos = Math.round(x / Math.LN2);
  const rest = x - twos * LN2_HIGH - twos * LN2_LOW;
  let sum = 1;
  for (let n = 14; n >= 1; n--) sum = 1 + (sum * rest) / n;
  return sum * 2 ** twos;
};

/** The natural logarithm of a positive, finite, normal number, within 1e-15 of it or so. */
export const ln = (x: number): number => {
  let twos = 0;
  let mantissa = x;
  for (; mantissa > Math.SQRT2; twos++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; twos--) mantissa *= 2;
  const ratio = (mantissa - 1) / (mantissa + 1); // ln m = 2 (r + r³/3 + r⁵/5 + …), with |r| < 0.172
  const square = ratio * ratio;
  let sum = 0;
  for (let n = 21; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return twos * LN2_HIGH + (2 * ratio * sum + twos * LN2_LOW);
};
