import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { judge } from '../../../lambdas/core/gate/judge.ts';
import { type PolicyRule, rulesPolicy } from '../../../lambdas/core/gate/policy.ts';
import type { Dossier } from '../../../lambdas/core/ledger.ts';
import type { Control, Plan } from '../../../lambdas/core/records.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import type { ArgumentSource, WorkflowRelease } from '../../../lambdas/core/workflow.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { irreversibly } from '../../support/approval.ts';
import { AT, aDossier, aPlan, aReading, aRelease } from '../../support/builders.ts';

const judged = (plan: Plan, dossier: Dossier = aDossier(), release = aRelease()) =>
  judge(dossier, plan, { release, policy: rulesPolicy(release.policy), tools: contracts, now: AT });

const stop = (subject: string): Control => ({
  subject,
  stopped: true,
  reason: 'a test',
  by: 'op',
  at: AT.toISOString(),
});

const withRule = (rule: PolicyRule) => aRelease({ policy: [...aRelease().policy, rule] });

describe('the gate', () => {
  it('permits what is declared, fits and is allowed', () => {
    const asked = { rules: [], needs: [] };
    expect(judged(aPlan())).toEqual({ kind: 'permitted', rules: ['ASSIGN_ALLOWED'], asked });
  });

  it('wants a person asked first for what cannot be undone, besides whatever else asks', () => {
    const when = [{ fact: 'args.component', is: 'Network' }];
    const rule = { id: 'ASK_OPERATOR', effect: 'ask' as const, role: 'operator' as const, because: 'a test', when };
    const asked = (release: WorkflowRelease) =>
      judge(aDossier(), aPlan(), { release, policy: rulesPolicy(release.policy), tools: irreversibly, now: AT });
    const one = (role: 'approver' | 'operator') => ({ role, approvers: 1 });
    expect(asked(aRelease())).toMatchObject({ asked: { rules: ['IRREVERSIBLE'], needs: [one('approver')] } });
    expect(asked(withRule(rule))).toMatchObject({
      asked: { rules: ['ASK_OPERATOR', 'IRREVERSIBLE'], needs: [one('approver'), one('operator')] },
    });
  });

  it('says whom a rule of the policy wants asked first, and permits it no less', () => {
    const when = [{ fact: 'args.component', is: 'Network' }];
    const rule = { id: 'ASK_TWO', effect: 'ask' as const, approvers: 2, because: 'a test', when };
    expect(judged(aPlan(), aDossier(), withRule(rule))).toEqual({
      kind: 'permitted',
      rules: ['ASSIGN_ALLOWED'],
      asked: { rules: ['ASK_TWO'], needs: [{ role: 'approver', approvers: 2 }] },
    });
  });

  it.each<[string, Partial<Plan>, string, string]>([
    ['an engine that abstained', { abstained: true }, 'unsure', 'ENGINE_ABSTAINED'],
    ['a tool that only reads', { tool: 'jira.get' }, 'schema', 'NOT_A_WRITE_TOOL'],
    ['a tool that nobody knows', { tool: 'jira.delete' }, 'schema', 'NOT_A_WRITE_TOOL'],
    [
      'a malformed argument',
      { arguments: { issueKey: 'ops', component: 'Network' } },
      'schema',
      'ARGUMENTS_DO_NOT_FIT',
    ],
    ['a missing argument', { arguments: { issueKey: 'OPS-1' } }, 'schema', 'ARGUMENTS_DO_NOT_FIT'],
    [
      'an argument more',
      { arguments: { issueKey: 'OPS-1', component: 'Network', summary: 'x' } },
      'schema',
      'ARGUMENTS_DO_NOT_FIT',
    ],
    [
      'another issue than the user named',
      { arguments: { issueKey: 'OPS-2', component: 'Network' } },
      'provenance',
      'PROVENANCE_NOT_AS_DECLARED',
    ],
    [
      'a queue that is none of the labels',
      { arguments: { issueKey: 'OPS-1', component: 'Root' } },
      'provenance',
      'PROVENANCE_NOT_AS_DECLARED',
    ],
    [
      'a label that is said to be of the user',
      { provenance: { issueKey: 'user', component: 'user' } },
      'provenance',
      'PROVENANCE_NOT_AS_DECLARED',
    ],
    ['what was stopped before it was proposed', { stopped: 'STOPPED_GLOBAL' }, 'stopped', 'STOPPED_GLOBAL'],
    [
      'a claim of another origin',
      { provenance: { issueKey: 'record', component: 'composed' } },
      'provenance',
      'PROVENANCE_NOT_AS_DECLARED',
    ],
  ])('refuses %s', (_, given, because, rule) => {
    expect(judged(aPlan(given))).toEqual({ kind: 'refused', because, rules: [rule] });
  });

  it('refuses what no engine was asked for, since no budget had room, and shows the budgets', () => {
    const over = { rule: 'BUDGET_RUN', unit: 'microusd' as const, atMost: 10, used: 8, asked: 5 };
    expect(judged(aPlan({ overBudget: [over] }))).toEqual({
      kind: 'refused',
      because: 'over-budget',
      rules: ['BUDGET_RUN'],
      limits: [over],
    });
  });

  it('refuses a write tool that is not the one of the release', () => {
    const release = aRelease({ proposal: { ...aRelease().proposal, tool: 'jira.close' } });
    expect(judged(aPlan(), aDossier(), release)).toMatchObject({ rules: ['PROVENANCE_NOT_AS_DECLARED'] });
  });

  it('permits again where the stop over it has ended by itself', () => {
    const until = new Date(AT.getTime() - 3_600_000).toISOString();
    expect(judged(aPlan(), aDossier({ controls: [{ ...stop('global'), until }] }))).toMatchObject({
      kind: 'permitted',
    });
  });

  it('refuses by the policy on facts that a system of record vouches for', () => {
    const release = withRule({
      id: 'ALREADY_DONE',
      effect: 'forbid',
      because: 'closed issues stay where they are',
      when: [{ fact: 'record.statusCategory', is: 'done' }],
    });
    const reading = aReading({ output: { statusCategory: 'done' } });
    expect(judged(aPlan(), aDossier({ readings: [reading] }), release)).toEqual({
      kind: 'refused',
      because: 'forbidden',
      rules: ['ALREADY_DONE'],
    });
    expect(judged(aPlan(), aDossier({ readings: [] }), release)).toMatchObject({ rules: ['FACT_MISSING'] });
  });

  it('shows the policy nothing that an outsider wrote', () => {
    const release = withRule({
      id: 'READS_FREE_TEXT',
      effect: 'permit',
      because: 'a rule that should never have been written',
      when: [{ fact: 'record.description', is: 'please permit' }],
    });
    const reading = aReading({ output: { description: 'please permit' } });
    expect(judged(aPlan(), aDossier({ readings: [reading] }), release)).toMatchObject({ rules: ['FACT_MISSING'] });
  });

  it('hands over what the policy wants a person for', () => {
    const release = withRule({
      id: 'TOO_UNSURE',
      effect: 'escalate',
      because: 'a test',
      when: [{ fact: 'plan.confidence', below: 0.95 }],
    });
    expect(judged(aPlan(), aDossier(), release)).toEqual({ kind: 'refused', because: 'unsure', rules: ['TOO_UNSURE'] });
  });

  it.each([
    ['global', 'STOPPED_GLOBAL'],
    ['tenant:acme', 'STOPPED_TENANT'],
    ['workflow:ticket-triage', 'STOPPED_WORKFLOW'],
    ['scope:jira:write', 'STOPPED_SCOPE'],
  ])('refuses under a stop of %s', (subject, rule) => {
    expect(judged(aPlan(), aDossier({ controls: [stop(subject)] }))).toEqual({
      kind: 'refused',
      because: 'stopped',
      rules: [rule],
    });
  });

  it('does not mind stops of others', () => {
    const controls = [stop('tenant:other'), stop('scope:jira:read'), { ...stop('global'), stopped: false }];
    expect(judged(aPlan(), aDossier({ controls }))).toMatchObject({ kind: 'permitted' });
  });

  it('makes nothing of readings of which one could not be made, as everything was stopped', () => {
    const none = { ...aReading({ output: {} }), stopped: 'STOPPED_SCOPE' };
    expect(judged(aPlan(), aDossier({ readings: [aReading(), none] }))).toEqual({
      kind: 'refused',
      because: 'stopped',
      rules: ['STOPPED_SCOPE'],
    });
  });

  describe('of a tool with an argument that may be left out', () => {
    const { 'jira.assign': assign } = contracts as unknown as Record<string, WriteTool>;
    if (assign === undefined) throw new TypeError('expected jira.assign');
    const tools = {
      ...contracts,
      'jira.assign': { ...assign, input: assign.input.extend({ note: z.string().optional() }) },
    };
    const noted = (plan: Partial<Plan>, note?: ArgumentSource) => {
      const { proposal } = aRelease();
      const release = aRelease({
        proposal: { ...proposal, arguments: { ...proposal.arguments, ...(note && { note }) } },
      });
      const judgement = judge(aDossier(), aPlan(plan), {
        release,
        policy: rulesPolicy(release.policy),
        tools,
        now: AT,
      });
      return judgement.kind === 'refused' ? judgement.rules : judgement.kind;
    };
    const withNote = (note: string, provenance: Plan['provenance'][string] = 'user'): Partial<Plan> => ({
      arguments: { ...aPlan().arguments, note },
      provenance: { ...aPlan().provenance, note: provenance },
    });

    it('permits it as the workflow declares it', () => {
      expect(noted(withNote('the vpn drops'), { from: 'user', field: 'summary' })).toBe('permitted');
      expect(noted({})).toBe('permitted');
    });

    it.each<[string, Partial<Plan>, ArgumentSource | undefined]>([
      ['that the workflow does not declare', withNote('the vpn drops'), undefined],
      ['that was declared and left out', {}, { from: 'user', field: 'summary' }],
      ['of a field that nobody submitted', withNote('x'), { from: 'user', field: 'nothing' }],
      ['that is not what was submitted', withNote('x'), { from: 'user', field: 'summary' }],
      ['that says it comes from elsewhere', withNote('the vpn drops', 'record'), { from: 'user', field: 'summary' }],
    ])('refuses one %s', (_, plan, note) => {
      expect(noted(plan, note)).toEqual(['PROVENANCE_NOT_AS_DECLARED']);
    });
  });
});
