import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { approve } from '../../../lambdas/core/steps/approve.ts';
import { ask } from '../../../lambdas/core/steps/ask.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import { AT, aRelease, aRun, aRunId, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { eventOf, type Given, givenRun } from '../../support/run.ts';

/*
 * What steps answer and leave in the audit, word by word.
 */

describe.skipIf(!hasDynoxide)('a step records', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const given = async (about: Given = {}) => {
    const run = await givenRun(dynoxide, about);
    const last = async () => (await run.kept()).records.at(-1);
    return { ...run, last };
  };

  it("a question in the workflow's own words, by the rule that it has for that field", async () => {
    const { deps, ref, state, last, kept } = await given();
    const asked = await ask.run(deps, { ...ref, round: 0, field: 'issueKey', token: 't' });
    expect(asked).toEqual({ kind: 'asked', field: 'issueKey' });
    expect((await state.get(keys.question(ref, 0)))?.content).toEqual({
      round: 0,
      field: 'issueKey',
      text: 'Which Jira issue is this about?',
      token: 't',
      at: AT.toISOString(),
    });
    expect(await last()).toMatchObject({ step: 'ask#0', result: { status: 'asked' } });
    expect((await kept()).run.rules).toEqual(['ISSUE_KEY_MISSING']);
  });

  it.each(['summary', 'unknown'])(
    'a question in words of its own where the workflow has none for %s',
    async (field) => {
      const { deps, ref, state, kept } = await given();
      await ask.run(deps, { ...ref, round: 0, field, token: 't' });
      expect((await state.get(keys.question(ref, 0)))?.content).toMatchObject({ text: `Please send ${field}.` });
      expect((await kept()).run.rules).toEqual([]);
    }
  );

  it('what people are asked to approve, by which rules, and until when', async () => {
    const digest = 'd'.repeat(64);
    const needs = [{ role: 'approver', approvers: 2 }];
    const wanted = { kind: 'approval-needed', rules: ['ASK_TWO'], digest, policy: 'e'.repeat(64), needs };
    const { deps, ref, last } = await given({ run: { steps: { 'decide#1': wanted } } });
    const { expiresAt } = await approve.run(deps, { ...ref, action: 1, round: 1, token: 't' });
    expect(await last()).toMatchObject({
      step: 'approve#1',
      policy: { decision: 'ask', rule_ids: ['ASK_TWO'] },
      approval: { digest, needs, expires_at: expiresAt, decisions: [] },
      result: { status: 'requested' },
    });
  });

  it('how a run ended, and by which rules', async () => {
    const { deps, ref, last } = await given();
    expect(await respond.run(deps, { ...ref, outcome: 'refused', rules: ['A_RULE'] })).toEqual({
      kind: 'closed',
      outcome: 'refused',
    });
    expect(await last()).toMatchObject({
      policy: { decision: 'refused', rule_ids: ['A_RULE'] },
      result: { status: 'refused' },
    });
  });

  const refused = (because: string) => ({ kind: 'refused', because, rules: [] });
  it.each<[string, Readonly<Record<string, unknown>>, string, readonly string[]]>([
    ['nothing', {}, 'refused', []],
    [
      'what is undone and what was never done',
      { 'survey#1': {}, 'verify#1': { kind: 'undone' }, 'survey#2': refused('never-done') },
      'completed',
      ['UNDO_NEVER_DONE', 'UNDO_UNDONE'],
    ],
    [
      'what is undone and what somebody has changed',
      { 'survey#1': {}, 'verify#1': { kind: 'undone' }, 'survey#2': {}, 'decide#2': refused('changed') },
      'refused',
      ['UNDO_CHANGED', 'UNDO_UNDONE'],
    ],
  ])('of an undo, %s: what it comes to', async (_, steps, outcome, rules) => {
    const { deps, ref, last } = await given({ run: { steps, undo: { of: aRunId(), reason: 'a test' } } });
    expect(await respond.run(deps, { ...ref, outcome: 'reported', rules: [] })).toEqual({ kind: 'closed', outcome });
    expect((await last())?.policy).toEqual({ decision: outcome, rule_ids: rules });
  });

  it('that people have a run, with each reading once, whatever else the proposal is made of', async () => {
    const { proposal } = aRelease();
    const text = [{ from: 'record' as const, tool: 'jira.get', field: 'summary' }];
    const run = await given({ release: aRelease({ proposal: { ...proposal, text } }) });
    await run.read('before', { issueKey: 'OPS-1', summary: 'x' });
    await escalate.run(run.deps, { ...run.ref, because: 'unsure', rules: ['A_RULE'] });
    const record = await run.last();
    expect(record).toMatchObject({
      policy: { decision: 'escalate', rule_ids: ['A_RULE'] },
      result: { status: 'unsure' },
    });
    expect(record?.sources?.map(({ ref }) => ref)).toEqual([
      `INPUT#acme#${run.ref.run}`,
      `READ#jira:read#acme#${run.ref.run}/jira.get#before`,
    ]);
  });

  it.each([
    ['what shows', false, ['Network'], 'verified', ['ASSIGN_ALLOWED']],
    ['what does not show', false, ['Access'], 'mismatch', ['EFFECT_NOT_SEEN']],
    ['what shows of an undo', true, ['Network'], 'undone', ['ASSIGN_ALLOWED']],
    ['what does not show of an undo', true, ['Access'], 'mismatch', ['EFFECT_NOT_SEEN']],
  ] as const)('what was read back of a write: %s', async (_, isUndo, components, kind, rules) => {
    const { deps, ref, state, read, last } = await given();
    const writ = aWrit({ ...ref, ...(isUndo && { undoes: { run: aRunId(), action: 1 } }) });
    const at = AT.toISOString();
    const claim = { digest: writ.digest, status: 'done', attempt: 3, startedAt: at, leaseUntil: at, latencyMs: 12 };
    await state.put({ ...keys.writ(ref, writ.scope, 1), content: writ });
    await state.put({ ...keys.claim(ref, writ.scope, 1), content: claim });
    const output = { issueKey: 'OPS-1', components };
    await read('after', output);
    expect(await verify.run(deps, { ...ref, action: 1 })).toEqual({ kind, rules });
    expect(eventOf(await last())).toEqual({
      step: 'verify#1',
      tool: { name: 'jira.assign', scope: 'jira:write', dry_run: false },
      args_redacted: { issueKey: 'OPS-1', component: 'Network' },
      policy: { decision: kind, rule_ids: rules },
      writ: { action: 1, digest: writ.digest },
      claim: { status: 'done', attempt: 3 },
      result: { status: kind, latency_ms: 12, retries: 2 },
      sources: [
        { ref: `READ#jira:read#acme#${ref.run}/jira.get#after`, sha256: digestOf(output) },
        { ref: `WRIT#jira:write#acme#${ref.run}/1`, sha256: writ.digest },
        { ref: `CLAIM#jira:write#acme#${ref.run}/1`, sha256: digestOf(claim) },
      ],
    });
  });

  it('nothing of an undo whose action has its writ where this release does not look, and all of another', async () => {
    const writ = aWrit();
    const steps = { 'decide#1': { kind: 'authorised', writ: { scope: 'desk:write', action: 1, digest: writ.digest } } };
    const original = aRun({ status: 'closed', outcome: 'completed', steps }).run;
    const undoing = await given({ run: { undo: { of: original.run, reason: 'a test' } } });
    await undoing.state.put({ ...keys.run(original), content: original });
    await expect(survey.run(undoing.deps, { ...undoing.ref, action: 1 })).rejects.toThrow(
      new Terminal(
        `the writ of action 1 of run ${original.run} lies in scope desk:write, and is not found in jira:write: undo it by hand, or with a release whose actions have that scope`
      )
    );
    expect((await undoing.kept()).records).toHaveLength(1);
    expect(await survey.run(undoing.deps, { ...undoing.ref, action: 2 })).toMatchObject({ because: 'never-done' });
  });

  describe('of a run that people get', () => {
    /** With a writ that was claimed for the second time, and whose end nobody has heard. */
    const claimedTwice = async () => {
      const run = await given();
      await propose.run(run.deps, { ...run.ref, action: 1 });
      await decide.run(run.deps, { ...run.ref, action: 1 });
      const [writ] = await run.writs();
      const claim = { digest: writ?.digest, status: 'in-doubt', attempt: 2, startedAt: AT.toISOString() };
      const content = { ...claim, leaseUntil: AT.toISOString() };
      await run.state.put({ ...keys.claim(run.ref, 'jira:write', 1), content });
      return run;
    };
    const told = async ({ last, state, ref }: Awaited<ReturnType<typeof claimedTwice>>) => {
      const record = await last();
      const escalation = (await state.get(keys.escalation(ref)))?.content;
      return { record, escalation };
    };

    it('why, by which rules, after how many tries, and where the evidence lies', async () => {
      const run = await claimedTwice();
      await escalate.run(run.deps, { ...run.ref, because: 'in-doubt', rules: ['ASSIGN_ALLOWED'] });
      const { record, escalation } = await told(run);
      expect(record).toMatchObject({
        step: 'escalate',
        policy: { decision: 'escalate', rule_ids: ['ASSIGN_ALLOWED'] },
        claim: { status: 'in-doubt', attempt: 2 },
        result: { status: 'in-doubt', retries: 1 },
        doubts: [{ action: 1, tool: 'jira.assign', claim: 'in-doubt' }],
      });
      expect(escalation).toMatchObject({ because: 'in-doubt', rules: ['ASSIGN_ALLOWED'], doubts: [{ action: 1 }] });
      expect((escalation as { evidence: string[] }).evidence).toEqual(record?.sources?.map(({ ref }) => ref));
    });

    it('what ended its execution, where that closed nothing', async () => {
      const run = await claimedTwice();
      await reap.run(run.deps, reap.input.parse({ detail: { status: 'TIMED_OUT', input: JSON.stringify(run.ref) } }));
      const { record, escalation } = await told(run);
      expect(record).toMatchObject({ step: 'reap', result: { status: 'fault', retries: 1 } });
      expect(escalation).toMatchObject({ because: 'fault', rules: ['EXECUTION_TIMED_OUT'] });
    });

    it('no tries where it had no claim', async () => {
      const { deps, ref, last } = await given();
      await escalate.run(deps, { ...ref, because: 'unsure', rules: [] });
      expect((await last())?.result).toEqual({ status: 'unsure' });
    });
  });
});
