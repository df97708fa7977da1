import type { Evidence } from './evidence.ts';
import type { World } from './world.ts';

/** How often what was met: a drill that never meets a thing says nothing of it. */
export type Tally = Map<string, number>;

const count = (tally: Tally, what: string, times = 1): void => void tally.set(what, (tally.get(what) ?? 0) + times);

const STEPS = ['decide', 'verify', 'route', 'survey'];

/** Counts what a world has come to. */
export const tallied = (
  tally: Tally,
  { vendor, changes, words, begun, reservations }: World,
  { runs, writs, claims, chains, plans }: Evidence
): void => {
  count(tally, 'runs', runs.length);
  count(tally, 'runs closed', runs.filter(({ status }) => status === 'closed').length);
  count(tally, 'runs that undo', runs.filter(({ undo }) => undo !== undefined).length);
  count(tally, 'writs', writs.length);
  count(tally, 'writs approved', writs.filter(({ writ }) => writ.approvals !== undefined).length);
  count(tally, 'writs of own undos', writs.filter(({ writ }) => writ.undoes?.run === writ.run).length);
  count(
    tally,
    "writs of operators' undos",
    writs.filter(({ writ: { run, undoes } }) => undoes && undoes.run !== run).length
  );
  count(tally, 'effects', vendor.effects.size);
  count(tally, 'words', words.length);
  count(tally, 'refusals kept', words.filter(({ decision, isKept }) => decision === 'refuse' && isKept).length);
  count(tally, 'readings and questions', begun.length);
  count(tally, 'reservations', reservations.length);
  count(
    tally,
    'proposals over budget',
    [...plans.values()].filter(({ overBudget }) => overBudget !== undefined).length
  );
  for (const { claim } of claims) {
    count(tally, `claims ${claim.status}`);
    if (claim.attempt > 1) count(tally, 'claims repeated');
  }
  for (const { step, policy, result } of [...chains.values()].flat()) {
    const [name = ''] = step.split('#');
    if (STEPS.includes(name)) count(tally, `${name} ${result?.status ?? policy?.decision}`);
  }
  for (const { kind } of [...changes.values()].flat()) count(tally, `controls ${kind}`);
};

export const tallyLine = (tally: Tally): string =>
  [...tally]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, times]) => `${what} ${times}`)
    .join(', ');
