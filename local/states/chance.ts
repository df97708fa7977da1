import { randomUUID } from 'node:crypto';

/** Where jitter, `$random`, `$uuid` and task tokens come from. */
export interface Chance {
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly uuid: () => string;
}

export const systemChance: Chance = { random: Math.random, uuid: randomUUID };

/** mulberry32: the same numbers, in the same order, for the same seed. */
const sequence = (seed: number): (() => number) => {
  let state = Math.trunc(seed) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const once = Math.imul(state ^ (state >>> 15), state | 1);
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61));
    return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Numbers and UUIDs that are the same for the same seed. Nothing that must not be guessed. */
export const seededChance = (seed: number): Chance => {
  const random = sequence(seed);
  return {
    random,
    uuid: () =>
      'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (digit) => {
        const nibble = Math.floor(random() * 16);
        return (digit === 'y' ? (nibble & 3) | 8 : nibble).toString(16);
      }),
  };
};
