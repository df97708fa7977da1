import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mishap } from '../../../drills/gate/mishaps.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { ApprovalHead } from '../../../lambdas/core/gate/approval.ts';
import { controlSubject } from '../../../lambdas/core/gate/controls.ts';
import { rulesPolicy } from '../../../lambdas/core/gate/policy.ts';
import type { Ledger } from '../../../lambdas/core/ledger.ts';
import { approve } from '../../../lambdas/core/steps/approve.ts';
import { escalate } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { waitingRun } from '../../support/approval.ts';
import { aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { faulty } from '../../support/faulty.ts';
import { givenRun } from '../../support/run.ts';

const ROUND = { action: 1, round: 1 };

describe.skipIf(!hasDynoxide)('deciding again after an approval', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** The head of a run's approval, as it lies there; `change` puts it there otherwise. */
  const headOf = async ({ state, ref }: Awaited<ReturnType<typeof waitingRun>>) => {
    const item = await state.get(keys.approval(ref, ROUND));
    const head = ApprovalHead.parse(item?.content);
    return {
      head,
      change: (given: Partial<ApprovalHead>) =>
        state.put({ ...keys.approval(ref, ROUND), content: { ...head, ...given } }),
    };
  };

  /** A run and, once it is told so, something that happens between looking and writing. */
  const withMeanwhile = async (given: Parameters<typeof waitingRun>[1] = {}) => {
    let meanwhile = async (): Promise<unknown> => undefined;
    const ledger = (real: Ledger): Ledger => ({
      ...real,
      move: async (...args) => {
        const [first, never] = [meanwhile, async () => undefined];
        meanwhile = never;
        await first();
        return real.move(...args);
      },
    });
    const run = await waitingRun(dynoxide, { ...given, ledger });
    return {
      ...run,
      next: (what: () => Promise<unknown>) => {
        meanwhile = what;
      },
    };
  };

  it('finds a stop that was set after the approval', async () => {
    const { say, control, decided, writs } = await waitingRun(dynoxide);
    await say('approve');
    await control({ subject: controlSubject('scope', 'jira:write'), stopped: true });
    const verdict = await decided(2);
    await control({ subject: controlSubject('scope', 'jira:write'), stopped: false });

    expect(verdict).toEqual({ kind: 'refused', because: 'stopped', rules: ['STOPPED_SCOPE'] });
    expect(await writs()).toEqual([]);
  });

  it('refuses where the policy is another than the one under which it was approved', async () => {
    const { say, deps, ref, writs } = await waitingRun(dynoxide);
    await say('approve');
    const when = [{ fact: 'action.tool', is: 'jira.assign' }];
    const policy = rulesPolicy([{ id: 'ALL_ALLOWED', effect: 'permit', because: 'another version', when }]);

    expect(await decide.run({ ...deps, policy }, { ...ref, action: 1, round: 2 })).toEqual({
      kind: 'refused',
      because: 'not-approved',
      rules: ['APPROVED_SOMETHING_ELSE'],
    });
    expect(await writs()).toEqual([]);
  });

  it('serves no other release than the one under which it was approved', async () => {
    const { say, deps, ref, writs } = await waitingRun(dynoxide);
    await say('approve');
    const release = { ...deps.release, release: '0'.repeat(64) };
    await expect(decide.run({ ...deps, release }, { ...ref, action: 1, round: 2 })).rejects.toMatchObject({
      name: 'Terminal',
    });
    expect(await writs()).toEqual([]);
  });

  it('refuses where the action is another than the one that was approved', async () => {
    const { say, state, ref, decided, writs } = await waitingRun(dynoxide);
    await say('approve');
    const item = await state.get(keys.plan(ref, 1));
    const plan = item?.content as { arguments: object };
    const content = { ...plan, arguments: { ...plan.arguments, component: 'Hardware' } };
    await state.put({ ...keys.plan(ref, 1), content });

    expect(await decided(2)).toMatchObject({ because: 'not-approved', rules: ['APPROVED_SOMETHING_ELSE'] });
    expect(await writs()).toEqual([]);
  });

  it.each<[string, Partial<ApprovalHead>]>([
    ['of another digest', { digest: 'f'.repeat(64) }],
    ['of another requester', { requester: 'u-2' }],
    ['by whoever submitted the task', { approvers: ['u-1'] }],
  ])('refuses an approval that is %s, however it came there', async (_, given) => {
    const run = await waitingRun(dynoxide);
    await run.say('approve');
    await (await headOf(run)).change(given);
    expect(await run.decided(2)).toMatchObject({ because: 'not-approved' });
    expect(await run.writs()).toEqual([]);
  });

  it('asks again where what was approved has expired, and once only', async () => {
    const { say, clock, decided, asked, writs, digest } = await waitingRun(dynoxide);
    clock.pass(86_399);
    expect((await say('approve')).status).toBe(200);
    clock.pass(1);
    expect(await decided(2)).toMatchObject({ kind: 'approval-needed', digest });
    expect(await writs()).toEqual([]);

    await asked('token-2', 2);
    expect((await say('approve')).status).toBe(200); // what was said stands, and changes nothing any more
    expect((await say('approve', 'a-1', {}, 2)).status).toBe(200);
    expect(await decided(3)).toMatchObject({ kind: 'authorised' });
  });

  it('asks again where more is needed by then: the mode of the tenant', async () => {
    const tenant = 'growing';
    const when = [{ fact: 'action.tool', is: 'jira.assign' }];
    const ask = { id: 'ASK_OPERATOR', effect: 'ask' as const, role: 'operator' as const, because: 'a test', when };
    const release = aRelease({ policy: [...aRelease().policy, ask] });
    const { say, control, decided } = await waitingRun(dynoxide, { release, run: { tenant } });
    await say('approve', 'o-1', { tenant, roles: '[operator]' });
    await control({ subject: controlSubject('tenant', tenant), mode: 'supervised' });

    expect(await decided(2)).toMatchObject({
      kind: 'approval-needed',
      rules: ['ASK_OPERATOR', 'MODE_SUPERVISED'],
      needs: [
        { role: 'approver', approvers: 1 },
        { role: 'operator', approvers: 1 },
      ],
    });
  });

  it.each([
    ['shadow', { kind: 'recorded' }],
    ['autopilot', { kind: 'authorised' }],
  ] as const)('goes by the mode of the tenant as it is then: %s', async (mode, verdict) => {
    const tenant = `now-${mode}`;
    const { say, control, decided } = await waitingRun(dynoxide, { run: { tenant } });
    await say('approve', 'a-1', { tenant });
    await control({ subject: controlSubject('tenant', tenant), mode });
    expect(await decided(2)).toMatchObject(verdict);
  });

  it.each(['shadow', 'autopilot'] as const)('keeps to a refusal, whatever the mode has become: %s', async (mode) => {
    const tenant = `refused-${mode}`;
    const { say, control, decided, writs } = await waitingRun(dynoxide, { run: { tenant } });
    await say('refuse', 'a-1', { tenant });
    await control({ subject: controlSubject('tenant', tenant), mode });
    expect(await decided(2)).toMatchObject({ because: 'declined' });
    expect(await writs()).toEqual([]);
  });

  it.each<[string, Partial<ApprovalHead>, object]>([
    ['somebody refused', { vetoed: true }, { because: 'declined' }],
    ['fewer had approved', { approved: { approver: 0, operator: 5 } }, { kind: 'approval-needed' }],
    ['it was of another digest', { digest: 'f'.repeat(64) }, { because: 'not-approved' }],
    ['it had expired', { expiresAt: '2030-01-02T03:04:05.000Z' }, { kind: 'approval-needed' }],
    ['whoever submitted the task had approved', { approvers: ['a-1', 'u-1'] }, { because: 'not-approved' }],
  ])('issues nothing where it turns out between looking and writing that %s', async (_, given, verdict) => {
    const run = await withMeanwhile();
    await run.say('approve');
    const { change } = await headOf(run);
    run.next(() => change(given));
    expect(await run.decided(2)).toMatchObject(verdict);
    expect(await run.writs()).toEqual([]);
  });

  it("asks again where what two roles approved turns out to be one person's, between looking and writing", async () => {
    const when = [{ fact: 'action.tool', is: 'jira.assign' }];
    const ask = { id: 'ASK_OPERATOR', effect: 'ask' as const, role: 'operator' as const, because: 'a test', when };
    const release = aRelease({ mode: 'supervised', policy: [...aRelease().policy, ask] });
    const run = await withMeanwhile({ release });
    await run.say('approve');
    await run.say('approve', 'o-1', { roles: '[approver operator]' });
    const { head, change } = await headOf(run);
    const [, both] = head.decisions;
    if (both === undefined) throw new TypeError('two have said something');
    run.next(() => change({ approvers: [both.by], decisions: [both] }));
    expect(await run.decided(2)).toMatchObject({ kind: 'approval-needed' });
    expect(await run.writs()).toEqual([]);
  });

  it('asks first where the tenant comes under supervision between looking and writing', async () => {
    const tenant = 'supervised-late';
    let isFirst = true;
    const { deps, ref, control, writs } = await givenRun(dynoxide, {
      run: { tenant },
      ledger: (real) => ({
        ...real,
        move: async (...args) => {
          if (isFirst) await control({ subject: controlSubject('tenant', tenant), mode: 'supervised' });
          isFirst = false;
          return real.move(...args);
        },
      }),
    });
    await propose.run(deps, { ...ref, action: 1 });
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'approval-needed' });
    expect(await writs()).toEqual([]);
  });

  it.each<[string, readonly Mishap[]]>([
    ['conflicts', ['TransactionConflict', 'ThrottlingError']],
    ['a lost answer', ['answer lost']],
    ['both', ['answer lost', 'TransactionConflict', 'answer lost']],
  ])('issues one writ through %s', async (_, mishaps) => {
    const { connection, meet } = faulty(dynoxide.connection);
    const { say, decided, writs, kept } = await waitingRun(dynoxide, { connection });
    await say('approve');
    meet(...mishaps);
    // a lost answer is Retryable, and the state machine tries again
    const again = () => decided(2).catch(() => decided(2));
    expect(await again().catch(() => again())).toMatchObject({ kind: 'authorised' });
    expect(await writs()).toHaveLength(1);
    expect((await kept()).records.at(-1)?.step).toBe('decide#1.2');
  });

  it('asks for no approval that Decide did not say is needed', async () => {
    const { deps, ref, first } = await waitingRun(dynoxide, { release: aRelease() });
    expect(first.kind).toBe('authorised');
    await expect(approve.run(deps, { ...ref, ...ROUND, token: 't' })).rejects.toMatchObject({ name: 'Terminal' });
  });

  it('asks once, and keeps the newest token', async () => {
    const { asked, state, ref, clock, kept } = await waitingRun(dynoxide);
    clock.pass(20);
    await asked('token-1b');
    const item = await state.get(keys.request(ref, ROUND));
    expect(item?.content).toMatchObject({ token: 'token-1b', expiresAt: '2030-01-03T03:04:05.000Z' });
    expect((await kept()).records.filter(({ step }) => step === 'approve#1')).toHaveLength(1);
    expect((await kept()).run.status).toBe('waiting');
  });

  it('hands over, with what was said so far, what not enough people approved in time', async () => {
    const when = [{ fact: 'action.tool', is: 'jira.assign' }];
    const ask = { id: 'ASK_TWO', effect: 'ask' as const, approvers: 2, because: 'a test', when };
    const release = aRelease({ policy: [...aRelease().policy, ask] });
    const { say, deps, ref, kept } = await waitingRun(dynoxide, { release });
    await say('approve');
    await escalate.run(deps, { ...ref, because: 'no-approval', rules: ['ASK_TWO'] });

    const last = (await kept()).records.at(-1);
    expect(last).toMatchObject({ result: { status: 'no-approval' }, approval: { decisions: [{ user: 'a-1' }] } });
    expect(last?.sources?.map((source) => source.ref)).toContain(`APPROVAL#acme#${ref.run}/head#1#1`);
  });
});
