import fc from 'fast-check';
import { expect } from 'vitest';
import { type Doing, Happening } from '../../../drills/gate/happening.ts';
import type { Mishap } from '../../../drills/gate/mishaps.ts';
import { dynamoCounters } from '../../../lambdas/adapters/dynamodb/counters.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { Retryable } from '../../../lambdas/core/errors.ts';
import { homeOf } from '../../../lambdas/core/gate/controls.ts';
import type { Counters, Held } from '../../../lambdas/core/limits/counters.ts';
import { partOf, shardsOf } from '../../../lambdas/core/limits/escrow.ts';
import { budgetsOver, type Limit } from '../../../lambdas/core/limits/limit.ts';
import { HELD_SECONDS, reserve } from '../../../lambdas/core/limits/reserve.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRelease, aRunId } from '../../support/builders.ts';
import type { Dynoxide } from '../../support/dynoxide.ts';
import { faulty } from '../../support/faulty.ts';
import { givenRun } from '../../support/run.ts';

/*
 * A few runs of one tenant that reserve, settle, crash and decide, on real tables; and what has to be so after each of it.
 */

/** What an action costs, and the budgets: of a run, a workflow, a tenant. Small, so that they are reached. */
const COST = 30;
const BUDGETS = [70, 150, 120] as const;
const RUNS = 4;

/** What is known to be used up of each budget of a run, and what may be beyond it. */
interface Use {
  readonly run: number;
  readonly amount: number;
  /** Held until then; absent: for good. */
  readonly until?: number;
  /** Whether it surely is: false where nobody has heard how it went. */
  readonly sure: boolean;
}

export interface Model {
  readonly uses: Use[];
  /** Runs that have their writ. */
  readonly issued: Set<number>;
}

interface Made {
  readonly run: number;
  readonly amount: number;
  readonly held: Held;
  readonly until: number;
  readonly use: Use;
}

export interface Real {
  readonly clock: { ms: number };
  readonly counters: Counters;
  readonly meet: (...mishaps: readonly Mishap[]) => void;
  readonly reservations: Made[];
  readonly runs: readonly Awaited<ReturnType<typeof aSpender>>[];
  readonly limits: (run: RunRef, asked: number) => readonly [Limit, Limit, Limit];
  ids: number;
}

let worlds = 0;

const aSpender = async (dynoxide: Dynoxide, shared: Parameters<typeof givenRun>[1]) => {
  const given = await givenRun(dynoxide, { ...shared, run: { ...shared?.run, run: aRunId() } });
  await propose.run(given.deps, { ...given.ref, action: 1 });
  return given;
};

/** Runs with a tenant and a workflow of their own. */
export const aWorld = async (dynoxide: Dynoxide): Promise<{ model: Model; real: Real }> => {
  worlds += 1;
  const workflow = `spends-${worlds}`;
  const clock = { ms: AT.getTime() };
  const { connection, meet } = faulty(dynoxide.connection);
  const [runMicrousd, workflowDayMicrousd, tenantDayMicrousd] = BUDGETS;
  const release = {
    ...aRelease({ workflow }),
    limits: {
      budgets: { runMicrousd, workflowDayMicrousd, tenantDayMicrousd },
      caps: [],
      shards: { tenant: 3, workflow: 2 },
    },
  };
  const now = () => new Date(clock.ms);
  const tool = { ...(jiraAssign as unknown as WriteTool), costMicrousd: () => COST };
  const shared = {
    release,
    connection,
    now,
    tools: { ...contracts, [tool.name]: tool },
    run: { tenant: workflow, workflow },
  };
  const runs = await Promise.all(Array.from({ length: RUNS }, () => aSpender(dynoxide, shared)));
  const real = {
    clock,
    counters: dynamoCounters(connection, dynoxide.state),
    meet,
    reservations: [],
    runs,
    limits: (run: RunRef, asked: number) => budgetsOver(release, run, asked, now()),
    ids: 0,
  };
  return { model: { uses: [], issued: new Set() }, real };
};

const runOf = ({ runs }: Real, at: number) => {
  const run = runs[at];
  if (run === undefined) throw new Error(`there are ${RUNS} runs`);
  return run;
};

/** What a limit has used by now, without what has lapsed; no shard may be over its part, lapsed or not. */
const usedOf = async (real: Real, limit: Limit): Promise<number> => {
  const now = new Date(real.clock.ms).toISOString();
  let sum = 0;
  for (const { shard, used, holds } of await real.counters.read(shardsOf(limit))) {
    const held = holds.reduce((total, { amount }) => total + amount, 0);
    const lapsed = holds.filter(({ until }) => until < now).reduce((total, { amount }) => total + amount, 0);
    expect(used).toBeLessThanOrEqual(partOf(limit, shard));
    expect(used).toBeGreaterThanOrEqual(held);
    sum += used - lapsed;
  }
  return sum;
};

/** Everything that has to be so whatever has happened. */
export const checkWorld = async ({ uses }: Model, real: Real): Promise<void> => {
  for (const [at, { ref, writs, kept }] of real.runs.entries()) {
    for (const [level, limit] of real.limits(ref, 0).entries()) {
      const mine = uses.filter(({ run, until }) => (level > 0 || run === at) && (until ?? Infinity) >= real.clock.ms);
      const sum = (those: readonly Use[]) => those.reduce((total, { amount }) => total + amount, 0);
      const used = await usedOf(real, limit);
      expect(used).toBeGreaterThanOrEqual(sum(mine.filter(({ sure }) => sure)));
      expect(used).toBeLessThanOrEqual(sum(mine));
      expect(used).toBeLessThanOrEqual(limit.atMost);
    }
    const { run, records } = await kept();
    expect(faultOf(records, run.head)).toBeUndefined();
    const issued = records.filter(({ result }) => result?.status === 'authorised').length;
    expect((await writs()).length).toBe(issued);
    expect(issued).toBeLessThanOrEqual(1);
  }
};

const isRetryable = (error: unknown): boolean => error instanceof Retryable;

const doReserve =
  (run: number, amount: number): Doing<Model, Real> =>
  async ({ uses }, real) => {
    const { ref } = runOf(real, run);
    real.ids += 1;
    const until = real.clock.ms + HELD_SECONDS * 1_000;
    const circumstances = { id: `r${real.ids}`, home: (n: number) => homeOf(ref, n), now: new Date(real.clock.ms) };
    try {
      const result = await reserve(real.counters, real.limits(ref, amount), circumstances);
      if (result.kind === 'refused') return;
      const use = { run, amount, until, sure: true };
      uses.push(use);
      real.reservations.push({ run, amount, held: result.held, until, use });
    } catch (error) {
      if (!isRetryable(error)) throw error;
      uses.push({ run, amount, until, sure: false }); // the answer was lost: it may hold until it lapses
    }
  };

const replace = (uses: Use[], old: Use, by: Use): void => {
  const at = uses.indexOf(old);
  if (at >= 0) uses.splice(at, 1, by);
};

const doSettle =
  (which: number, share: number): Doing<Model, Real> =>
  async ({ uses }, real) => {
    const made = real.reservations[which % Math.max(1, real.reservations.length)];
    if (made === undefined) return;
    const { run, amount, held, until, use } = made;
    const spent = Math.floor((amount * share) / 100);
    let isSettled = false;
    let lost = false;
    for (let tries = 0; ; tries += 1)
      try {
        isSettled = await real.counters.settle(held, spent);
        break;
      } catch (error) {
        if (!isRetryable(error) || tries > 19) throw error;
        lost = true;
      }
    // in time it is spent exactly; after its time others may have had some of it or all
    if (isSettled) replace(uses, use, { run, amount: spent, sure: until >= real.clock.ms });
    else if (lost) replace(uses, use, { run, amount, sure: false }); // by this or by another at the same moment
  };

const doDecide =
  (run: number, times: number): Doing<Model, Real> =>
  async ({ uses, issued }, real) => {
    const { ref, deps, writs } = runOf(real, run);
    const tries = Array.from({ length: times }, () => decide.run(deps, { ...ref, action: 1 }));
    for (const tried of await Promise.allSettled(tries))
      if (tried.status === 'rejected' && !isRetryable(tried.reason)) throw tried.reason;
    if ((await writs()).length === 0 || issued.has(run)) return;
    issued.add(run);
    uses.push({ run, amount: COST, sure: true });
  };

const happens = (what: string, doing: Doing<Model, Real>) => new Happening(what, doing, checkWorld);

const aRun = fc.nat(RUNS - 1);
const reserving = fc
  .tuple(aRun, fc.integer({ min: 1, max: 60 }))
  .map(([run, amount]) => happens(`run ${run} reserves ${amount}`, doReserve(run, amount)));
const settling = fc
  .tuple(fc.nat(9), fc.integer({ min: 0, max: 100 }))
  .map(([which, share]) => happens(`settles ${which} at ${share} %`, doSettle(which, share)));
const deciding = fc
  .tuple(aRun, fc.integer({ min: 1, max: 3 }))
  .map(([run, times]) => happens(`run ${run} decides, ${times} at once`, doDecide(run, times)));
/** A reservation whose owner ends without a word: nobody settles it. */
const crashing = fc.nat(9).map((which) =>
  happens(`the owner of ${which} crashes`, async (_, { reservations }) => {
    reservations.splice(which % Math.max(1, reservations.length), 1);
  })
);
const waiting = fc.integer({ min: 1, max: 200 }).map((seconds) =>
  happens(`${seconds} seconds pass`, async (_, { clock }) => {
    clock.ms += seconds * 1_000;
  })
);
const meeting = (mishaps: readonly Mishap[]) =>
  fc
    .array(fc.constantFrom(...mishaps), { minLength: 1, maxLength: 6 })
    .map((those) => happens(`transactions meet ${those.join(', ')}`, async (_, { meet }) => meet(...those)));
/** Several at the same moment: whoever is last in line still sees to it that everything holds. */
const atOnce = fc.array(fc.oneof(reserving, settling, deciding), { minLength: 2, maxLength: 6 }).map((those) =>
  happens(`at once: ${those.join('; ')}`, async (model, real) => {
    await Promise.all(those.map(({ doing }) => doing(model, real)));
  })
);

/** What may happen. */
export const happenings = (mishaps: readonly Mishap[]) =>
  fc.commands([reserving, settling, deciding, crashing, waiting, meeting(mishaps), atOnce], { maxCommands: 16 });
