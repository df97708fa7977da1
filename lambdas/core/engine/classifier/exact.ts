/*
 * JavaScript fixes + - * / and square roots to the last bit, but leaves Math.exp and Math.log to the engine and its
 * compiler. A release is a digest: training must give the same bytes on every machine, so these two are spelt out.
 */

const LN2_HIGH = 0.6931471803691238; // the upper bits of ln 2, so that a small multiple of it is exact
const LN2_LOW = 1.9082149292705877e-10;

/** Powers of two from -1022 to 1023, by doubling and halving, which is exact. */
const POWERS = new Float64Array(2046);
for (let power = 1, n = 0; n <= 1023; power *= 2, n++) POWERS[1022 + n] = power;
for (let power = 1, n = 0; n <= 1022; power /= 2, n++) POWERS[1022 - n] = power;

/** 2 to the power of a whole number from -1022 to 1023. */
export const twoTo = (n: number): number => POWERS[1022 + n] ?? 0;

/** The Taylor coefficients of e^x: enough for |x| ≤ ln 2 / 2. */
const COEFFICIENTS = [1];
for (let n = 1; n <= 13; n++) COEFFICIENTS.push((COEFFICIENTS[n - 1] ?? 0) / n);
const [
  C0 = 0,
  C1 = 0,
  C2 = 0,
  C3 = 0,
  C4 = 0,
  C5 = 0,
  C6 = 0,
  C7 = 0,
  C8 = 0,
  C9 = 0,
  C10 = 0,
  C11 = 0,
  C12 = 0,
  C13 = 0,
] = COEFFICIENTS;

/** e to the power of `x`, to about 1e-15 of itself; 0 below -700. For `x` up to 700. */
export const exp = (x: number): number => {
  if (x < -700) return 0;
  const twos = Math.round(x * Math.LOG2E);
  const r = x - twos * LN2_HIGH - twos * LN2_LOW;
  const tail = C7 + r * (C8 + r * (C9 + r * (C10 + r * (C11 + r * (C12 + r * C13)))));
  return (C0 + r * (C1 + r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * tail))))))) * twoTo(twos);
};

/** The natural logarithm of a positive, finite, normal number, to about 1e-15. */
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
