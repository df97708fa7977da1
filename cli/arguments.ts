import { usage } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

/** For commander: an option that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `--field name=value`, any number of times. Only the first "=" separates. */
export const fieldsOf = (pairs: readonly string[]): Readonly<Record<string, string>> => {
  const fields = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw usage(`--field expects name=value, found ${clean(pair)}`);
    const name = pair.slice(0, at);
    if (fields.has(name)) throw usage(`--field ${clean(name)} is given twice`);
    fields.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(fields);
};

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `2h`, `3d`, in milliseconds. `name` is the option's, for the message. */
export const durationMs = (name: string, text: string, mostDays: number): number => {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= mostDays * 86_400_000) return ms;
  throw usage(`${name} expects a time such as 30m, 2h or 3d, at most ${mostDays} days, found ${clean(text)}`);
};

/** Digits only, within bounds. `name` is the option's, for the message. */
export const wholeNumber = (name: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw usage(`${name} expects a whole number from ${least} to ${most}, found ${clean(text)}`);
  return value;
};
