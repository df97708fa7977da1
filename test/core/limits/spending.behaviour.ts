import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MISHAPS } from '../../../drills/gate/mishaps.ts';
import { dynamoCounters } from '../../../lambdas/adapters/dynamodb/counters.ts';
import type { Engine } from '../../../lambdas/core/engine/engine.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { homeOf } from '../../../lambdas/core/gate/controls.ts';
import { shardsOf } from '../../../lambdas/core/limits/escrow.ts';
import { budgetsOver } from '../../../lambdas/core/limits/limit.ts';
import { HELD_SECONDS, reserve } from '../../../lambdas/core/limits/reserve.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { type ProposeDeps, propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { stepTimeoutSeconds } from '../../../lib/functions.ts';
import { AT, aRelease, aRunId } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { faulty } from '../../support/faulty.ts';
import { type Given, givenRun } from '../../support/run.ts';
import { aWorld, checkWorld, happenings } from './spending-model.ts';

const later = (seconds: number) => new Date(AT.getTime() + seconds * 1_000);

let tenants = 0;
const aTenant = (): string => {
  tenants += 1;
  return `spending-${tenants}`;
};

/** Answers like a model: it may cost 500, and does cost what is said. */
const costing = (costMicroUsd: number, asked: string[] = []): Engine => ({
  id: { kind: 'model', name: 'scripted', version: '1' },
  mostMicrousd: () => 500,
  answer: async ({ text, labels }) => {
    asked.push(text);
    const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, costMicroUsd };
    const id = { kind: 'model', name: 'scripted', version: '1' } as const;
    return { label: labels[0], confidence: 0.99, abstained: false, engine: id, usage };
  },
});

describe.skipIf(!hasDynoxide)('reserving and settling', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const budgets = (tenantDayMicrousd: number) =>
    aRelease({ limits: { ...aRelease().limits, budgets: { ...aRelease().limits.budgets, tenantDayMicrousd } } });

  const given = async (about: Given & { readonly tenant?: string; readonly workflow?: string } = {}) => {
    const ref = { tenant: about.tenant ?? aTenant(), run: aRunId() };
    const { workflow } = about;
    const run = await givenRun(dynoxide, { ...about, run: { ...ref, ...(workflow !== undefined && { workflow }) } });
    const counters = dynamoCounters(about.connection ?? dynoxide.connection, dynoxide.state);
    const release = about.release ?? aRelease();
    let ids = 0;
    const reserved = (amount: number, now = AT, step = 'propose') => {
      ids += 1;
      const circumstances = { id: `${step}.${ids}`, home: (n: number) => homeOf(ref, n), now };
      return reserve(counters, budgetsOver(release, ref, amount, now), circumstances);
    };
    const held = async (amount: number, now = AT, step = 'propose') => {
      const result = await reserved(amount, now, step);
      if (result.kind === 'refused') throw new Error('there is room');
      return result.held;
    };
    const used = async () => {
      const all = budgetsOver(release, ref, 0, AT).map(async (limit) => {
        const read = await counters.read(shardsOf(limit));
        return read.reduce((sum, counter) => sum + counter.used, 0);
      });
      const [ofRun = 0, , ofTenant = 0] = await Promise.all(all);
      return [ofRun, ofTenant];
    };
    return { ...run, counters, reserved, held, used };
  };

  it('counts what is held as used, and after that what was spent', async () => {
    const { counters, held, used } = await given();
    const one = await held(400);
    expect(await used()).toEqual([400, 400]);

    expect(await counters.settle(one, 150)).toBe(true);
    expect(await used()).toEqual([150, 150]);
  });

  it('settles once: not a second time, and not at once with itself', async () => {
    const { counters, held, used } = await given();
    const one = await held(400);

    const settled = await Promise.all([100, 200, 300, 400].map((spent) => counters.settle(one, spent)));
    expect(settled.filter(Boolean)).toHaveLength(1);
    const [ofRun] = await used();
    expect(ofRun).toBe([100, 200, 300, 400][settled.indexOf(true)]);
    expect(await counters.settle(one, 0)).toBe(false);
    expect(await used()).toEqual([ofRun, ofRun]);
  });

  it('shares what was spent where an amount is held in several shards', async () => {
    const release = budgets(1_000);
    const { counters, held, used } = await given({ release });
    const one = await held(900);
    expect(one.parts.length).toBeGreaterThan(3);
    await counters.settle(one, 700);
    expect(await used()).toEqual([700, 700]);
  });

  it.each([
    ['one shard', 400, aRelease()],
    ['several', 900, budgets(1_000)],
  ])('counts what was spent beyond what was held, in %s', async (_, amount, release) => {
    const { counters, held, used } = await given({ release });
    await counters.settle(await held(amount), amount + 50);
    expect(await used()).toEqual([amount + 50, amount + 50]);
  });

  describe('warns of a budget', () => {
    const limited = (budget: string, workflow: string) => {
      const { limits } = aRelease();
      const one = { ...limits, budgets: { ...limits.budgets, [budget]: 1_000 }, shards: { tenant: 1, workflow: 1 } };
      return { ...aRelease({ limits: one }), workflow };
    };
    /** A run of these, whose steps cost so much. */
    const costly = (release: ReturnType<typeof limited>, tenant: string, cost: number) =>
      given({ release, tenant, eligibility: costing(cost), proposer: costing(cost), workflow: release.workflow });

    it.each([
      ['BUDGET_TENANT_DAY', 'tenantDayMicrousd'],
      ['BUDGET_WORKFLOW_DAY', 'workflowDayMicrousd'],
    ])('that is at 80 %% with what an answer cost, and not with what it might have cost: %s', async (rule, budget) => {
      /** A run whose answer costs so much, where 420 of 1,000 were spent before: it is asked with 500 set aside. */
      const routed = async (cost: number) => {
        const release = limited(budget, `warned-${budget.toLowerCase()}-${cost}`);
        const tenant = aTenant();
        const before = await costly(release, tenant, 420);
        await propose.run(before.deps, { ...before.ref, action: 1 });
        const run = await costly(release, tenant, cost);
        await route.run(run.deps, { ...run.ref, round: 0 });
        expect(before.warnings).toEqual([]);
        return run;
      };
      const [below, at] = [await routed(379), await routed(380)];
      expect(below.warnings).toEqual([]);
      expect((await below.kept()).records.at(-1)?.limits).toBeUndefined();

      const known = rule === 'BUDGET_TENANT_DAY' ? { used: 420 } : {};
      expect(at.warnings).toMatchObject([{ rule, atMost: 1_000, asked: 380, ...known }]);
      const { records } = await at.kept();
      expect(records.at(-1)?.limits).toMatchObject([{ state: 'nearly-used', rule, asked: 380, ...known }]);

      await route.run(at.deps, { ...at.ref, round: 0 });
      expect(at.warnings).toHaveLength(1); // nothing was spent again
    });

    it('of the run, in the record of the decision on what was proposed', async () => {
      const { ref, deps, kept, warnings } = await costly(limited('runMicrousd', 'warned-run'), aTenant(), 450);
      await route.run(deps, { ...ref, round: 0 });
      expect(warnings).toEqual([]);
      await propose.run(deps, { ...ref, action: 1 });
      await decide.run(deps, { ...ref, action: 1 });
      expect(warnings).toMatchObject([{ rule: 'BUDGET_RUN', atMost: 1_000, used: 450, asked: 450 }]);
      const { records } = await kept();
      expect(records.at(-1)?.limits).toContainEqual(
        expect.objectContaining({ state: 'nearly-used', rule: 'BUDGET_RUN', used: 450, asked: 450 })
      );
    });
  });

  it('gives what has lapsed to whoever comes next, and not before', async () => {
    const tenant = aTenant();
    const release = budgets(500);
    const crashed = await given({ tenant, release });
    const next = await given({ tenant, release });
    await crashed.held(500);

    expect(await next.reserved(500, later(HELD_SECONDS))).toMatchObject({
      kind: 'refused',
      limits: [{ rule: 'BUDGET_TENANT_DAY', atMost: 500, used: 500, asked: 500 }],
    });
    expect(await next.reserved(500, later(HELD_SECONDS + 1))).toMatchObject({ kind: 'reserved' });
    expect(await next.used()).toEqual([500, 500]);
  });

  it('gives what has lapsed once, to however many come for it at the same moment', async () => {
    const tenant = aTenant();
    const release = budgets(500);
    await (await given({ tenant, release })).held(500);
    const others = await Promise.all(Array.from({ length: 8 }, () => given({ tenant, release })));

    const results = await Promise.all(others.map(({ reserved }) => reserved(125, later(HELD_SECONDS + 1))));

    expect(results.filter(({ kind }) => kind === 'reserved')).toHaveLength(4);
    expect((await others[0]?.used())?.[1]).toBe(500);
  });

  it('lets a settlement that comes too late take nothing from those who got it', async () => {
    const tenant = aTenant();
    const release = budgets(500);
    const late = await given({ tenant, release });
    const next = await given({ tenant, release });
    const one = await late.held(500);
    await next.held(500, later(HELD_SECONDS + 1));

    await late.counters.settle(one, 500);
    expect((await next.used())[1]).toBe(500);
  });

  it('holds longer than a step may run', () => {
    expect(HELD_SECONDS).toBeGreaterThan(2 * stepTimeoutSeconds('propose'));
  });

  it('pays for a proposal what its engine cost, and for one that is repeated nothing more', async () => {
    const asked: string[] = [];
    const { ref, deps, used } = await given({ proposer: costing(120, asked) });

    await propose.run(deps, { ...ref, action: 1 });
    await propose.run(deps, { ...ref, action: 1 });

    expect(asked).toHaveLength(1);
    expect(await used()).toEqual([120, 120]);
  });

  it('asks no engine that no budget has room for, and hands the run over by the name of the budget', async () => {
    const asked: string[] = [];
    const { ref, deps, kept, used } = await given({ proposer: costing(120, asked), release: budgets(499) });

    await propose.run(deps, { ...ref, action: 1 });
    expect(asked).toEqual([]);
    const limit = { rule: 'BUDGET_TENANT_DAY', unit: 'microusd', atMost: 499, used: 0, asked: 500 };
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({
      kind: 'refused',
      because: 'over-budget',
      rules: ['BUDGET_TENANT_DAY'],
      limits: [limit],
    });
    expect((await kept()).records.at(-1)?.limits).toMatchObject([{ state: 'refused', rule: 'BUDGET_TENANT_DAY' }]);
    expect(await used()).toEqual([0, 0]);
  });

  it('routes within the budgets too', async () => {
    const paid = await given({ eligibility: costing(80) });
    await route.run(paid.deps, { ...paid.ref, round: 0 });
    expect(await paid.used()).toEqual([80, 80]);

    const poor = await given({ eligibility: costing(80), release: budgets(499) });
    expect(await route.run(poor.deps, { ...poor.ref, round: 0 })).toMatchObject({
      kind: 'over-budget',
      rule: 'BUDGET_TENANT_DAY',
    });
  });

  it('asks nothing that costs where there is nothing to pay it from', async () => {
    const { ref, deps } = await given({ proposer: costing(1) });
    const { purse: _, ...without } = deps;
    await expect(propose.run(without, { ...ref, action: 1 })).rejects.toThrow(Terminal);
  });

  const repeated = async (deps: ProposeDeps, ref: RunRef) => void (await propose.run(deps, { ...ref, action: 1 }));
  const reaped = async (deps: ProposeDeps, ref: RunRef) =>
    void (await reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } })));

  it.each([
    ['by Propose, when it is repeated', repeated],
    ['by the reaper, where nobody repeats it', reaped],
  ])('settles, where a proposal was kept and its cost was not, at that cost: %s', async (_, next) => {
    const { connection, meet } = faulty(dynoxide.connection);
    const { ref, deps, used } = await given({ proposer: costing(120), connection });
    const plan = deps.ledger.plan;
    const ledger: typeof deps.ledger = {
      ...deps.ledger,
      plan: async (...args) => {
        meet(...Array(5).fill('TransactionConflict')); // so long that the settlement gives up
        return plan(...args);
      },
    };
    await expect(propose.run({ ...deps, ledger }, { ...ref, action: 1 })).rejects.toThrow('try again');
    expect(await used()).toEqual([500, 500]);

    await next(deps, ref);
    expect(await used()).toEqual([120, 120]);
  });

  it.each([
    ['in full, where nobody knows what it cost', false, 300 + 40],
    ['in full, although the proposal of another attempt was kept', true, 120 + 300 + 40],
  ])('settles what a run that ended left held: %s', async (_, isKept, expected) => {
    const { ref, deps, held, used } = await given({ proposer: costing(120) });
    if (isKept) await propose.run(deps, { ...ref, action: 1 });
    await held(300);
    await held(40, AT, 'route');

    await reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } }));
    expect((await used())[0]).toBe(expected);
    await reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } }));
    expect((await used())[0]).toBe(expected);
  });

  it('never exceeds a budget, never gives two writs, never charges twice, whatever happens in which order', async () => {
    const runs = fc.asyncProperty(happenings(MISHAPS), async (commands) => {
      const world = await aWorld(dynoxide);
      await fc.asyncModelRun(() => world, commands);
      await checkWorld(world.model, world.real);
    });
    await fc.assert(runs, { numRuns: 30 });
  }, 300_000);
});
