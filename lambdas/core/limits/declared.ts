import * as z from 'zod';
import { RuleId } from '../names.ts';
import { Period } from './windows.ts';

/*
 * What a workflow declares of what may be used up. Money is in micro-dollars (millionths of a US dollar), whole ones.
 */

const Microusd = z.int().nonnegative();
const ArgumentName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,39}$/);

/** What a run, a workflow and a tenant may spend. Days are UTC. */
export const Budgets = z.strictObject({
  runMicrousd: Microusd,
  workflowDayMicrousd: Microusd,
  /** The same for every workflow of a deployment: they spend from one budget. */
  tenantDayMicrousd: Microusd,
});
export type Budgets = z.infer<typeof Budgets>;

/** At most so much of what the workflow's actions do, for a tenant and window. */
export const Cap = z.strictObject({
  rule: RuleId.refine((id) => !/^(?:BUDGET|RATE)_/.test(id), 'BUDGET_ and RATE_ begin rules that every workflow has'),
  /** Why the cap exists, for whoever asks later. */
  because: z.string().min(1),
  /** Counted for each value of these arguments by itself; empty: for all of the tenant's actions together. */
  by: z.array(ArgumentName).max(3),
  /** What each action counts: one, or the whole number that this argument is. */
  counts: z.union([z.literal('actions'), z.strictObject({ argument: ArgumentName })]),
  atMost: z.int().nonnegative(),
  per: Period,
});
export type Cap = z.infer<typeof Cap>;

/** Whoever finds no room in one shard reads them all: with more of them, that would take too long. */
const MOST_SHARDS = 1_024;

/** The most shards of a counter that all runs of a tenant share, or all runs of a workflow. */
export const Shards = z.strictObject({
  tenant: z.int().min(1).max(MOST_SHARDS),
  workflow: z.int().min(1).max(MOST_SHARDS),
});
export type Shards = z.infer<typeof Shards>;

export const Limits = z.strictObject({
  budgets: Budgets,
  caps: z
    .array(Cap)
    .max(8)
    .refine((caps) => new Set(caps.map(({ rule }) => rule)).size === caps.length, 'each cap needs a rule of its own'),
  shards: Shards,
});
export type Limits = z.infer<typeof Limits>;

/** How often a tool may be authorised for a tenant: what its system can take. */
export interface Rate {
  readonly atMost: number;
  readonly per: Period;
}
