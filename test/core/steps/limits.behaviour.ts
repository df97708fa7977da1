import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISHAPS } from '../../../drills/gate/mishaps.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Retryable } from '../../../lambdas/core/errors.ts';
import type { Cap } from '../../../lambdas/core/limits/declared.ts';
import { shardsOf } from '../../../lambdas/core/limits/escrow.ts';
import { budgetsOver, capOver, type Limit } from '../../../lambdas/core/limits/limit.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import type { WorkflowRelease } from '../../../lambdas/core/workflow.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRelease, aRunId, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { faulty } from '../../support/faulty.ts';
import { type Given, givenRun } from '../../support/run.ts';

const WORKFLOW_LIMITS = aRelease().limits;

let tenants = 0;
/** A tenant whose counters no other test touches. */
const aTenant = (): string => {
  tenants += 1;
  return `limits-${tenants}`;
};

const toolThat = (given: Partial<WriteTool>) => ({
  ...contracts,
  [jiraAssign.name]: { ...(jiraAssign as unknown as WriteTool), ...given },
});

const cap = (given: Partial<Cap> = {}): Cap => ({
  rule: 'ASSIGNMENTS_OF_ISSUE_DAY',
  because: 'a test',
  by: ['issueKey'],
  counts: 'actions',
  atMost: 2,
  per: 'day',
  ...given,
});

const withLimits = (limits: Partial<WorkflowRelease['limits']>) =>
  aRelease({ limits: { ...WORKFLOW_LIMITS, ...limits } });

describe.skipIf(!hasDynoxide)('limits at the gate', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run of the tenant that has its proposal, and what becomes of it. */
  const proposed = async (tenant: string, given: Given = {}) => {
    const run = await givenRun(dynoxide, { ...given, run: { tenant, run: aRunId(), ...given.run } });
    await propose.run(run.deps, { ...run.ref, action: 1 });
    return { ...run, decided: () => decide.run(run.deps, { ...run.ref, action: 1 }) };
  };

  const usedOf = async (limit: Limit): Promise<number> => {
    const { state } = await givenRun(dynoxide);
    const items = await state.getAll(shardsOf(limit).map(keys.counter));
    return items.reduce((sum, { used }) => sum + Number(used), 0);
  };
  const tenantBudget = (tenant: string, release = aRelease()): Limit => {
    const limit = budgetsOver(release, { tenant, run: 'none' }, 0, AT)[2];
    if (limit === undefined) throw new Error('there are three budgets');
    return limit;
  };
  const issueCap = (tenant: string, declared = cap()): Limit => {
    const limit = capOver(aRelease(), declared, { tenant, args: { issueKey: 'OPS-1' }, now: AT });
    if (limit === undefined) throw new Error('this cap can be counted');
    return limit;
  };

  it('charges an action once, however often and concurrently it is decided', async () => {
    const tenant = aTenant();
    const { decided, kept } = await proposed(tenant, { tools: toolThat({ costMicrousd: () => 300 }) });

    await Promise.all(Array.from({ length: 12 }, decided));
    await decided();

    expect(await usedOf(tenantBudget(tenant))).toBe(300);
    const { records } = await kept();
    expect(records.at(-1)?.tool).toEqual({
      name: 'jira.assign',
      scope: 'jira:write',
      dry_run: false,
      cost_microusd: 300,
    });
  });

  it('refuses by a cap with its value and its end, charges nothing, and says so in the audit', async () => {
    const tenant = aTenant();
    const release = withLimits({ caps: [cap()] });
    for (let runs = 0; runs < 2; runs += 1)
      expect(await (await proposed(tenant, { release })).decided()).toMatchObject({ kind: 'authorised' });
    const { decided, kept, writs } = await proposed(tenant, { release });

    const limit = { rule: 'ASSIGNMENTS_OF_ISSUE_DAY', unit: 'actions', atMost: 2, used: 2, asked: 1 };
    expect(await decided()).toEqual({
      kind: 'refused',
      because: 'over-cap',
      rules: ['ASSIGNMENTS_OF_ISSUE_DAY'],
      limits: [{ ...limit, resetsAt: '2030-01-03T00:00:00.000Z' }],
    });
    expect(await writs()).toEqual([]);
    expect(await usedOf(issueCap(tenant))).toBe(2);
    const { run, records } = await kept();
    expect(faultOf(records, run.head)).toBeUndefined();
    expect(records.at(-1)).toMatchObject({
      result: { status: 'over-cap' },
      limits: [{ state: 'refused', rule: 'ASSIGNMENTS_OF_ISSUE_DAY', at_most: 2, used: 2, asked: 1 }],
    });
  });

  it('counts a cap for each value and each tenant by itself, and anew in the next window', async () => {
    const tenant = aTenant();
    const release = withLimits({ caps: [cap({ atMost: 1 })] });
    const outcome = async (given: Given, of = tenant) =>
      (await (await proposed(of, { release, ...given })).decided()).kind;

    expect(await outcome({})).toBe('authorised');
    expect(await outcome({})).toBe('refused');
    expect(await outcome({ fields: { summary: 'the vpn drops', issueKey: 'OPS-2' } })).toBe('authorised');
    expect(await outcome({}, aTenant())).toBe('authorised');
    expect(await outcome({ now: () => new Date('2030-01-03T00:00:00.000Z') })).toBe('authorised');
  });

  it('refuses by the rate of the tool, which all workflows share', async () => {
    const tenant = aTenant();
    const tools = toolThat({ rate: { atMost: 2, per: 'minute' } });
    const verdicts = [];
    for (const workflow of ['one', 'two', 'one'])
      verdicts.push(
        await (await proposed(tenant, { tools, release: aRelease({ workflow }), run: { workflow } })).decided()
      );

    expect(verdicts.map(({ kind }) => kind)).toEqual(['authorised', 'authorised', 'refused']);
    expect(verdicts[2]).toMatchObject({ because: 'over-rate', rules: ['RATE_TOOL_MINUTE'] });
  });

  it.each([
    ['BUDGET_RUN', { runMicrousd: 299 }],
    ['BUDGET_WORKFLOW_DAY', { workflowDayMicrousd: 299 }],
    ['BUDGET_TENANT_DAY', { tenantDayMicrousd: 299 }],
  ])('refuses by %s what costs more than is left', async (rule, budget) => {
    const workflow = `w-${rule.toLowerCase().replaceAll('_', '-')}`;
    const release = { ...withLimits({ budgets: { ...WORKFLOW_LIMITS.budgets, ...budget } }), workflow };
    const given = { release, tools: toolThat({ costMicrousd: () => 300 }), run: { workflow } };
    const { decided } = await proposed(aTenant(), given);

    expect(await decided()).toMatchObject({
      kind: 'refused',
      because: 'over-budget',
      rules: [rule],
      limits: [{ rule, unit: 'microusd', atMost: 299, asked: 300 }],
    });
  });

  it.each([
    ['what was used of its own', 'BUDGET_TENANT_DAY', 'tenantDayMicrousd', (used: number) => ({ used })],
    ['nothing of what was used of one that tenants share', 'BUDGET_WORKFLOW_DAY', 'workflowDayMicrousd', () => ({})],
  ])('tells a run of a budget that is nearly used, or refuses it, %s', async (_, rule, budget, known) => {
    const workflow = `told-${rule.toLowerCase().replaceAll('_', '-')}`;
    const budgets = { ...WORKFLOW_LIMITS.budgets, [budget]: 450 };
    const release = { ...withLimits({ budgets, shards: { tenant: 1, workflow: 1 } }), workflow };
    const given = { release, tools: toolThat({ costMicrousd: () => 200 }), run: { workflow } };
    const tenant = aTenant();
    const last = async (run: Awaited<ReturnType<typeof proposed>>) => {
      const verdict = await run.decided();
      const { limits = [] } = (await run.kept()).records.at(-1) ?? {};
      return { verdict, noted: limits.filter((limit) => limit.rule === rule) };
    };
    const [first, nearly, over] = await Promise.all([1, 2, 3].map(() => proposed(tenant, given)));
    if (!first || !nearly || !over) throw new Error('expected three runs');
    const resetsAt = '2030-01-03T00:00:00.000Z';
    const standing = { rule, unit: 'microusd', atMost: 450, asked: 200, resetsAt };
    const inAudit = { rule, unit: 'microusd', at_most: 450, asked: 200, resets_at: resetsAt };

    await first.decided();
    expect((await last(nearly)).noted).toEqual([{ ...inAudit, state: 'nearly-used', ...known(200) }]);
    expect(nearly.warnings).toEqual([{ ...standing, ...known(200) }]);
    const { verdict, noted } = await last(over);
    expect(verdict).toMatchObject({ because: 'over-budget' });
    expect('limits' in verdict && verdict.limits).toEqual([{ ...standing, ...known(400) }]);
    expect(noted).toEqual([{ ...inAudit, state: 'refused', ...known(400) }]);
  });

  it('warns where a budget is at 80 % with an action, which goes on', async () => {
    const tenant = aTenant();
    const budgets = { ...WORKFLOW_LIMITS.budgets, tenantDayMicrousd: 1_000 };
    const release = withLimits({ budgets, shards: { tenant: 1, workflow: 1 } });
    const given = { release, tools: toolThat({ costMicrousd: () => 400 }) };
    const first = await proposed(tenant, given);
    await first.decided();
    const second = await proposed(tenant, given);

    expect(await second.decided()).toMatchObject({ kind: 'authorised' });
    await second.decided();

    expect(first.warnings).toEqual([]);
    expect(second.warnings).toMatchObject([{ rule: 'BUDGET_TENANT_DAY', atMost: 1_000, used: 400, asked: 400 }]);
    const { limits } = (await second.kept()).records.at(-1) ?? {};
    expect(limits?.map(({ state, rule }) => [state, rule])).toEqual([
      ['nearly-used', 'BUDGET_TENANT_DAY'],
      ['spent', 'BUDGET_RUN'],
      ['spent', 'BUDGET_WORKFLOW_DAY'],
      ['spent', 'RATE_TOOL_MINUTE'],
    ]);
  });

  it.each([1, 4, 16])(
    'gives all that a cap has, and no more, to runs that come at once: %i shards',
    async (tenantShards) => {
      const tenant = aTenant();
      const budgets = { ...WORKFLOW_LIMITS.budgets, tenantDayMicrousd: 25_000 };
      const release = withLimits({ budgets, shards: { tenant: tenantShards, workflow: 1 } });
      const given = { release, tools: toolThat({ costMicrousd: () => 1_000 }) };
      const runs = await Promise.all(Array.from({ length: 40 }, () => proposed(tenant, given)));

      const decideAll = () => Promise.all(runs.map(({ decided }) => decided().catch((error: Error) => error)));
      let verdicts = await decideAll();
      // whoever kept meeting others is tried again, as its state machine does
      while (verdicts.some((verdict) => verdict instanceof Retryable)) verdicts = await decideAll();

      expect(verdicts.filter((verdict) => 'kind' in verdict && verdict.kind === 'authorised')).toHaveLength(25);
      expect(await usedOf(tenantBudget(tenant, release))).toBe(25_000);
    }
  );

  it('splits over shards what no shard has room for', async () => {
    const tenant = aTenant();
    const budgets = { ...WORKFLOW_LIMITS.budgets, tenantDayMicrousd: 1_000 };
    const release = withLimits({ budgets });
    const dear = await proposed(tenant, { release, tools: toolThat({ costMicrousd: () => 1_000 }) });

    expect(await dear.decided()).toMatchObject({ kind: 'authorised' });
    expect(await usedOf(tenantBudget(tenant, release))).toBe(1_000);
    const cheap = await proposed(tenant, { release, tools: toolThat({ costMicrousd: () => 1 }) });
    expect(await cheap.decided()).toMatchObject({ because: 'over-budget', limits: [{ used: 1_000, asked: 1 }] });
  });

  it.each(MISHAPS)('names no refusal and charges once where a transaction meets: %s', async (mishap) => {
    const tenant = aTenant();
    const { connection } = faulty(dynoxide.connection, [mishap, mishap]);
    const given = { tools: toolThat({ costMicrousd: () => 300 }), connection, release: withLimits({ caps: [cap()] }) };
    const { decided, writs, kept } = await proposed(tenant, given);

    const verdict = await decided().catch((error: unknown) => error);
    const again = verdict instanceof Retryable ? await decided().catch(decided) : verdict;

    expect(again).toMatchObject({ kind: 'authorised' });
    expect(await writs()).toHaveLength(1);
    expect(await usedOf(tenantBudget(tenant))).toBe(300);
    expect(await usedOf(issueCap(tenant))).toBe(1);
    const { run, records } = await kept();
    expect(records).toHaveLength(2);
    expect(faultOf(records, run.head)).toBeUndefined();
  });

  it('keeps the writ that an action has, whatever is stopped or used up by then, and charges nothing', async () => {
    const tenant = aTenant();
    const release = withLimits({ caps: [cap({ atMost: 0 })] });
    const { state, ref, decided, control } = await proposed(tenant, { release });
    const writ = aWrit({ ...ref, rules: ['GIVEN_BEFORE'] });
    await state.put({ ...keys.writ(ref, writ.scope, 1), content: writ });
    await control({ subject: `tenant:${tenant}`, stopped: true });

    expect(await decided()).toMatchObject({
      kind: 'authorised',
      writ: { digest: writ.digest },
      rules: ['GIVEN_BEFORE'],
    });
    expect(await usedOf(issueCap(tenant))).toBe(0);
  });

  it('refuses other arguments under the number of an action that has its writ', async () => {
    const { state, ref, decided } = await proposed(aTenant());
    const writ = aWrit({ ...ref, digest: digestOf('something else') });
    await state.put({ ...keys.writ(ref, writ.scope, 1), content: writ });

    expect(await decided()).toEqual({ kind: 'refused', because: 'taken', rules: ['ACTION_HAS_ANOTHER_WRIT'] });
  });

  it('refuses what it cannot count', async () => {
    const release = withLimits({ caps: [cap({ counts: { argument: 'component' } })] });
    const { decided } = await proposed(aTenant(), { release });
    expect(await decided()).toMatchObject({ because: 'schema', rules: ['ASSIGNMENTS_OF_ISSUE_DAY'] });
  });

  it('tries no writ that a limit refuses which could be read with everything else', async () => {
    const tenant = aTenant();
    const { connection, sent } = faulty(dynoxide.connection);
    const release = withLimits({ caps: [cap({ rule: 'ASSIGNMENTS_OF_TENANT_DAY', by: [], atMost: 1 })] });
    await (await proposed(tenant, { release })).decided();
    const { decided } = await proposed(tenant, { release, connection });
    const before = sent.length;

    expect(await decided()).toMatchObject({ because: 'over-cap', rules: ['ASSIGNMENTS_OF_TENANT_DAY'] });
    const [, refusal, ...others] = sent.slice(before);
    expect(refusal?.operation).toBe('TransactWriteItems');
    expect(JSON.stringify(refusal?.input)).not.toContain('WRIT#');
    expect(others).toEqual([]);
  });

  it('reads its counters with everything else, and spends in the one transaction', async () => {
    const { connection, sent } = faulty(dynoxide.connection);
    const given = { connection, tools: toolThat({ costMicrousd: () => 300 }), release: withLimits({ caps: [cap()] }) };
    const { decided } = await proposed(aTenant(), given);
    const before = sent.length;
    await decided();
    expect(sent.slice(before).map(({ operation }) => operation)).toEqual(['BatchGetItem', 'TransactWriteItems']);
  });
});
