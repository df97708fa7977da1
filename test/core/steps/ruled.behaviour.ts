import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { controlSubject } from '../../../lambdas/core/gate/controls.ts';
import type { PolicyRule } from '../../../lambdas/core/gate/policy.ts';
import type { Cap } from '../../../lambdas/core/limits/declared.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { aRelease, aRunId, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';
import { actionDigest, aTenant, type Made, rateSpent, rulingsOf, spared, written } from './rulings.ts';

/*
 * Each kind of ruling on a proposal: what Decide answers, and all that the audit has of it.
 */

const RULES = ['ASSIGN_ALLOWED'];
const FORBIDDEN: PolicyRule = {
  id: 'NOT_HERE',
  effect: 'forbid',
  because: 'a test',
  when: [{ fact: 'action.tool', is: 'jira.assign' }],
};

describe.skipIf(!hasDynoxide)('a ruling', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run with its proposal, of a tenant that no other test has. */
  const proposed = async (given: Given = {}) => {
    const run = await givenRun(dynoxide, { ...given, run: { tenant: aTenant(), run: aRunId(), ...given.run } });
    await propose.run(run.deps, { ...run.ref, action: 1 });
    return { ...run, ...rulingsOf(run), decided: () => decide.run(run.deps, { ...run.ref, action: 1 }) };
  };
  const issue = async ({ state, ref }: Made, given: Parameters<typeof aWrit>[0]) => {
    const writ = aWrit({ ...ref, ...given });
    await state.put({ ...keys.writ(ref, writ.scope, 1), content: writ });
    return { writ, source: { ref: `WRIT#jira:write#${ref.tenant}#${ref.run}/1`, sha256: writ.digest } };
  };

  it.each([
    ['by the policy', [FORBIDDEN], false, 'forbidden', 'NOT_HERE'],
    ['by a stop', [], true, 'stopped', 'STOPPED_TENANT'],
  ])('refuses %s', async (_, rules, stopped, because, rule) => {
    const made = await proposed({ release: aRelease({ policy: [...aRelease().policy, ...rules] }) });
    await made.control({ subject: controlSubject('tenant', made.ref.tenant), stopped });
    expect(await made.decided()).toEqual({ kind: 'refused', because, rules: [rule] });
    const ruling = { decision: 'refused', rules: [rule] };
    expect(await made.told()).toEqual(await made.expected(ruling, { tool: spared, result: { status: because } }));
  });

  it('refuses arguments that do not fit, and tells only their names', async () => {
    const made = await proposed({ fields: { summary: 'the vpn drops', issueKey: 'somebody' } });
    const rules = ['ARGUMENTS_DO_NOT_FIT'];
    expect(await made.decided()).toEqual({ kind: 'refused', because: 'schema', rules });
    expect(await made.told()).toEqual(
      await made.expected(
        { decision: 'refused', rules },
        { tool: spared, args_redacted: { issueKey: null, component: null }, result: { status: 'schema' } }
      )
    );
  });

  it('refuses by a limit, with how that stands', async () => {
    const rule = 'ASSIGNMENTS_OF_TENANT_DAY';
    const cap: Cap = { rule, because: 'a test', by: [], counts: 'actions', atMost: 0, per: 'day' };
    const made = await proposed({ release: aRelease({ limits: { ...aRelease().limits, caps: [cap] } }) });
    const standing = { rule, unit: 'actions', used: 0, asked: 1 };
    const end = '2030-01-03T00:00:00.000Z';
    expect(await made.decided()).toEqual({
      kind: 'refused',
      because: 'over-cap',
      rules: [rule],
      limits: [{ ...standing, atMost: 0, resetsAt: end }],
    });
    const limits = [{ ...standing, state: 'refused', at_most: 0, resets_at: end }];
    const ruling = { decision: 'refused', rules: [rule] };
    expect(await made.told()).toEqual(
      await made.expected(ruling, { tool: spared, result: { status: 'over-cap' }, limits })
    );
  });

  it('only records in a mode that does nothing: that of the tenant, whatever else has a control', async () => {
    const made = await proposed();
    await made.control({ subject: 'global' });
    await made.control({ subject: controlSubject('tenant', made.ref.tenant), mode: 'shadow' });
    expect(await made.decided()).toEqual({ kind: 'recorded', rules: RULES });
    const ruling = { decision: 'permitted', rules: RULES };
    expect(await made.told()).toEqual(
      await made.expected(ruling, { mode: 'shadow', tool: spared, result: { status: 'recorded' } })
    );
  });

  it('authorises by the rules of the policy alone, and tells what that spends', async () => {
    const made = await proposed();
    const writ = { action: 1, digest: actionDigest() };
    expect(await made.decided()).toEqual({ kind: 'authorised', writ: { scope: 'jira:write', ...writ }, rules: RULES });
    expect(await made.told()).toEqual(
      await made.expected(
        { decision: 'permitted', rules: RULES },
        { tool: written, writ, result: { status: 'authorised' }, limits: [rateSpent] }
      )
    );
    expect(await made.writs()).toEqual([aWrit({ ...made.ref, rules: RULES })]);
  });

  it('gives the writ that there is again, by the rules that it was given by', async () => {
    const made = await proposed({ release: aRelease({ policy: [FORBIDDEN] }) });
    const rules = ['GIVEN_BEFORE'];
    const { writ: given, source } = await issue(made, { rules });
    const writ = { action: 1, digest: given.digest };
    expect(await made.decided()).toEqual({ kind: 'authorised', writ: { scope: 'jira:write', ...writ }, rules });
    const ruling = { decision: 'issued-before', rules, sources: [source] };
    expect(await made.told()).toEqual(
      await made.expected(ruling, { tool: written, writ, result: { status: 'authorised' } })
    );
    expect(await made.writs()).toEqual([given]);
  });

  it('refuses an action that has its writ for something else', async () => {
    const made = await proposed();
    const { writ, source } = await issue(made, { digest: 'f'.repeat(64) });
    const rules = ['ACTION_HAS_ANOTHER_WRIT'];
    expect(await made.decided()).toEqual({ kind: 'refused', because: 'taken', rules });
    const ruling = { decision: 'issued-before', rules, sources: [source] };
    expect(await made.told()).toEqual(await made.expected(ruling, { tool: spared, result: { status: 'taken' } }));
    expect(await made.writs()).toEqual([writ]);
  });

  it('warns of no budget where it comes to nothing, as somebody stopped it meanwhile', async () => {
    let isStopped = false;
    const budgets = { ...aRelease().limits.budgets, runMicrousd: 450 };
    const made: Awaited<ReturnType<typeof proposed>> = await proposed({
      release: aRelease({ limits: { ...aRelease().limits, budgets } }),
      tools: { ...contracts, [jiraAssign.name]: { ...(jiraAssign as unknown as WriteTool), costMicrousd: () => 400 } },
      ledger: (real) => ({
        ...real,
        move: async (...args) => {
          if (!isStopped) await made.control({ subject: controlSubject('tenant', made.ref.tenant), stopped: true });
          isStopped = true;
          return real.move(...args);
        },
      }),
    });
    expect(await made.decided()).toMatchObject({ kind: 'refused', because: 'stopped' });
    expect(isStopped).toBe(true);
    expect(made.warnings).toEqual([]);
  });
});
