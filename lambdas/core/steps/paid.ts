import type { Answer, Engine, Question } from '../engine/engine.ts';
import { Terminal } from '../errors.ts';
import { homeOf } from '../gate/controls.ts';
import type { Counters, Held } from '../limits/counters.ts';
import { isNearly } from '../limits/escrow.ts';
import { budgetsOver, type Standing, standingOf } from '../limits/limit.ts';
import { reserve } from '../limits/reserve.ts';
import type { RunRef } from '../names.ts';
import type { WorkflowRelease } from '../workflow.ts';

/** What engines that cost something are paid from. */
export interface Purse {
  readonly counters: Counters;
  /** A name for a reservation that nobody else gives. */
  readonly newId: () => string;
  /** Told of each budget that is at 80 % with what an answer cost. */
  readonly warn: (run: RunRef, budget: Standing) => void;
}

/** What a step needs whose engines may cost something. Without a purse it can ask those alone that do not. */
export interface PayingDeps {
  readonly release: WorkflowRelease;
  readonly now: () => Date;
  readonly purse?: Purse;
}

/** Which step asked: a hold says it, so that it is settled by that step's answer. */
export type PayingStep = 'route' | 'propose';

export type Paid =
  | {
      readonly kind: 'answered';
      readonly answer: Answer;
      /** Under which name its amount is held; absent where nothing is. */
      readonly hold?: string;
      /** Budgets that are at 80 % with what it cost. */
      readonly nearly: readonly Standing[];
      /** To be called once the answer is kept: charges what it cost, gives the rest back, and warns of budgets that are nearly used. */
      readonly settle: () => Promise<void>;
    }
  | { readonly kind: 'over-budget'; readonly limits: readonly Standing[] };

/**
 * Asks an engine within the run's budgets: the most that its answer may cost is set aside before, and what it did cost is charged
 * after. An engine that costs nothing is just asked; so are those of a cascade that come before any that does, and answers that had been kept are given again. An answer that is never heard of stays paid for until its time is over.
 */
export const askWithinBudget = async (
  { release, now, purse }: PayingDeps,
  { step, ...ref }: RunRef & { readonly step: PayingStep },
  engine: Engine,
  question: Question
): Promise<Paid> => {
  const asked = { ...question, tenant: ref.tenant };
  const free = await engine.free?.(asked); // most questions come no further, and nothing is set aside for them
  if (free !== undefined) return forNothing(free);
  const most = engine.mostMicrousd?.(asked) ?? 0;
  if (most === 0) return forNothing(await engine.answer(asked));
  if (!Number.isSafeInteger(most) || most < 0)
    throw new Terminal(`${engine.id.name} must cost a whole number of micro-dollars: it says ${most}`);
  if (purse === undefined)
    throw new Terminal(`${engine.id.name} costs something, and this step has nothing to pay it from`);
  const { counters, newId, warn } = purse;
  const at = now();
  const home = (shards: number): number => homeOf(ref, shards);
  const reserved = await reserve(counters, budgetsOver(release, ref, most, at), {
    id: `${step}.${newId()}`,
    home,
    now: at,
  });
  if (reserved.kind === 'refused') return { kind: 'over-budget', limits: reserved.limits };
  const answer = await engine.answer(asked);
  const spent = costOf(answer);
  const nearly = reserved.nearly
    .filter(({ limit, used }) => isNearly(limit, used + spent))
    .map(({ limit, used }) => standingOf({ ...limit, asked: spent }, used));
  const settle = async () => {
    await counters.settle(reserved.held, spent);
    for (const budget of nearly) warn(ref, budget);
  };
  return { kind: 'answered', answer, hold: reserved.held.id, nearly, settle };
};

const forNothing = (answer: Answer): Paid => ({ kind: 'answered', answer, nearly: [], settle: async () => undefined });

interface Costing {
  readonly usage?: Answer['usage'] | undefined;
}

const costOf = ({ usage }: Costing): number => usage?.costMicroUsd ?? 0;

/** Of each budget as much is held: of the run's own, which has no shards, in one piece. */
const amountOf = ({ parts }: Held): number => Math.max(...parts.map(({ amount }) => amount));

/**
 * Settles what attempts that nobody has heard of left held: the one whose proposal was kept at what that cost, all others in full,
 * since nobody knows. `of` names the steps that are over. What has lapsed is left to whoever
 * charges those counters next.
 */
export const settleLeft = async (
  { counters, now }: Pick<Purse, 'counters'> & Pick<PayingDeps, 'now'>,
  ref: RunRef,
  {
    of,
    plan,
  }: {
    readonly of: readonly PayingStep[];
    readonly plan: (Costing & { readonly hold?: string | undefined }) | undefined;
  }
): Promise<void> => {
  for (const held of await counters.heldBy(ref)) {
    const step = of.find((each) => held.id.startsWith(`${each}.`));
    if (step === undefined || held.until < now().toISOString()) continue;
    await counters.settle(held, plan?.hold === held.id ? costOf(plan) : amountOf(held));
  }
};
