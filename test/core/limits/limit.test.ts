import { describe, expect, it } from 'vitest';
import type { Cap } from '../../../lambdas/core/limits/declared.ts';
import { budgetsOver, capOver, rateOver, standingOf } from '../../../lambdas/core/limits/limit.ts';
import { CONTENT_RETENTION_DAYS } from '../../../lambdas/core/tables.ts';
import { AT, aRelease } from '../../support/builders.ts';

const release = aRelease();
const RUN = { tenant: 'acme', run: 'r' };
const TODAY = { window: '2030-01-02T00:00:00.000Z', resetsAt: '2030-01-03T00:00:00.000Z' };
/** Two days beyond the window. */
const KEPT = { forgetAt: '2030-01-05T00:00:00.000Z' };

describe('how a limit stands', () => {
  const limit = { rule: 'A_CAP', unit: 'units', atMost: 3, asked: 1 } as const;
  it('says nothing of what is not known', () => {
    expect(standingOf(limit, undefined)).toStrictEqual(limit);
    const whole = { ...limit, used: 2, resetsAt: TODAY.resetsAt };
    expect(standingOf({ ...limit, resetsAt: TODAY.resetsAt }, 2)).toStrictEqual(whole);
  });

  it('says nothing of what others have used', () => {
    expect(standingOf({ ...limit, shared: true, resetsAt: TODAY.resetsAt }, 2)).toStrictEqual({
      ...limit,
      resetsAt: TODAY.resetsAt,
    });
    const all = budgetsOver(release, RUN, 7, AT);
    expect(all.filter(({ shared }) => shared).map(({ rule }) => rule)).toEqual(['BUDGET_WORKFLOW_DAY']);
  });
});

describe('budgets', () => {
  it('are those of the run, which is kept as long as its content, and of workflow and tenant by the day', () => {
    const [run, workflow, tenant] = budgetsOver(release, RUN, 7, AT);
    const budget = { kind: 'budget', unit: 'microusd', asked: 7 };
    const forgetAt = new Date(AT.getTime() + CONTENT_RETENTION_DAYS * 86_400_000).toISOString();
    expect(run).toMatchObject({ ...budget, rule: 'BUDGET_RUN', window: 'run', atMost: 10_000, shards: 1, forgetAt });
    expect(run).not.toHaveProperty('resetsAt');
    expect(workflow).toMatchObject({ ...budget, ...TODAY, ...KEPT, rule: 'BUDGET_WORKFLOW_DAY', atMost: 1_000_000 });
    expect(tenant).toMatchObject({ ...budget, ...TODAY, ...KEPT, rule: 'BUDGET_TENANT_DAY', atMost: 100_000 });
    expect([workflow.shards, tenant.shards]).toEqual([4, 4]);
  });

  it.each([
    [2, 2],
    [0, 1],
  ])('of %i have %i shards: none that could give nothing away', (amount, shards) => {
    const budgets = { ...release.limits.budgets, workflowDayMicrousd: amount, tenantDayMicrousd: amount };
    const [, workflow, tenant] = budgetsOver(aRelease({ limits: { ...release.limits, budgets } }), RUN, 1, AT);
    expect([workflow.shards, tenant.shards]).toEqual([shards, shards]);
  });
});

describe('the rate of a tool', () => {
  it('counts actions, in a window of its own', () => {
    const rate = { atMost: 6_000, per: 'minute' } as const;
    expect(rateOver(release, { tenant: 'acme', tool: 'jira.assign', rate }, AT)).toMatchObject({
      kind: 'rate',
      unit: 'actions',
      rule: 'RATE_TOOL_MINUTE',
      asked: 1,
      atMost: 6_000,
      shards: 4,
      resetsAt: '2030-01-02T03:05:00.000Z',
    });
  });
});

describe('a cap', () => {
  const cap: Cap = {
    rule: 'REFUNDS',
    because: 'a test',
    by: ['customer'],
    counts: { argument: 'cents' },
    atMost: 100,
    per: 'day',
  };
  const over = (args: object, given: Partial<Cap> = {}) =>
    capOver(release, { ...cap, ...given }, { tenant: 'acme', args: { customer: 'c-1', ...args }, now: AT });

  it.each([undefined, '5', 0.5, -1, Number.NaN, 2 ** 53])('cannot count %s', (cents) => {
    expect(over({ cents })).toBeUndefined();
  });

  it.each([0, 1, 100])('counts %i of an argument in units', (cents) => {
    expect(over({ cents })).toMatchObject({
      ...TODAY,
      ...KEPT,
      kind: 'cap',
      unit: 'units',
      asked: cents,
      rule: 'REFUNDS',
    });
  });

  it('counts actions by one, whatever their arguments', () => {
    expect(over({}, { counts: 'actions' })).toMatchObject({ unit: 'actions', asked: 1 });
  });

  it('is by the values of its arguments, whose digest stands in the key, and by nothing else', () => {
    const subject = (args: object, given: Partial<Cap> = {}) => over({ cents: 1, ...args }, given)?.subject ?? '';
    expect(subject({})).toMatch(/#[0-9a-f]{32}$/);
    expect(subject({})).not.toContain('c-1');
    expect(subject({ cents: 2 })).toBe(subject({}));
    expect(subject({ customer: 'c-2' })).not.toBe(subject({}));
    expect(subject({ customer: undefined })).not.toBe(subject({}));
    expect(subject({ customer: 'c-2' }, { by: [] })).toBe(subject({}, { by: [] }));
    expect(subject({}, { rule: 'OTHERS' })).not.toBe(subject({}));
  });
});
