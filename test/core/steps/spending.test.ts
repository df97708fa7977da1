import { describe, expect, it } from 'vitest';
import type { Counter, CounterKey, Counters } from '../../../lambdas/core/limits/counters.ts';
import type { Cap } from '../../../lambdas/core/limits/declared.ts';
import { countersBeforehand, notedAs, rateSpendingOf, spendingOf } from '../../../lambdas/core/steps/spending.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aDossier, aPlan, aRelease } from '../../support/builders.ts';

const REF = { tenant: 'acme', run: 'r' };
const DAY = { window: '2030-01-02T00:00:00.000Z', resetsAt: '2030-01-03T00:00:00.000Z' };
const MINUTE = { window: '2030-01-02T03:04:00.000Z', resetsAt: '2030-01-02T03:05:00.000Z' };
const kindOf = ({ subject }: CounterKey): string => subject.replace(/[:#].*/, '');

const cap = (given: Partial<Cap>): Cap => ({
  rule: 'ASSIGNMENTS_DAY',
  because: 'a test',
  by: [],
  counts: 'actions',
  atMost: 2,
  per: 'day',
  ...given,
});

/** Limits in one shard each, over a tool that costs so much. */
const given = ({ caps = [], cost }: { readonly caps?: readonly Cap[]; readonly cost?: number } = {}) => {
  const { budgets } = aRelease().limits;
  const release = aRelease({ limits: { budgets, caps: [...caps], shards: { tenant: 1, workflow: 1 } } });
  const assign = { ...(jiraAssign as unknown as WriteTool), rate: { atMost: 2, per: 'minute' as const } };
  const tool = { ...assign, ...(cost !== undefined && { costMicrousd: () => cost }) };
  return { release, tool, ref: REF, now: AT };
};

/** Counters of which so much is used, whichever is read, and what was read. */
const countersWith = (used: number) => {
  const reads: string[][] = [];
  const counters: Counters = {
    read: async (keys) => {
      reads.push(keys.map(kindOf));
      return keys.map((key): Counter => ({ ...key, used, holds: [] }));
    },
    reserve: () => Promise.reject(new Error('nothing is reserved here')),
    heldBy: () => Promise.reject(new Error('nothing is held here')),
    settle: () => Promise.reject(new Error('nothing is settled here')),
  };
  return { counters, reads };
};

describe('counters that are read before an action is known', () => {
  const byIssue = cap({ rule: 'ASSIGNMENTS_OF_ISSUE_DAY', by: ['issueKey'] });
  it('are those of the rate and of what every action counts, and of budgets where the tool costs something', () => {
    expect(countersBeforehand(given()).map(kindOf)).toEqual(['RATE']);
    const caps = [cap({ counts: { argument: 'cents' } }), byIssue];
    expect(countersBeforehand(given({ caps })).map(kindOf)).toEqual(['RATE', 'CAP']);
    const all = ['BUDGET', 'BUDGET', 'BUDGET', 'RATE', 'CAP'];
    expect(countersBeforehand(given({ caps, cost: 300 })).map(kindOf)).toEqual(all);
  });
});

describe('what an action spends', () => {
  const spending = (about: Parameters<typeof given>[0], used: number, full = true) => {
    const { counters, reads } = countersWith(used);
    const found = spendingOf(counters, given(about), { dossier: aDossier(), plan: aPlan(), full });
    return { found, reads };
  };

  it('is charged and noted of every limit that it asks something of', async () => {
    const { found } = spending({ caps: [cap({})], cost: 300 }, 0);
    const money = { state: 'spent', unit: 'microusd', asked: 300 };
    const action = { state: 'spent', unit: 'actions', asked: 1, at_most: 2 };
    const noted = [
      { ...money, rule: 'BUDGET_RUN', at_most: 10_000 },
      { ...money, rule: 'BUDGET_WORKFLOW_DAY', at_most: 1_000_000, resets_at: DAY.resetsAt },
      { ...money, rule: 'BUDGET_TENANT_DAY', at_most: 100_000, resets_at: DAY.resetsAt },
      { ...action, rule: 'RATE_TOOL_MINUTE', resets_at: MINUTE.resetsAt },
      { ...action, rule: 'ASSIGNMENTS_DAY', resets_at: DAY.resetsAt },
    ];
    const charges = noted.map(({ rule, asked }) => ({ rule, amount: asked }));
    expect(await found).toMatchObject({ kind: 'paid', charges, nearly: [] });
    expect(await found).toHaveProperty('noted', noted);
  });

  it.each([
    ['nothing of budgets where its tool costs nothing', {}, [['RATE']]],
    ['every limit where it costs something', { cost: 300 }, [['BUDGET', 'BUDGET', 'BUDGET', 'RATE']]],
  ])('is looked up, where a counter had less room than was thought, of %s', async (_, about, expected) => {
    const { found, reads } = spending(about, 0);
    expect(await found).toMatchObject({ kind: 'paid' });
    expect(reads).toEqual(expected);
  });

  it('is nothing where a cap cannot count it: refused by the rule of that cap alone', async () => {
    const { found, reads } = spending({ caps: [cap({ counts: { argument: 'component' } })] }, 0);
    expect(await found).toEqual({ kind: 'refused', because: 'schema', rules: ['ASSIGNMENTS_DAY'], limits: [] });
    expect(reads).toEqual([]);
  });

  it('is told to people, and noted first, where a budget is at 80 % with it', async () => {
    const { found } = spending({ cost: 8_000 }, 0);
    const budget = { rule: 'BUDGET_RUN', unit: 'microusd', asked: 8_000, used: 0 };
    const paid = await found;
    expect(paid).toMatchObject({ kind: 'paid', nearly: [{ ...budget, atMost: 10_000 }] });
    expect('noted' in paid && paid.noted.map(({ state, rule }) => [state, rule])).toEqual([
      ['nearly-used', 'BUDGET_RUN'],
      ['spent', 'BUDGET_WORKFLOW_DAY'],
      ['spent', 'BUDGET_TENANT_DAY'],
      ['spent', 'RATE_TOOL_MINUTE'],
    ]);
  });
});

describe('what one use of a tool spends of its rate', () => {
  const limit = { rule: 'RATE_TOOL_MINUTE', unit: 'actions', asked: 1, resetsAt: MINUTE.resetsAt };
  it.each([false, true])('is refused without a try where none is left: with all shards read %s', async (full) => {
    const { counters, reads } = countersWith(2);
    expect(await rateSpendingOf(counters, given(), full)).toEqual({
      kind: 'refused',
      because: 'over-rate',
      rules: ['RATE_TOOL_MINUTE'],
      limits: [{ ...limit, atMost: 2, used: 2 }],
    });
    expect(reads).toEqual([['RATE']]);
  });

  it('is charged once where there is any', async () => {
    const { counters } = countersWith(1);
    expect(await rateSpendingOf(counters, given(), false)).toMatchObject({
      kind: 'paid',
      charges: [{ rule: 'RATE_TOOL_MINUTE', amount: 1 }],
      noted: [{ state: 'spent', rule: 'RATE_TOOL_MINUTE', asked: 1 }],
    });
  });
});

describe('a limit in the audit', () => {
  it('says how it stood and when counting begins anew, as far as there is anything to say', () => {
    const limit = { rule: 'A_CAP', unit: 'units', atMost: 3, asked: 1 } as const;
    const noted = { state: 'refused', rule: 'A_CAP', unit: 'units', at_most: 3, asked: 1 };
    expect(notedAs('refused', [limit, { ...limit, used: 3, resetsAt: DAY.resetsAt }])).toStrictEqual([
      noted,
      { ...noted, used: 3, resets_at: DAY.resetsAt },
    ]);
  });
});
