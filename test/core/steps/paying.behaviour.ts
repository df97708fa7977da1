import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../lambdas/core/engine/engine.ts';
import { budgetsOver } from '../../../lambdas/core/limits/limit.ts';
import { HELD_SECONDS } from '../../../lambdas/core/limits/reserve.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { AT, aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { givenRun } from '../../support/run.ts';
import { scripted } from '../../support/scripted.ts';

/*
 * Who settles what an attempt left held that ended while it asked.
 */

const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, costMicroUsd: 120 };
const MOST = 500;

describe.skipIf(!hasDynoxide)('what an attempt holds that ended while it asked', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** Costs what `scripted` does, and is lost the first time. */
  const lostOnce = (label: string): Engine => {
    const { engine } = scripted({ label, usage }, { most: MOST });
    let times = 0;
    return {
      ...engine,
      answer: (question) => {
        times += 1;
        return times === 1 ? Promise.reject(new Error('lost')) : engine.answer(question);
      },
    };
  };

  const given = async () => {
    let now = AT;
    let ids = 0;
    const newId = () => {
      ids += 1;
      return String(ids);
    };
    const engines = { eligibility: lostOnce('eligible'), proposer: lostOnce('Network') };
    const { deps: made, ref } = await givenRun(dynoxide, { ...engines, now: () => now });
    const deps = { ...made, purse: { ...made.purse, newId } };
    const steps = {
      route: () => route.run(deps, { ...ref, round: 0 }),
      propose: () => propose.run(deps, { ...ref, action: 1 }),
      reap: () => reap.run(deps, reap.input.parse({ detail: { status: 'FAILED', input: JSON.stringify(ref) } })),
    };
    const held = async () => (await deps.counters.heldBy(ref)).map(({ id }) => id);
    const used = async () => {
      const [{ subject, window }] = budgetsOver(aRelease(), ref, 0, AT);
      return (await deps.counters.read([{ subject, window, shard: 0 }]))[0]?.used;
    };
    const wait = (seconds: number) => {
      now = new Date(AT.getTime() + seconds * 1_000);
    };
    return { ...steps, held, used, wait };
  };

  it('is settled in full by Propose once there is a proposal, and not while it may still be asking', async () => {
    const run = await given();
    await expect(run.propose()).rejects.toThrow('lost');
    expect(await run.held()).toEqual(['propose.1']);

    await run.propose();
    expect([await run.held(), await run.used()]).toEqual([['propose.1'], MOST + 120]);
    await run.propose();
    expect([await run.held(), await run.used()]).toEqual([[], MOST + 120]);
  });

  it('is left to the reaper where it is of Route, whatever Propose settles', async () => {
    const run = await given();
    await expect(run.route()).rejects.toThrow('lost');
    await run.route();
    await expect(run.propose()).rejects.toThrow('lost');
    await run.propose();
    await run.propose();
    expect([await run.held(), await run.used()]).toEqual([['route.1'], 2 * (MOST + 120)]);

    await run.reap();
    expect([await run.held(), await run.used()]).toEqual([[], 2 * (MOST + 120)]);
  });

  it('is settled by nobody once its time is over, and given back to the run when it asks again', async () => {
    const run = await given();
    await expect(run.route()).rejects.toThrow('lost');
    run.wait(HELD_SECONDS + 1);
    await run.reap();
    expect([await run.held(), await run.used()]).toEqual([['route.1'], MOST]);

    await expect(run.propose()).rejects.toThrow('lost');
    expect([await run.held(), await run.used()]).toEqual([['propose.2'], MOST]);
  });
});
