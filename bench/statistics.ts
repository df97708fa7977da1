/** One line of a table: each value at the right of its column. */
export const cells = (values: readonly (string | number)[], widths: readonly number[]): string =>
  values.map((value, at) => String(value).padStart(widths[at] ?? 0)).join(' ');

/** The value below which this share of the values lies. NaN where there is none. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
