import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Cap, Limits } from '../../lambdas/core/limits/declared.ts';
import { defineWriteTool } from '../../lambdas/core/tool.ts';
import { assertCountable } from '../../lib/countable.ts';
import { aRelease } from '../support/builders.ts';

const refund = defineWriteTool({
  name: 'shop.refund',
  scope: 'shop:write',
  summary: 'Give money back.',
  effect: 'once',
  input: z.strictObject({ customer: z.string(), cents: z.coerce.number().int().nonnegative() }),
  output: z.strictObject({}),
  seenBy: 'shop.get',
  shows: () => true,
  undo: 'irreversible',
  redact: () => ({}),
  rate: { atMost: 10, per: 'minute' },
  timeoutSeconds: 10,
  example: { input: { customer: 'c-1', cents: 1 }, output: {} },
});

const cap = (given: Partial<Cap>): Cap => ({
  rule: 'REFUNDS_OF_CUSTOMER_DAY',
  because: 'a test',
  by: ['customer'],
  counts: { argument: 'cents' },
  atMost: 100,
  per: 'day',
  ...given,
});

const checked = (...caps: readonly Cap[]) => {
  const { limits, proposal, ...rest } = aRelease();
  const data = { ...rest, proposal: { ...proposal, tool: refund.name }, limits: { ...limits, caps: [...caps] } };
  return () => assertCountable({ name: 'refunds', tools: [refund] }, data);
};

describe('caps at synthesis', () => {
  it('may count actions, or what an argument says, for each value of others', () => {
    expect(checked(cap({}), cap({ rule: 'REFUNDS', by: [], counts: 'actions' }))).not.toThrow();
  });

  it.each([
    [
      'an argument that there is not',
      { by: ['client'] },
      'names client, which shop.refund does not take: expected one of',
    ],
    ['an amount that there is not', { counts: { argument: 'amount' } }, 'names amount, which'],
    ['an amount that is text', { counts: { argument: 'customer' } }, 'counts customer, which is not a number'],
  ])('may not be by %s', (_, given, message) => {
    expect(checked(cap(given))).toThrow(message);
  });

  it.each([
    ['a rule that every workflow has', { rule: 'BUDGET_RUN' }],
    ['less than nothing', { atMost: -1 }],
    ['a window that there is not', { per: 'week' }],
    ['a part of an action', { atMost: 1.5 }],
  ])('are no %s', (_, given) => {
    expect(Cap.safeParse({ ...cap({}), ...given }).success).toBe(false);
  });

  it('have rules of their own', () => {
    const { limits } = aRelease();
    expect(Limits.safeParse({ ...limits, caps: [cap({}), cap({})] }).success).toBe(false);
  });
});
