/** Numbers from 0 to 1 that are the same for the same seed: a simulation must give what it gave before. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A time whose logarithm is normal, as those of services are: half are below the median, one in a hundred above `p99`. */
export const latencyFrom = (random: () => number, median: number, p99: number): (() => number) => {
  const spread = Math.log(p99 / median) / 2.326; // the 99th percentile of the normal distribution
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return median * Math.exp(spread * normal);
  };
};
