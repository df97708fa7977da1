import type { Evidence } from './evidence.ts';
import type { World } from './world.ts';

/** How often what was met: a drill that never meets a thing says nothing of it. */
export type Tally = Map<string, number>;

const count = (tally: Tally, what: string, times = 1): void => void tally.set(what, (tally.get(what) ?? 0) + times);

/** Counts what a world has come to. */
export const tallied = (tally: Tally, { vendor, changes }: World, { runs, writs, claims, chains }: Evidence): void => {
  count(tally, 'runs', runs.length);
  count(tally, 'runs closed', runs.filter(({ status }) => status === 'closed').length);
  count(tally, 'writs', writs.length);
  count(tally, 'effects', [...vendor.effects.values()].length);
  for (const { claim } of claims) {
    count(tally, `claims ${claim.status}`);
    if (claim.attempt > 1) count(tally, 'claims repeated');
  }
  for (const { step, result } of [...chains.values()].flat())
    if (step.startsWith('decide#')) count(tally, `decided ${result?.status}`);
    else if (step.startsWith('verify#')) count(tally, `verify ${result?.status}`);
  for (const { kind } of [...changes.values()].flat()) count(tally, `controls ${kind}`);
};

export const tallyLine = (tally: Tally): string =>
  [...tally]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, times]) => `${what} ${times}`)
    .join(', ');
