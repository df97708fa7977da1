import { describe, expect, it } from 'vitest';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { shardsOf } from '../../lambdas/core/limits/escrow.ts';
import { budgetsOver, capOver, rateOver } from '../../lambdas/core/limits/limit.ts';
import { stepAccess } from '../../lib/constructs/access.ts';
import { AT, aRelease, aRunId } from '../support/builders.ts';

const TENANT = 'acme';

const limitsOf = (workflow: string, tool: string) => {
  const release = aRelease({ workflow });
  const cap = { rule: 'A_CAP', because: 'a test', by: ['a'], counts: 'actions', atMost: 1, per: 'day' } as const;
  const counted = capOver(release, { ...cap, by: ['a'] }, { tenant: TENANT, args: { a: 'b' }, now: AT });
  if (counted === undefined) throw new Error('this cap can be counted');
  return {
    budgets: budgetsOver(release, { tenant: TENANT, run: aRunId() }, 1, AT),
    others: [rateOver(release, { tenant: TENANT, tool, rate: { atMost: 1, per: 'hour' } }, AT), counted],
  };
};

const { budgets, others } = limitsOf('ticket-triage', 'jira.assign');
const domain = { workflow: 'ticket-triage', scopes: [], writes: ['jira.assign'], remembering: [] };
const partitionsOf = (limits: readonly (typeof budgets)[number][]) =>
  limits.flatMap((limit) => shardsOf(limit).map((key) => keys.counter(key).pk));
const isWithin =
  (prefixes: readonly string[] = []) =>
  (partition: string) =>
    prefixes.some((prefix) => partition.startsWith(prefix));

describe('a step may charge', () => {
  it.each([
    ['decide', [...budgets, ...others]],
    ['route', budgets],
    ['propose', budgets],
    ['reap', budgets],
  ] as const)('%s: every counter that it uses', (step, limits) => {
    const { read, update } = stepAccess(step, domain);
    const partitions = partitionsOf(limits);
    expect(partitions.length).toBeGreaterThan(limits.length);
    expect(partitions.filter((each) => !isWithin(update)(each) || !isWithin(read)(each))).toEqual([]);
  });

  it.each(['route', 'propose', 'reap', 'ask', 'verify', 'respond', 'escalate'] as const)(
    '%s: no rate and no cap',
    (step) => {
      const { update, put } = stepAccess(step, domain);
      expect(partitionsOf(others).filter((each) => isWithin(update)(each) || isWithin(put)(each))).toEqual([]);
    }
  );

  it('decide: nothing of another workflow, nor of tools that its own does not have', () => {
    const foreign = limitsOf('ticket-triage-2', 'jira.assign-all');
    const { update } = stepAccess('decide', domain);
    const [, ofWorkflow] = foreign.budgets;
    expect(partitionsOf([ofWorkflow, ...foreign.others]).filter(isWithin(update))).toEqual([]);
  });
});
