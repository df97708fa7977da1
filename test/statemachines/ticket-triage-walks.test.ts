import { describe, expect, it } from 'vitest';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';
import { symbolicCallees } from './callees.ts';
import { type Answer, walk } from './walk.ts';

const machine = ticketTriage.machine(symbolicCallees);
const answer = (value: unknown): Answer => ({ answer: value });

const happy: Readonly<Record<string, readonly Answer[]>> = {
  Route: [answer({ kind: 'eligible', rule: 'CLASSIFIED_ELIGIBLE', ids: { issueKey: 'OPS-1' } })],
  Read: [answer({ kind: 'read', ref: 'ref', sha256: 'sha' })],
  Propose: [answer({ kind: 'proposed', digest: 'digest', confidence: 0.9, abstained: false })],
  Decide: [answer({ kind: 'authorised', writ: { scope: 'jira:write', action: 1, digest: 'd' }, rules: ['PERMIT'] })],
  Act: [answer({ kind: 'done' })],
  Verify: [answer({ kind: 'verified', rules: ['PERMIT'] })],
  Respond: [answer({ kind: 'closed', outcome: 'completed' })],
  Escalate: [answer({ kind: 'escalated' })],
};
const missing = answer({ kind: 'missing', rule: 'ISSUE_KEY_MISSING', field: 'issueKey' });
const refused = (because: string) => ({ Decide: [answer({ kind: 'refused', because, rules: ['A', 'B'] })] });

const ref = { tenant: 'demo', run: 'r' };
const responded = (outcome: string, rules: readonly string[]) => ['Respond', { ...ref, outcome, rules }];
const escalated = (because: string, rules: readonly string[]) => ['Escalate', { ...ref, because, rules }];

describe('ticket triage', () => {
  it('enters eleven states where all goes well, and tells each function ids alone', async () => {
    const { entered, payloads, output } = await walk(machine, happy);

    const states = 'Route Routed Read Propose Decide Ruling Act ReadBack Verify Verified Respond';
    expect(entered).toEqual(states.split(' '));
    const reading = { tool: 'jira.get', input: { issueKey: 'OPS-1' } };
    expect(payloads).toEqual([
      ['Route', { ...ref, round: 0 }],
      ['Read', { ...ref, call: 'before', ...reading }],
      ['Propose', { ...ref, action: 1 }],
      ['Decide', { ...ref, action: 1 }],
      ['Act', { ...ref, action: 1, operation: 'act' }],
      ['ReadBack', { ...ref, call: 'after', ...reading }],
      ['Verify', { ...ref, action: 1 }],
      responded('completed', ['PERMIT']),
    ]);
    expect(output).toEqual({ kind: 'closed', outcome: 'completed' });
  });

  it.each([
    ['what is no ticket', { Route: [answer({ kind: 'not-eligible', rule: 'AD' })] }, responded('not-eligible', ['AD'])],
    ['what nothing is sure of', { Route: [answer({ kind: 'unsure', rule: 'U' })] }, escalated('unsure', ['U'])],
    ['a verdict that is recorded', { Decide: [answer({ kind: 'recorded', rules: [] })] }, responded('recorded', [])],
    ['what the policy forbids', refused('forbidden'), responded('refused', ['A', 'B'])],
    ['what the policy wants a person for', refused('unsure'), escalated('unsure', ['A', 'B'])],
    ['a stop', refused('stopped'), escalated('refused', ['A', 'B'])],
    ['a budget that is used up', refused('over-budget'), escalated('over-budget', ['A', 'B'])],
    ['a rate that is reached', refused('over-rate'), escalated('over-rate', ['A', 'B'])],
    ['a cap that is reached', refused('over-cap'), escalated('over-cap', ['A', 'B'])],
    ['an effect not seen', { Verify: [answer({ kind: 'mismatch', rules: ['M'] })] }, escalated('mismatch', ['M'])],
    ['a read that fails', { Read: [{ error: 'Terminal' }] }, escalated('fault', [])],
    ['an act that fails without effect', { Act: [{ error: 'Terminal' }] }, escalated('fault', ['PERMIT'])],
    [
      'a look-up that fails',
      { Act: [{ error: 'Uncertain' }], Reconcile: [{ error: 'Terminal' }] },
      escalated('in-doubt', ['PERMIT']),
    ],
    ['an answer that cannot be kept', { Respond: [{ error: 'Retryable' }] }, escalated('fault', [])],
  ])('ends %s as it should', async (_, answers, last) => {
    const { payloads } = await walk(machine, { ...happy, ...answers });
    expect(payloads.at(-1)).toEqual(last);
  });

  it('asks twice for what is missing, then hands the run to a person', async () => {
    const answers = { ...happy, Route: [missing], RouteAgain: [missing, missing] };
    const { payloads } = await walk(machine, answers);

    const question = { ...ref, field: 'issueKey', token: 'token' };
    expect(payloads.filter(([name]) => name === 'Ask').map(([, told]) => told)).toEqual([
      { ...question, round: 0 },
      { ...question, round: 1 },
    ]);
    expect(payloads.filter(([name]) => name === 'RouteAgain').map(([, told]) => told)).toEqual([
      { ...ref, round: 1 },
      { ...ref, round: 2 },
    ]);
    expect(payloads.at(-1)).toEqual(escalated('no-reply', ['ISSUE_KEY_MISSING']));
  });

  it('goes on after a reply', async () => {
    const { entered, output } = await walk(machine, { ...happy, Route: [missing], RouteAgain: happy.Route ?? [] });
    expect(entered.slice(0, 6)).toEqual(['Route', 'Routed', 'Ask', 'RouteAgain', 'Routed', 'Read']);
    expect(output).toEqual({ kind: 'closed', outcome: 'completed' });
  });

  it('hands a run to a person where nobody replies in time', async () => {
    const { payloads } = await walk(machine, { ...happy, Route: [missing], Ask: [{ error: 'States.Timeout' }] });
    expect(payloads.at(-1)).toEqual(escalated('no-reply', ['ISSUE_KEY_MISSING']));
  });

  it.each(['Uncertain', 'Lambda.Unknown', 'States.Timeout', 'Lambda.TooManyRequestsException'])(
    'looks up what may have happened after %s, and verifies it',
    async (error) => {
      const answers = { ...happy, Act: [{ error }], Reconcile: [answer({ kind: 'done' })] };
      const { entered } = await walk(machine, answers);
      const states = 'Act Reconcile Reconciled ReadBack Verify Verified Respond';
      expect(entered.slice(-7)).toEqual(states.split(' '));
    }
  );

  it('acts once more where nothing happened, and not a third time', async () => {
    const notDone = answer({ kind: 'not-done' });
    const answers = { ...happy, Act: [{ error: 'Uncertain' }, { error: 'Uncertain' }], Reconcile: [notDone, notDone] };
    const { entered, payloads } = await walk(machine, answers);
    expect(entered.filter((name) => name === 'Act')).toHaveLength(2);
    expect(payloads.at(-1)).toEqual(escalated('fault', ['PERMIT']));
  });

  it('does not act again where it stays in doubt', async () => {
    const answers = { ...happy, Act: [{ error: 'Uncertain' }], Reconcile: [answer({ kind: 'in-doubt' })] };
    const { entered, payloads } = await walk(machine, answers);
    expect(entered.filter((name) => name === 'Act')).toHaveLength(1);
    expect(payloads.at(-1)).toEqual(escalated('in-doubt', ['PERMIT']));
  });
});
