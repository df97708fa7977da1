import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { approvalDigest } from '../../../lambdas/core/gate/approval.ts';
import { rulesPolicy } from '../../../lambdas/core/gate/policy.ts';
import { approve } from '../../../lambdas/core/steps/approve.ts';
import { waitingRun } from '../../support/approval.ts';
import { AT, aRelease, aRunId, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import type { Given } from '../../support/run.ts';
import { actionDigest, aTenant, rateSpent, rulingsOf, spared, written } from './rulings.ts';

/*
 * What Decide answers where people are asked, before and afterwards, and all that the audit has of it.
 */

describe.skipIf(!hasDynoxide)('a ruling that people have a say in', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const needs = [{ role: 'approver', approvers: 1 }];
  const asking = ['MODE_SUPERVISED'];

  /** A run of a tenant that no other test has, which waits for its approval. */
  const waiting = async (given: Given = {}) => {
    const tenant = aTenant();
    const run = await waitingRun(dynoxide, { ...given, run: { tenant, run: aRunId() } });
    const { state, ref } = run;
    /** What people said, as a ruling tells it, and where that lies. */
    const said = async (decision: 'approve' | 'refuse') => {
      run.clock.pass(1);
      expect((await run.say(decision, 'a-1', { tenant })).status).toBe(200);
      const head = (await state.get(keys.approval(ref, { action: 1, round: 1 })))?.content;
      const at = run.clock.now().toISOString();
      run.clock.pass(1);
      return {
        at,
        approval: {
          digest: run.digest,
          expires_at: new Date(AT.getTime() + 86_400_000).toISOString(),
          decisions: [{ user: 'a-1', roles: ['approver'], decision, at }],
        },
        sources: [{ ref: `APPROVAL#${tenant}#${ref.run}/head#1#1`, sha256: digestOf(head) }],
      };
    };
    return { ...run, ...rulingsOf(run), said };
  };

  it('asks for an approval of exactly this, and authorises nothing', async () => {
    const run = await waiting();
    const policy = run.deps.policy.version;
    const digest = approvalDigest(run.run, await run.planned(), policy);
    expect(run.first).toEqual({ kind: 'approval-needed', rules: asking, digest, policy, needs });
    const more = { mode: 'supervised', tool: spared, result: { status: 'approval-needed' } };
    expect(await run.told()).toEqual(await run.expected({ decision: 'ask', rules: asking }, more));
  });

  it('authorises what was approved, and the writ says by whom; the run goes on', async () => {
    const run = await waiting();
    const { at, approval, sources } = await run.said('approve');
    expect((await run.kept()).run.status).toBe('waiting');
    const writ = { action: 1, digest: actionDigest() };
    const rules = ['ASSIGN_ALLOWED', ...asking];
    expect(await run.decided(2)).toEqual({ kind: 'authorised', writ: { scope: 'jira:write', ...writ }, rules });

    const more = { tool: written, writ, result: { status: 'authorised' }, limits: [rateSpent] };
    const ruling = { decision: 'permitted', rules, sources };
    expect(await run.told('decide#1.2')).toEqual(
      await run.expected(ruling, { ...more, step: 'decide#1.2', mode: 'supervised', approval })
    );
    const issuedAt = run.clock.now().toISOString();
    expect(await run.writs()).toEqual([aWrit({ ...run.ref, rules, approvals: [{ by: 'a-1', at }], issuedAt })]);
    expect((await run.kept()).run.status).toBe('active');
  });

  it.each([
    ['what somebody refused', 'refuse', 'ASSIGN_ALLOWED', 'declined', 'REFUSED_BY_APPROVER'],
    ['what is not what was approved', 'approve', 'ANOTHER_RULE', 'not-approved', 'APPROVED_SOMETHING_ELSE'],
  ] as const)('refuses %s, and the run goes on', async (_, decision, id, because, rule) => {
    const run = await waiting();
    const { approval, sources } = await run.said(decision);
    Object.assign(run.deps, { policy: rulesPolicy(aRelease().policy.map((each) => ({ ...each, id }))) });
    expect(await run.decided(2)).toEqual({ kind: 'refused', because, rules: [rule] });

    const ruling = { decision: 'refused', rules: [rule], sources };
    const more = { step: 'decide#1.2', mode: 'supervised', tool: spared, approval, result: { status: because } };
    expect(await run.told('decide#1.2')).toEqual(await run.expected(ruling, more));
    expect((await run.kept()).run.status).toBe('active');
    expect(await run.writs()).toEqual([]);
  });

  it('is asked for with no new token where the run is gone meanwhile', async () => {
    let looks = Number.POSITIVE_INFINITY;
    const run = await waiting({
      ledger: (real) => ({
        ...real,
        look: async (...args) => {
          looks -= 1;
          return looks < 0 ? undefined : real.look(...args);
        },
      }),
    });
    looks = 1;
    await expect(approve.run(run.deps, { ...run.ref, action: 1, round: 1, token: 'token-2' })).rejects.toThrow(
      new Terminal(`there is no run ${run.ref.run} of tenant ${run.ref.tenant}`)
    );
    const item = await run.state.get(keys.request(run.ref, { action: 1, round: 1 }));
    expect(item?.content).toMatchObject({ token: 'token-1' });
  });
});
