/** Two-sided tests of two samples. What they answer is how often chance alone would show at least such a difference. */

/** ln n!, exact sums up to 3,200 terms and more. */
const logFactorials = (most: number): readonly number[] => {
  const logs = [0];
  for (let n = 1; n <= most; n += 1) logs.push((logs[n - 1] ?? 0) + Math.log(n));
  return logs;
};

export interface Proportion {
  readonly count: number;
  readonly of: number;
}

/** Fisher's exact test: the sum over all tables with these margins that are no more likely than this one. */
export const fisherExact = (one: Proportion, other: Proportion): number => {
  const total = one.of + other.of;
  const counted = one.count + other.count;
  const logs = logFactorials(total);
  const log = (n: number): number => logs[n] ?? Number.NaN;
  const choose = (n: number, k: number): number => log(n) - log(k) - log(n - k);
  const chance = (count: number): number =>
    Math.exp(choose(one.of, count) + choose(other.of, counted - count) - choose(total, counted));
  const found = chance(one.count) * (1 + 1e-7); // equal ones differ by rounding
  let sum = 0;
  for (let count = Math.max(0, counted - other.of); count <= Math.min(one.of, counted); count += 1) {
    const each = chance(count);
    if (each <= found) sum += each;
  }
  return Math.min(1, sum);
};

/** Beyond |z|, both sides: the complementary error function by Numerical Recipes' fit, relative error under 1.2e-7. */
const tails = (z: number): number => {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const fit = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ].reduceRight((sum, factor) => sum * t + factor, 0);
  return Math.min(1, t * Math.exp(-x * x + fit));
};

export interface RankTest {
  readonly p: number;
  /** How often a value of the first sample is above one of the other; ties count half. */
  readonly above: number;
}

/** Mann–Whitney's test by the normal approximation, corrected for ties and continuity: for 20 values a sample and more. */
export const mannWhitney = (one: readonly number[], other: readonly number[]): RankTest => {
  const [n, m] = [one.length, other.length];
  if (n === 0 || m === 0) return { p: 1, above: 0.5 };
  const all = [
    ...one.map((value) => ({ value, first: true })),
    ...other.map((value) => ({ value, first: false })),
  ].sort((a, b) => a.value - b.value);
  let ranks = 0;
  let ties = 0;
  for (let start = 0; start < all.length; ) {
    let end = start + 1;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const size = end - start;
    ranks += all.slice(start, end).filter(({ first }) => first).length * ((start + 1 + end) / 2);
    ties += size ** 3 - size;
    start = end;
  }
  const u = ranks - (n * (n + 1)) / 2;
  const above = u / (n * m);
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance <= 0) return { p: 1, above };
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5);
  return { p: tails(distance / Math.sqrt(variance)), above };
};
