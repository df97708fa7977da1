import { describe, expect, it } from 'vitest';
import { Cap, Limits } from '../../../lambdas/core/limits/declared.ts';

const cap = { rule: 'REFUNDS', because: 'a test', by: ['customer'], counts: 'actions', atMost: 3, per: 'day' };
const limits = {
  budgets: { runMicrousd: 1, workflowDayMicrousd: 1, tenantDayMicrousd: 1 },
  caps: [cap],
  shards: { tenant: 1, workflow: 1_024 },
};
const messages = (schema: typeof Cap | typeof Limits, value: unknown): readonly string[] =>
  schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe('limits that a workflow declares', () => {
  it.each(['BUDGET_OF_MINE', 'RATE_OF_MINE'])('have no rule such as %s, which every workflow has', (rule) => {
    expect(messages(Cap, { ...cap, rule })).toEqual(['BUDGET_ and RATE_ begin rules that every workflow has']);
  });

  it.each(['REFUND_RATE_A', 'MY_BUDGET_A', 'RATED'])('may have a rule such as %s', (rule) => {
    expect(messages(Cap, { ...cap, rule })).toEqual([]);
  });

  it.each([
    ['more than three arguments to count by', { ...cap, by: ['a', 'b', 'c', 'd'] }],
    ['an argument that is no name', { ...cap, by: ['a-b'] }],
    ['an argument with more behind it', { ...cap, by: ['a '] }],
    ['an argument with something before it', { ...cap, by: [' a'] }],
    ['an argument of too many letters', { ...cap, by: ['a'.repeat(41)] }],
    ['no reason', { ...cap, because: '' }],
    ['less than nothing', { ...cap, atMost: -1 }],
    ['parts of an action', { ...cap, atMost: 0.5 }],
    ['something else', { ...cap, always: true }],
    ['something else to count', { ...cap, counts: 'runs' }],
    ['something else of an argument', { ...cap, counts: { argument: 'a', of: 'b' } }],
  ])('have no cap with %s', (_, value) => {
    expect(messages(Cap, value)).not.toEqual([]);
  });

  it('may forbid altogether, and count what an argument says, by three others', () => {
    const most = { ...cap, by: ['a'.repeat(40), 'b', 'c'], counts: { argument: 'amountCents' }, atMost: 0 };
    expect(Cap.parse(most)).toEqual(most);
  });

  it('have a rule to each cap', () => {
    expect(messages(Limits, { ...limits, caps: [cap, cap] })).toEqual(['each cap needs a rule of its own']);
    expect(messages(Limits, { ...limits, caps: [cap, { ...cap, rule: 'OTHERS' }] })).toEqual([]);
    expect(messages(Limits, { ...limits, caps: [] })).toEqual([]);
  });

  it.each([
    ['nine caps', { ...limits, caps: Array.from('ABCDEFGHI', (rule) => ({ ...cap, rule: `RULE_${rule}` })) }],
    ['no shard', { ...limits, shards: { tenant: 0, workflow: 1 } }],
    ['a shard too many', { ...limits, shards: { tenant: 1, workflow: 1_025 } }],
    ['less than nothing to spend', { ...limits, budgets: { ...limits.budgets, runMicrousd: -1 } }],
    ['something else', { ...limits, alarms: [] }],
    ['another budget', { ...limits, budgets: { ...limits.budgets, hourMicrousd: 1 } }],
    ['shards of something else', { ...limits, shards: { ...limits.shards, run: 1 } }],
  ])('are not taken with %s', (_, value) => {
    expect(Limits.safeParse(value).success).toBe(false);
  });
});
