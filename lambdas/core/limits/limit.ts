import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { RuleId, type RunRef } from '../names.ts';
import { CONTENT_RETENTION_DAYS, counted } from '../tables.ts';
import type { WorkflowRelease } from '../workflow.ts';
import type { Cap, Rate } from './declared.ts';
import { type Period, SECONDS, windowOf } from './windows.ts';

/** `microusd`: money. `actions`: how many. `units`: whatever an argument counts. */
export const Unit = z.enum(['microusd', 'actions', 'units']);

/** How a limit stands towards what was asked of it: what a refusal, the audit and a person's view say. */
export const Standing = z.strictObject({
  rule: RuleId,
  unit: Unit,
  atMost: z.int().nonnegative(),
  /** Before what was asked; absent where only a part of the limit's counters was read, and where tenants share it. */
  used: z.int().nonnegative().optional(),
  asked: z.int().nonnegative(),
  /** When counting begins anew; absent where it never does. */
  resetsAt: z.iso.datetime().optional(),
});
export type Standing = z.infer<typeof Standing>;

export const LIMIT_KINDS = ['budget', 'rate', 'cap'] as const;

/** One limit over one action, and what the action asks of it. */
export interface Limit extends Omit<Standing, 'used'> {
  readonly kind: (typeof LIMIT_KINDS)[number];
  /** Names its counters: the partition without the shard, and the window. */
  readonly subject: string;
  readonly window: string;
  readonly shards: number;
  /** Tenants share its counters: what others have used of it is nothing that anybody is told. */
  readonly shared?: true;
  /** When its counters may be deleted. */
  readonly forgetAt: string;
}

/** How a limit stands, without where it is counted, and without what other tenants have used of it. */
export const standingOf = (
  { rule, unit, atMost, asked, resetsAt, shared }: Omit<Standing, 'used'> & Pick<Limit, 'shared'>,
  used: number | undefined
): Standing => ({
  rule,
  unit,
  atMost,
  ...(used !== undefined && !shared && { used }),
  asked,
  ...(resetsAt !== undefined && { resetsAt }),
});

/**
 * What one shard serves, in governed actions a second: at that, one in five tries of a transaction meets a conflict, and 95 % of
 * decisions are there within 70 ms. From `npm run bench -- --only contention`; see the decision record on shards.
 */
export const SHARD_PER_SECOND = 8;

/** As many shards as the limit itself lets there be traffic for, and no more than it has to give. */
export const shardsFor = (atMost: number, per: Period, most: number): number =>
  Math.max(1, Math.min(most, atMost, Math.ceil(atMost / SECONDS[per] / SHARD_PER_SECOND)));

const DAY_MS = SECONDS.day * 1_000;
/** Counters are kept this long beyond their window, for whoever wants to see why. */
const KEPT_DAYS = 2;
const later = (at: string, days: number): string => new Date(Date.parse(at) + days * DAY_MS).toISOString();

const during = (now: Date, per: Period) => {
  const { start, end } = windowOf(now, per);
  return { window: start, resetsAt: end, forgetAt: later(end, KEPT_DAYS) };
};

/** The budgets over a run, in this order: its own, its workflow's and its tenant's of the day. */
export const budgetsOver = (
  { limits: { budgets, shards }, workflow }: Pick<WorkflowRelease, 'limits' | 'workflow'>,
  run: RunRef,
  asked: number,
  now: Date
): readonly [Limit, Limit, Limit] => {
  const budget = { kind: 'budget', unit: 'microusd', asked } as const;
  const today = during(now, 'day');
  return [
    {
      ...budget,
      rule: 'BUDGET_RUN',
      subject: counted.byRun(run),
      window: 'run',
      forgetAt: later(now.toISOString(), CONTENT_RETENTION_DAYS),
      atMost: budgets.runMicrousd,
      shards: 1,
    },
    {
      ...budget,
      ...today,
      rule: 'BUDGET_WORKFLOW_DAY',
      subject: counted.byWorkflow(workflow),
      atMost: budgets.workflowDayMicrousd,
      shared: true,
      shards: Math.max(1, Math.min(shards.workflow, budgets.workflowDayMicrousd)),
    },
    {
      ...budget,
      ...today,
      rule: 'BUDGET_TENANT_DAY',
      subject: counted.byTenant(run.tenant),
      atMost: budgets.tenantDayMicrousd,
      shards: Math.max(1, Math.min(shards.tenant, budgets.tenantDayMicrousd)),
    },
  ];
};

/** The rate of a tool for a tenant. */
export const rateOver = (
  { limits: { shards } }: Pick<WorkflowRelease, 'limits'>,
  { tenant, tool, rate }: { readonly tenant: string; readonly tool: string; readonly rate: Rate },
  now: Date
): Limit => ({
  ...during(now, rate.per),
  kind: 'rate',
  unit: 'actions',
  rule: `RATE_TOOL_${rate.per.toUpperCase()}`,
  subject: counted.byTool(tool, tenant),
  atMost: rate.atMost,
  asked: 1,
  shards: shardsFor(rate.atMost, rate.per, shards.tenant),
});

/**
 * A cap over an action with these arguments. Values stand in its key as a digest: they may be somebody's. Undefined where
 * an argument that it counts is no whole number from 0: such an action cannot be counted, so it cannot be allowed.
 */
export const capOver = (
  { limits: { shards }, workflow }: Pick<WorkflowRelease, 'limits' | 'workflow'>,
  { rule, by, counts, atMost, per }: Cap,
  {
    tenant,
    args,
    now,
  }: { readonly tenant: string; readonly args: Readonly<Record<string, unknown>>; readonly now: Date }
): Limit | undefined => {
  const asked = counts === 'actions' ? 1 : args[counts.argument];
  if (typeof asked !== 'number' || !Number.isSafeInteger(asked) || asked < 0) return undefined;
  const values = by.map((name) => args[name] ?? null);
  return {
    ...during(now, per),
    kind: 'cap',
    unit: counts === 'actions' ? 'actions' : 'units',
    rule,
    subject: counted.byCap(workflow, { rule, tenant, values: digestOf(values).slice(0, 32) }),
    atMost,
    asked,
    shards: shardsFor(atMost, per, shards.tenant),
  };
};
