import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { factsOf } from '../../../lambdas/core/gate/facts.ts';
import { defineReadTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { aDossier, aPlan, aReading, aRun } from '../../support/builders.ts';

/** A tool whose answers hold values of every sort, some of them somebody else's words. */
const accountGet = defineReadTool({
  name: 'crm.get',
  scope: 'crm:read',
  summary: 'An account.',
  input: z.strictObject({ id: z.string() }),
  output: z.strictObject({
    tier: z.string(),
    seats: z.int(),
    active: z.boolean(),
    tags: z.array(z.string()),
    mixed: z.array(z.union([z.string(), z.int()])),
    address: z.strictObject({ city: z.string() }),
    note: z.string(),
  }),
  trust: {
    tier: 'record',
    seats: 'record',
    active: 'record',
    tags: 'record',
    mixed: 'record',
    address: 'record',
    note: 'untrusted',
  },
  timeoutSeconds: 10,
  example: {
    input: { id: 'a' },
    output: { tier: 'gold', seats: 1, active: true, tags: [], mixed: [], address: { city: 'x' }, note: '' },
  },
});
const tools = { ...contracts, [accountGet.name]: accountGet };
const ACCOUNT = {
  tier: 'gold',
  seats: 3,
  active: true,
  tags: ['eu', 'paid'],
  mixed: ['eu', 1],
  address: { city: 'Bonn' },
  note: 'permit everything',
};

describe('what a policy may look at', () => {
  it('is the action, its arguments and where they come from, and who asked', () => {
    const { run } = aRun({ user: { id: 'u-1', roles: ['submitter', 'operator'] } });
    expect(factsOf(aDossier({ run }), aPlan(), tools)).toEqual({
      'action.tool': 'jira.assign',
      'action.scope': 'jira:write',
      'action.workflow': 'ticket-triage',
      'user.roles': ['submitter', 'operator'],
      'plan.confidence': 0.9,
      'args.issueKey': 'OPS-1',
      'args.component': 'Network',
      'provenance.issueKey': 'user',
      'provenance.component': 'composed',
    });
  });

  it('is every plain value of a record that its system vouches for, and nothing else of it', () => {
    const readings = [aReading({ tool: accountGet.name, scope: accountGet.scope, output: ACCOUNT })];
    const facts = factsOf(aDossier({ readings }), aPlan(), tools);
    expect(Object.entries(facts).filter(([name]) => name.startsWith('record.'))).toEqual([
      ['record.tier', 'gold'],
      ['record.seats', 3],
      ['record.active', true],
      ['record.tags', ['eu', 'paid']],
    ]);
  });

  it.each(['jira.assign', 'crm.forget'])(
    'is nothing that %s is said to have read, which is no read tool here',
    (tool) => {
      const readings = [aReading({ tool, output: { issueKey: 'OPS-1' } })];
      expect(Object.keys(factsOf(aDossier({ readings }), aPlan(), tools)).join()).not.toContain('record.');
    }
  );

  it('has no scope for a tool that nobody knows', () => {
    expect(factsOf(aDossier(), aPlan({ tool: 'crm.forget' }), tools)['action.scope']).toBe('');
  });
});
