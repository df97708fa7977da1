import type { AuditEvent } from '../audit/record.ts';
import { Terminal } from '../errors.ts';
import { homeOf } from '../gate/controls.ts';
import type { Refusal } from '../gate/verdict.ts';
import type { Dossier } from '../ledger.ts';
import type { Charge, CounterKey, Counters } from '../limits/counters.ts';
import { shardsOf } from '../limits/escrow.ts';
import { budgetsOver, capOver, type Limit, rateOver, type Standing, standingOf } from '../limits/limit.ts';
import { weighWhole } from '../limits/reserve.ts';
import type { RunRef } from '../names.ts';
import type { Plan } from '../records.ts';
import type { WriteTool } from '../tool.ts';
import type { WorkflowRelease } from '../workflow.ts';

/*
 * What an action uses up of which limits, and whether they have room for it. The judging is pure (`core/limits`); here it is
 * given the counters: those that the step has read anyway, and all the others only where it takes them to tell.
 */

interface Spender {
  readonly release: WorkflowRelease;
  readonly tool: WriteTool;
  readonly ref: RunRef;
  readonly now: Date;
}

const homeShard = (ref: RunRef, { subject, window, shards }: Limit): CounterKey => ({
  subject,
  window,
  shard: homeOf(ref, shards),
});

const rateOf = ({ release, tool, ref, now }: Spender): Limit =>
  rateOver(release, { tenant: ref.tenant, tool: tool.name, rate: tool.rate }, now);

/** The counters that can be named before the action is known, to be read together with it. */
export const countersBeforehand = (spender: Spender): readonly CounterKey[] => {
  const { release, tool, ref, now } = spender;
  const ofAll = release.limits.caps.filter(({ by }) => by.length === 0);
  const limits = [
    ...(tool.costMicrousd ? budgetsOver(release, ref, 0, now) : []),
    rateOf(spender),
    // where they are counted is plain, whatever it is that the action will count there
    ...ofAll.flatMap(
      (cap) => capOver(release, { ...cap, counts: 'actions' }, { tenant: ref.tenant, args: {}, now }) ?? []
    ),
  ];
  return limits.map((limit) => homeShard(ref, limit));
};

/** Every limit over an action: budgets, the rate, caps as they are declared. Or the rule of one that cannot count it. */
const limitsOver = (spender: Spender, plan: Plan): readonly Limit[] | { readonly uncountable: string } => {
  const { release, tool, ref, now } = spender;
  const args = tool.input.parse(plan.arguments);
  const cost = tool.costMicrousd?.(args) ?? 0;
  if (!Number.isSafeInteger(cost) || cost < 0)
    throw new Terminal(`${tool.name} must cost a whole number of micro-dollars from 0: its contract says ${cost}`);
  const limits = [...budgetsOver(release, ref, cost, now), rateOf(spender)];
  for (const cap of release.limits.caps) {
    const limit = capOver(release, cap, { tenant: ref.tenant, args, now });
    if (limit === undefined) return { uncountable: cap.rule };
    limits.push(limit);
  }
  return limits;
};

/** What one use of a tool is charged of its rate alone, or that the rate refuses it. `full`: as `spendingOf` has it. */
export const rateSpendingOf = async (counters: Counters, spender: Spender, full: boolean): Promise<Spending> => {
  const limit = rateOf(spender);
  const asked = full ? shardsOf(limit) : [homeShard(spender.ref, limit)];
  return spendingFrom([limit], counters, spender, { asked, counters: await counters.read(asked) });
};

export type Noted = NonNullable<AuditEvent['limits']>[number];

/** Limits as the audit has them. */
export const notedAs = (state: Noted['state'], limits: readonly Standing[]): readonly Noted[] =>
  limits.map(({ rule, unit, atMost, used, asked, resetsAt }) => ({
    state,
    rule,
    unit,
    at_most: atMost,
    ...(used !== undefined && { used }),
    asked,
    ...(resetsAt !== undefined && { resets_at: resetsAt }),
  }));

/** Whether an action can be paid for. */
export type Spending =
  | {
      readonly kind: 'paid';
      readonly charges: readonly Charge[];
      /** What of it is money. */
      readonly costMicrousd: number;
      /** For the audit: each limit, and what is asked of it. */
      readonly noted: readonly Noted[];
      /** Budgets that are at 80 % with this. */
      readonly nearly: readonly Standing[];
    }
  | {
      readonly kind: 'refused';
      readonly because: Refusal;
      readonly rules: string[];
      readonly limits: readonly Standing[];
    };

/** What an action is charged, or which limits refuse it. `full`: a counter has less room than was thought, so all are read. */
export const spendingOf = async (
  counters: Counters,
  spender: Spender,
  { dossier, plan, full }: { readonly dossier: Dossier; readonly plan: Plan; readonly full: boolean }
): Promise<Spending> => {
  const limits = limitsOver(spender, plan);
  if ('uncountable' in limits) return { kind: 'refused', because: 'schema', rules: [limits.uncountable], limits: [] };
  const asked = full ? limits.filter((limit) => limit.asked > 0).flatMap(shardsOf) : countersBeforehand(spender);
  const known = full ? await counters.read(asked) : dossier.counters;
  return spendingFrom(limits, counters, spender, { asked, counters: known });
};

const spendingFrom = async (
  limits: readonly Limit[],
  counters: Counters,
  spender: Spender,
  given: { readonly asked: readonly CounterKey[]; readonly counters: Dossier['counters'] }
): Promise<Spending> => {
  const found = await weighWhole(limits, counters, {
    ...given,
    home: (shards) => homeOf(spender.ref, shards),
    now: spender.now,
  });
  if (found.kind === 'refused') {
    const rules = found.limits.map(({ rule }) => rule);
    return { kind: 'refused', because: `over-${found.by}`, rules, limits: found.limits };
  }
  const { charges } = found;
  const nearly = found.nearly.map(({ limit, used }) => standingOf(limit, used));
  const isNear = ({ rule }: Pick<Standing, 'rule'>): boolean => nearly.some((each) => each.rule === rule);
  const spent = limits
    .filter((limit) => limit.asked > 0 && !isNear(limit))
    .map((limit) => standingOf(limit, undefined));
  const costMicrousd = limits.find(({ kind }) => kind === 'budget')?.asked ?? 0;
  return {
    kind: 'paid',
    charges,
    costMicrousd,
    nearly,
    noted: [...notedAs('nearly-used', nearly), ...notedAs('spent', spent)],
  };
};
