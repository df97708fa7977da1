import fc from 'fast-check';
import type { Fate } from './life.ts';
import { MISHAPS } from './mishaps.ts';
import { CALM } from './ways.ts';

/** What becomes of an invocation: most often nothing. */
const unlucky = fc
  .array(fc.constantFrom(...MISHAPS), { minLength: 1, maxLength: 3 })
  .map((mishaps): Fate => ({ mishaps }));
const mortal = fc
  .record({ at: fc.integer({ min: 1, max: 6 }), when: fc.constantFrom('before' as const, 'after' as const) })
  .map((dies): Fate => ({ mishaps: [], dies }));
const slow = fc.integer({ min: 1, max: 8 }).map((at): Fate => ({ mishaps: [], slow: at }));

export const fates = fc.oneof(
  { arbitrary: fc.constant(CALM), weight: 5 },
  { arbitrary: slow, weight: 2 },
  { arbitrary: unlucky, weight: 1 },
  { arbitrary: mortal, weight: 2 }
);

export const told = ({ mishaps, dies, slow: at, halts }: Fate): string =>
  [
    ...(mishaps.length > 0 ? [`meets ${mishaps.join(', ')}`] : []),
    ...(dies ? [`dies ${dies.when} call ${dies.at}`] : []),
    ...(at === undefined ? [] : [`call ${at} takes long`]),
    ...(halts ? [`stands still at call ${halts.at}`] : []),
  ]
    .map((each) => `, ${each}`)
    .join('');
