/** A time whose logarithm is normal, as those of services are: half are below the median, one in a hundred above `p99`. */
export const latencyFrom = (random: () => number, median: number, p99: number): (() => number) => {
  const spread = Math.log(p99 / median) / 2.326; // the 99th percentile of the normal distribution
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return median * Math.exp(spread * normal);
  };
};
