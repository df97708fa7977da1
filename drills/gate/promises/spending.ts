import { digestOf } from '../../../lambdas/core/digest.ts';
import { windowOf } from '../../../lambdas/core/limits/windows.ts';
import type { Writ } from '../../../lambdas/core/records.ts';
import { counted } from '../../../lambdas/core/tables.ts';
import type { Evidence } from '../evidence.ts';
import { answerCostOf, costOf, LIMITS, MOST, RATE } from '../release.ts';
import type { Reservation, World } from '../world.ts';

/*
 * Of every counter: what is used and held is never over what there may be; writs are charged, each once; and what engines cost is
 * charged, as far as anybody can know it: what was settled, or is still held.
 */

/** A counter's name, what is used of it, and how much there may be. */
type Use = readonly [string, number, number];

const during = (at: string, per: 'minute' | 'hour' | 'day'): string => windowOf(new Date(at), per).start;

const budgets = (
  { tenant, run, workflow }: Pick<Writ, 'tenant' | 'run' | 'workflow'>,
  amount: number,
  at: string
): readonly Use[] => {
  const { runMicrousd, workflowDayMicrousd, tenantDayMicrousd } = LIMITS.budgets;
  return [
    [`${counted.byRun({ tenant, run })} run`, amount, runMicrousd],
    [`${counted.byWorkflow(workflow)} ${during(at, 'day')}`, amount, workflowDayMicrousd],
    [`${counted.byTenant(tenant)} ${during(at, 'day')}`, amount, tenantDayMicrousd],
  ];
};

/** An undo is charged to the rate of the tool that restores, and to nothing else. */
const usesOf = (writ: Writ): readonly Use[] => {
  const { tenant, workflow, tool, issuedAt, undoes } = writ;
  const rate: Use = [`${counted.byTool(tool, tenant)} ${during(issuedAt, RATE.per)}`, 1, RATE.atMost];
  if (undoes !== undefined) return [rate];
  return [
    ...budgets(writ, costOf(String(writ.arguments.issueKey)), issuedAt),
    rate,
    ...LIMITS.caps.map(({ rule, by, per, atMost }): Use => {
      const values = digestOf(by.map((name) => writ.arguments[name] ?? null)).slice(0, 32);
      return [`${counted.byCap(workflow, { rule, tenant, values })} ${during(issuedAt, per)}`, 1, atMost];
    }),
  ];
};

/** Between which bounds a reservation was charged, held or not. Nobody knows more, where nobody was heard of. */
type Bounds = readonly [number, number];

const boundsOf = (
  { id, slot }: Reservation,
  { plans, holds }: { plans: Evidence['plans']; holds: ReadonlyMap<string, string> },
  settled: ReadonlySet<string>
): Bounds => {
  const plan = plans.get(slot.ref.run);
  const cost = answerCostOf(slot.thing);
  const until = holds.get(id);
  if (until !== undefined) return [0, 0]; // it is held: what is held is not counted here
  const isKept = plan?.hold?.endsWith(`.${id}`) === true;
  return settled.has(id) ? [cost, isKept ? cost : MOST] : [0, MOST];
};

/** Which reservations were seen as held, and which were settled for sure. */
export interface Reservations {
  readonly held: Set<string>;
  readonly settled: Set<string>;
}

/** Until when a hold lasts at least: nothing gives it back to others before. */
const HELD_MS = 120_000;

/** Remembers which reservations were settled: those whose hold went before its time was over. */
const noteSettled = (
  { reservations, clock }: World,
  { plans }: Evidence,
  holds: ReadonlyMap<string, string>,
  settled: Set<string>,
  seen: Set<string>
): void => {
  for (const { id, slot, at } of reservations) {
    const isInTime = clock.ms <= Date.parse(at) + HELD_MS;
    const wasHeld = seen.has(id) || plans.get(slot.ref.run)?.hold?.endsWith(`.${id}`) === true;
    if (holds.has(id)) seen.add(id);
    else if (isInTime && wasHeld) settled.add(id);
  }
};

export const spendingFaults = (
  world: World,
  evidence: Evidence,
  { settled, held }: Reservations
): readonly string[] => {
  const { writs, used } = evidence;
  const holds = new Map(
    [...used.values()]
      .flat()
      .flatMap((shard) => [...shard.holds].map(([id, { until }]) => [id.slice(id.indexOf('.') + 1), until]))
  );
  noteSettled(world, evidence, holds, settled, held);
  const due = new Map<string, { least: number; most: number; atMost: number }>();
  const add = ([name, , atMost]: Use, [least, most]: Bounds): void => {
    const before = due.get(name) ?? { least: 0, most: 0 };
    due.set(name, { least: before.least + least, most: before.most + most, atMost });
  };
  for (const use of writs.flatMap(({ writ }) => usesOf(writ))) add(use, [use[1], use[1]]);
  for (const reservation of world.reservations) {
    const { slot, at } = reservation;
    const bounds = boundsOf(reservation, { plans: evidence.plans, holds }, settled);
    for (const use of budgets({ ...slot.ref, workflow: slot.workflow }, 0, at)) add(use, bounds);
  }
  return [...new Set([...due.keys(), ...used.keys()])].flatMap((name) => {
    const { least, most, atMost } = due.get(name) ?? { least: 0, most: 0, atMost: 0 };
    const shards = used.get(name) ?? [];
    const charged = shards.reduce((sum, shard) => sum + shard.used, 0);
    const kept = shards.flatMap((shard) => [...shard.holds.values()]).reduce((sum, { amount }) => sum + amount, 0);
    const spent = charged - kept;
    return [
      ...(charged > atMost ? [`${name}: ${charged} of ${atMost} are used or held`] : []),
      ...(least > atMost ? [`${name}: what was issued and asked uses ${least} of ${atMost}`] : []),
      ...(spent < least || spent > most ? [`${name}: ${spent} was charged, expected ${least} to ${most}`] : []),
    ];
  });
};
