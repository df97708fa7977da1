import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { rulesEngine } from '../../../lambdas/core/engine/rules.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import { controlSubject } from '../../../lambdas/core/gate/controls.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { ask } from '../../../lambdas/core/steps/ask.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import { AT, aReading, aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';

describe.skipIf(!hasDynoxide)('the steps of a run', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const given = (about: Given = {}) => givenRun(dynoxide, about);

  it('leads from a task to a verified effect, and leaves an unbroken chain', async () => {
    const { state, ref, deps, read, kept, writs } = await given();

    expect(await route.run(deps, { ...ref, round: 0 })).toEqual({
      kind: 'eligible',
      rule: 'NOTHING_AGAINST_IT',
      ids: { issueKey: 'OPS-1' },
    });
    expect(await propose.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'proposed', abstained: false });
    const verdict = await decide.run(deps, { ...ref, action: 1 });
    expect(verdict).toMatchObject({ kind: 'authorised', rules: ['ASSIGN_ALLOWED'] });
    const [writ] = await writs();
    expect(writ).toMatchObject({ arguments: { issueKey: 'OPS-1', component: 'Network' }, user: 'u-1' });

    const claim = { digest: writ?.digest, status: 'done', attempt: 1 };
    await state.put({
      ...keys.claim(ref, 'jira:write', 1),
      content: { ...claim, startedAt: AT.toISOString(), leaseUntil: AT.toISOString(), latencyMs: 12 },
    });
    await read('after', { issueKey: 'OPS-1', components: ['Network'] });
    expect(await verify.run(deps, { ...ref, action: 1 })).toEqual({ kind: 'verified', rules: ['ASSIGN_ALLOWED'] });
    await respond.run(deps, { ...ref, outcome: 'completed', rules: ['ASSIGN_ALLOWED'] });

    const { run, records } = await kept();
    expect(run).toMatchObject({ status: 'closed', outcome: 'completed', rules: ['ASSIGN_ALLOWED'] });
    expect(faultOf(records, run.head)).toBeUndefined();
    expect(records.map(({ step }) => step)).toEqual(['submit', 'route#0', 'decide#1', 'verify#1', 'respond']);
    expect(records[2]).toMatchObject({
      tool: { name: 'jira.assign', scope: 'jira:write', dry_run: false },
      args_redacted: { issueKey: 'OPS-1', component: 'Network' },
      provenance: { issueKey: 'user', component: 'composed' },
      policy: { decision: 'permitted', rule_ids: ['ASSIGN_ALLOWED'] },
    });
    expect(records[3]?.result).toEqual({ status: 'verified', latency_ms: 12, retries: 0 });
  });

  it('puts nothing that people wrote into a record of the audit', async () => {
    const summary = 'the vpn of Ada Lovelace drops';
    const { ref, deps, kept } = await given({ fields: { summary, issueKey: 'OPS-1' } });
    await route.run(deps, { ...ref, round: 0 });
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    await escalate.run(deps, { ...ref, because: 'mismatch', rules: ['EFFECT_NOT_SEEN'] });

    const { run, records } = await kept();
    expect(JSON.stringify([run, records])).not.toContain('Lovelace');
  });

  it('gives one writ and one record, however often and concurrently it decides', async () => {
    const { ref, deps, kept, writs } = await given();
    await propose.run(deps, { ...ref, action: 1 });

    const verdicts = await Promise.all(Array.from({ length: 12 }, () => decide.run(deps, { ...ref, action: 1 })));

    expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
    expect(await writs()).toHaveLength(1);
    const { run, records } = await kept();
    expect(records).toHaveLength(2);
    expect(faultOf(records, run.head)).toBeUndefined();
  });

  it.each([
    ['global', 'STOPPED_GLOBAL'],
    ['tenant:acme', 'STOPPED_TENANT'],
    ['workflow:ticket-triage', 'STOPPED_WORKFLOW'],
    ['scope:jira:write', 'STOPPED_SCOPE'],
  ])('issues no writ where %s is stopped between looking and writing', async (subject, rule) => {
    let stop = async (): Promise<void> => {};
    const { ref, deps, control, writs } = await given({
      run: { tenant: 'acme' },
      ledger: (real) => ({
        ...real,
        move: async (...args) => {
          await stop();
          return real.move(...args);
        },
      }),
    });
    await propose.run(deps, { ...ref, action: 1 });
    stop = () => control({ subject, stopped: true });

    const verdict = await decide.run(deps, { ...ref, action: 1 });
    await control({ subject, stopped: false });

    expect(verdict).toEqual({ kind: 'refused', because: 'stopped', rules: [rule] });
    expect(await writs()).toEqual([]);
  });

  it('issues no writ where the mode of the tenant changes between looking and writing', async () => {
    let change = async (): Promise<void> => {};
    const { ref, deps, control, writs } = await given({
      run: { tenant: 'modes' },
      ledger: (real) => ({
        ...real,
        move: async (...args) => {
          await change();
          return real.move(...args);
        },
      }),
    });
    await propose.run(deps, { ...ref, action: 1 });
    change = () => control({ subject: controlSubject('tenant', 'modes'), mode: 'shadow' });

    expect(await decide.run(deps, { ...ref, action: 1 })).toEqual({ kind: 'recorded', rules: ['ASSIGN_ALLOWED'] });
    expect(await writs()).toEqual([]);
  });

  it.each(['shadow', 'suggest'] as const)('records and issues nothing in mode %s', async (mode) => {
    const { ref, deps, kept, writs } = await given({ release: aRelease({ mode }) });
    await propose.run(deps, { ...ref, action: 1 });

    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'recorded' });
    expect(await writs()).toEqual([]);
    expect((await kept()).records.at(-1)?.tool).toMatchObject({ dry_run: true });
  });

  it('keeps the first proposal, whatever an engine says the second time', async () => {
    const { ref, deps } = await given();
    const first = await propose.run(deps, { ...ref, action: 1 });
    const other = rulesEngine('other', [{ id: 'SAYS_VPN', label: 'Hardware', anyOf: ['vpn'] }]);

    expect(await propose.run({ ...deps, proposer: other }, { ...ref, action: 1 })).toEqual(first);
  });

  it('asks for a missing field, once a round, and goes on with the reply', async () => {
    const { state, ref, deps, kept } = await given({ fields: { summary: 'the vpn drops' } });
    expect(await route.run(deps, { ...ref, round: 0 })).toEqual({
      kind: 'missing',
      rule: 'ISSUE_KEY_MISSING',
      field: 'issueKey',
    });
    const request = { ...ref, round: 0, field: 'issueKey' };
    await ask.run(deps, { ...request, token: 'first' });
    await ask.run(deps, { ...request, token: 'second' });
    expect((await state.get(keys.question(ref, 0)))?.content).toMatchObject({ token: 'second', field: 'issueKey' });
    expect((await kept()).run.status).toBe('waiting');

    await state.put({ ...keys.reply(ref, 0), content: { issueKey: 'OPS-7' } });
    expect(await route.run(deps, { ...ref, round: 1 })).toMatchObject({ kind: 'eligible', ids: { issueKey: 'OPS-7' } });
    const { run, records } = await kept();
    expect(run.status).toBe('active');
    expect(records.map(({ step }) => step)).toEqual(['submit', 'route#0', 'ask#0', 'route#1']);
  });

  it('keeps the token that is waited for, where another attempt was recorded at the same moment', async () => {
    let before = async (): Promise<unknown> => undefined;
    const { state, ref, deps } = await given({
      fields: { summary: 'the vpn drops' },
      ledger: (real) => ({
        ...real,
        move: async (...args) => {
          const [first, once] = [before, async () => undefined];
          before = once;
          await first();
          return real.move(...args);
        },
      }),
    });
    const request = { ...ref, round: 0, field: 'issueKey' };
    before = () => ask.run(deps, { ...request, token: 'given up' });

    await ask.run(deps, { ...request, token: 'waited for' });
    expect((await state.get(keys.question(ref, 0)))?.content).toMatchObject({ token: 'waited for' });
  });

  it('answers what is off topic before anything is asked or read', async () => {
    const { ref, deps } = await given({ fields: { summary: 'what is on the lunch menu' } });
    expect(await route.run(deps, { ...ref, round: 0 })).toEqual({ kind: 'not-eligible', rule: 'OFF_TOPIC' });
  });

  it('sees a mismatch where the effect is not there', async () => {
    const { state, ref, deps, read, writs } = await given();
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    await read('after', { issueKey: 'OPS-1', components: ['Network', 'Hardware'] });
    await expect(verify.run(deps, { ...ref, action: 1 })).rejects.toThrow(Terminal);
    const [writ] = await writs();
    const content = { digest: writ?.digest, status: 'done', attempt: 2 };
    await state.put({
      ...keys.claim(ref, 'jira:write', 1),
      content: { ...content, startedAt: AT.toISOString(), leaseUntil: AT.toISOString() },
    });

    expect(await verify.run(deps, { ...ref, action: 1 })).toEqual({ kind: 'mismatch', rules: ['EFFECT_NOT_SEEN'] });
  });

  it('closes once: what comes later is refused, and the reaper finds nothing to do', async () => {
    const { ref, deps, kept } = await given();
    await escalate.run(deps, { ...ref, because: 'unsure', rules: ['ENGINE_ABSTAINED'] });
    await escalate.run(deps, { ...ref, because: 'unsure', rules: ['ENGINE_ABSTAINED'] });

    await expect(respond.run(deps, { ...ref, outcome: 'completed', rules: [] })).rejects.toThrow('comes too late');
    const ended = { detail: { status: 'FAILED', input: JSON.stringify({ ...ref, workflow: 'ticket-triage' }) } };
    expect(await reap.run(deps, reap.input.parse(ended))).toEqual({ kind: 'reaped' });
    expect((await kept()).run.outcome).toBe('escalated');
    expect((await kept()).records).toHaveLength(2);
  });

  it('serves its own release only, but for the reaper', async () => {
    const { ref, deps, kept } = await given({ release: aRelease({ release: 'b'.repeat(64) }) });

    await expect(route.run(deps, { ...ref, round: 0 })).rejects.toThrow('is pinned to release');
    await expect(propose.run(deps, { ...ref, action: 1 })).rejects.toThrow('is pinned to release');
    await reap.run(deps, reap.input.parse({ detail: { status: 'TIMED_OUT', input: JSON.stringify(ref) } }));
    expect((await kept()).run).toMatchObject({ status: 'closed', outcome: 'failed', rules: ['EXECUTION_TIMED_OUT'] });
  });

  it.each([
    ['a reading', (ref: RunRef) => keys.reading(ref, aReading({ call: 'now' }))],
    ['a proposal', (ref: RunRef) => keys.plan(ref, 1)],
  ])('closes what cannot be read whole, and says so: %s of another release', async (_, keyOf) => {
    const { ref, deps, state, kept } = await given();
    await state.put({ ...keyOf(ref), content: { of: 'a later release' } });

    await reap.run(deps, reap.input.parse({ detail: { status: 'ABORTED', input: JSON.stringify(ref) } }));
    const { run, records } = await kept();
    expect(run).toMatchObject({
      status: 'closed',
      outcome: 'failed',
      rules: ['EXECUTION_ABORTED', 'EVIDENCE_UNREADABLE'],
    });
    expect(faultOf(records, run.head)).toBeUndefined();
  });

  it('tells what is in doubt of a run also where something else of it cannot be read', async () => {
    const { ref, deps, state, kept, writs } = await given();
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    const [writ] = await writs();
    const claim = { digest: writ?.digest, status: 'executing', attempt: 1, startedAt: AT.toISOString() };
    await state.put({ ...keys.claim(ref, 'jira:write', 1), content: { ...claim, leaseUntil: AT.toISOString() } });
    await state.put({ ...keys.reading(ref, aReading({ call: 'now' })), content: { of: 'a later release' } });

    await reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } }));
    expect((await kept()).run.rules).toEqual(['EXECUTION_FAILED', 'EVIDENCE_UNREADABLE']);
    expect((await state.get(keys.escalation(ref)))?.content).toMatchObject({
      doubts: [{ action: 1, tool: 'jira.assign', claim: 'executing' }],
    });
  });

  it('closes what lies in a scope that it may not read any more, and says so; what may be read by and by it waits for', async () => {
    let fault: Error = new Retryable('not now');
    const ledger: Given['ledger'] = (real) => ({
      ...real,
      look: async (ref, wanted) => {
        if (wanted.writ !== undefined) throw fault;
        return real.look(ref, wanted);
      },
    });
    const { ref, deps, kept } = await given({ ledger });
    const reaped = () => reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } }));
    await expect(reaped()).rejects.toThrow('not now');
    expect((await kept()).run.status).toBe('active');

    fault = new Terminal('reading the state was refused (AccessDeniedException)');
    await reaped();
    expect((await kept()).run).toMatchObject({ status: 'closed', rules: ['EXECUTION_FAILED', 'EVIDENCE_UNREADABLE'] });
  });

  it('says that there is no such run', async () => {
    const { deps, ref } = await given();
    await expect(route.run(deps, { tenant: 'other', run: ref.run, round: 0 })).rejects.toThrow('there is no run');
  });

  it('gives up as Retryable where somebody keeps moving the run', async () => {
    const { ref, deps } = await given({ ledger: (real) => ({ ...real, move: async () => 'stale' }) });
    await expect(route.run(deps, { ...ref, round: 0 })).rejects.toThrow(Retryable);
  });

  it('keeps one chain and at most one writ under any repetition and order of its steps', async () => {
    const step = fc.constantFrom('route', 'propose', 'decide', 'escalate', 'respond', 'reap');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { maxLength: 5 }), async (waves) => {
        const { ref, deps, kept, writs } = await given();
        const steps: Record<string, () => Promise<unknown>> = {
          route: () => route.run(deps, { ...ref, round: 0 }),
          propose: () => propose.run(deps, { ...ref, action: 1 }),
          decide: () => decide.run(deps, { ...ref, action: 1 }),
          escalate: () => escalate.run(deps, { ...ref, because: 'fault', rules: ['A_TEST'] }),
          respond: () => respond.run(deps, { ...ref, outcome: 'refused', rules: ['A_TEST'] }),
          reap: () => reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } })),
        };
        for (const wave of waves) {
          const results = await Promise.allSettled(wave.map((name) => steps[name]?.()));
          for (const result of results)
            if (result.status === 'rejected') expect(['Terminal', 'Retryable']).toContain(result.reason.name);
        }
        const { run, records } = await kept();
        expect(faultOf(records, run.head)).toBeUndefined();
        expect(new Set(records.map((record) => record.step)).size).toBe(records.length);
        const issued = records.filter(
          ({ step: name, result }) => name === 'decide#1' && result?.status === 'authorised'
        );
        expect(await writs()).toHaveLength(issued.length);
        expect(records.filter(({ step: name }) => ['escalate', 'respond', 'reap'].includes(name)).length).toBeLessThan(
          2
        );
      }),
      { numRuns: 40 }
    );
  });
});
