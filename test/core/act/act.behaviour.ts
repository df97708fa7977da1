import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { type ActDeps, act } from '../../../lambdas/core/act/act.ts';
import type { Claims } from '../../../lambdas/core/act/claims.ts';
import { reconcile } from '../../../lambdas/core/act/reconcile.ts';
import { Retryable, Terminal, Uncertain } from '../../../lambdas/core/errors.ts';
import { controlSubject, shardOf } from '../../../lambdas/core/gate/controls.ts';
import type { Writ } from '../../../lambdas/core/records.ts';
import { defineWriteTool } from '../../../lambdas/core/tool.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

/** A system that does what it is told, and counts; `fail` is what happens at a call. */
class Vendor {
  effects = 0;
  fail: 'no' | 'before' | 'after' | 'refuse' | 'nonsense' = 'no';
  effect: 'idempotent' | 'once' = 'once';
  marker = '';

  call(): void {
    if (this.fail === 'before') throw new Retryable('not now');
    if (this.fail === 'refuse') throw new Terminal('never');
    this.effects += 1;
    if (this.fail === 'after') throw new Uncertain('the answer was lost');
    if (this.fail === 'nonsense') throw new TypeError('a defect');
  }
}

describe.skipIf(!hasDynoxide)('acting on a writ', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const table = () => dynamoTable(dynoxide.connection, dynoxide.state);

  interface Options {
    readonly writ?: boolean;
    readonly about?: Partial<Writ>;
    readonly now?: () => Date;
    readonly claims?: (real: Claims) => Claims;
  }
  const given = async (options: Options = {}) => {
    const writ = aWrit(options.about);
    if (options.writ !== false) await table().put({ ...keys.writ(writ, writ.scope, 1), content: writ });
    const vendor = new Vendor();
    const real = dynamoClaims(dynoxide.connection, dynoxide.state, writ.scope);
    const deps: ActDeps<Vendor> = {
      claims: options.claims?.(real) ?? real,
      writes: [
        {
          get contract() {
            return defineWriteTool({ ...jiraAssign, effect: vendor.effect });
          },
          call: async (client, _input, _signal, { marker }) => {
            client.marker = marker;
            client.call();
            return { issueKey: 'OPS-1', component: 'Network' };
          },
          lookUp: async (client, _input, _signal, { marker }) => {
            client.marker = marker;
            return client.effects > 0;
          },
        },
      ],
      open: async () => vendor,
      now: options.now ?? (() => AT),
    };
    const claimed = async () => (await real.look(writ, 1)).claim;
    return {
      writ,
      vendor,
      deps,
      real,
      claimed,
      act: () => act(deps, writ, 1),
      reconcile: () => reconcile(deps, writ, 1),
    };
  };

  const stop = (subject: string, writ: Writ) =>
    table().put({
      ...keys.control(subject, shardOf(writ)),
      content: { subject, stopped: true, reason: 'a test', by: 'op', at: AT.toISOString() },
    });

  it('does it once, however often and however concurrently it is asked', async () => {
    const run = await given();

    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => run.act()));

    expect(run.vendor.effects).toBe(1);
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(Uncertain);
    expect(await run.act()).toEqual({ kind: 'done' });
    expect(run.vendor.effects).toBe(1);
    expect(await run.claimed()).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('does nothing without a writ', async () => {
    const run = await given({ writ: false });

    const none = new Terminal(`no writ authorises action 1 of run ${run.writ.run}: nothing is done`);
    await expect(run.act()).rejects.toThrow(none);
    await expect(run.reconcile()).rejects.toThrow(none);
    expect(run.vendor.effects).toBe(0);
  });

  it('does nothing with a writ that is not what it was when it was read', async () => {
    const run = await given({
      claims: (real) => ({
        ...real,
        look: async (ref, action) => {
          const standing = await real.look(ref, action);
          return standing.writ ? { ...standing, writ: { ...standing.writ, digest: 'f'.repeat(64) } } : standing;
        },
      }),
    });

    await expect(run.act()).rejects.toMatchObject({
      name: 'Terminal',
      message: `action 1 of run ${run.writ.run} was not begun: no-writ`,
    });
    expect(run.vendor.effects).toBe(0);
  });

  it('begins nothing of a run that is closed', async () => {
    const run = await given();
    await table().put({ ...keys.run(run.writ), content: { status: 'closed' } });

    await expect(run.act()).rejects.toMatchObject({
      name: 'Terminal',
      message: `action 1 of run ${run.writ.run} was not begun: run-closed`,
    });
    expect([run.vendor.effects, await run.claimed()]).toEqual([0, undefined]);
  });

  it.each<[string, Partial<Writ>, string]>([
    ['a tool that the scope has not', { tool: 'jira.close' }, 'this scope has no tool jira.close'],
    [
      'arguments that do not fit',
      { arguments: { issueKey: 'none' } },
      'the arguments of the writ do not fit jira.assign',
    ],
  ])('does nothing with a writ for %s', async (_, about, message) => {
    const run = await given({ about });

    await expect(run.act()).rejects.toThrow(new Terminal(message));
    await expect(run.reconcile()).rejects.toThrow(new Terminal(message));
    expect([run.vendor.effects, await run.claimed()]).toEqual([0, undefined]);
  });

  it('leaves the name of its writ with the change, and how long it took with the claim', async () => {
    let now = AT;
    const run = await given({ now: () => now });
    const call = run.vendor.call.bind(run.vendor);
    run.vendor.call = () => {
      now = new Date(AT.getTime() + 250);
      call();
    };
    await run.act();

    expect(run.vendor.marker).toBe(`${run.writ.run}-1`);
    expect(await run.claimed()).toMatchObject({
      status: 'done',
      latencyMs: 250,
      leaseUntil: new Date(AT.getTime() + 15_000).toISOString(),
    });
  });

  it('is uncertain, not refused, where somebody else has the claim: that one may be under way', async () => {
    const run = await given({
      claims: (real) => ({
        ...real,
        look: async (ref, action) => ({ ...(await real.look(ref, action)), claim: undefined as never }),
      }),
    });
    await run.act();

    await expect(run.act()).rejects.toThrow(
      new Uncertain(`action 1 of run ${run.writ.run} was begun by somebody else`)
    );
    expect(run.vendor.effects).toBe(1);
  });

  it('keeps as failed what the system refused', async () => {
    const run = await given();
    run.vendor.fail = 'refuse';
    await expect(run.act()).rejects.toThrow(Terminal);

    expect(await run.claimed()).toMatchObject({ status: 'failed', attempt: 1 });
  });

  it('asks the system nothing about an action that is done', async () => {
    const run = await given();
    await run.act();
    run.vendor.effects = 0;

    expect(await run.reconcile()).toEqual({ kind: 'done' });
  });

  it('waits for what is not seen to the very end of its lease', async () => {
    let now = AT;
    const run = await given({ now: () => now });
    run.vendor.fail = 'after';
    await expect(run.act()).rejects.toThrow(Uncertain);
    run.vendor.effects = 0;
    now = new Date(AT.getTime() + 15_000);

    await expect(run.reconcile()).rejects.toThrow(
      new Retryable(`action 1 of run ${run.writ.run} is not seen yet, but may still come`)
    );
  });

  it.each(['global', 'tenant', 'workflow', 'scope'] as const)('does nothing under a stop of its %s', async (level) => {
    const run = await given();
    const names = { global: undefined, tenant: run.writ.tenant, workflow: run.writ.workflow, scope: run.writ.scope };
    const subject = controlSubject(level, names[level]);
    await stop(subject, run.writ);

    await expect(run.act()).rejects.toThrow(Retryable);
    expect(await run.reconcile()).toEqual({ kind: 'stopped', rules: [`STOPPED_${level.toUpperCase()}`] });
    await table().put({
      ...keys.control(subject, shardOf(run.writ)),
      content: { subject, stopped: false, reason: 'a test', by: 'op', at: AT.toISOString() },
    });

    expect(run.vendor.effects).toBe(0);
    expect(await run.claimed()).toBeUndefined();
    expect(await run.act()).toEqual({ kind: 'done' });
  });

  it('may try again what is known not to have happened', async () => {
    const run = await given();
    run.vendor.fail = 'before';
    await expect(run.act()).rejects.toThrow(Retryable);
    expect(await run.claimed()).toMatchObject({ status: 'released', attempt: 1 });
    expect(await run.reconcile()).toEqual({ kind: 'not-done' });

    run.vendor.fail = 'no';
    expect(await run.act()).toEqual({ kind: 'done' });
    expect(await run.claimed()).toMatchObject({ status: 'done', attempt: 2 });
    expect(run.vendor.effects).toBe(1);
  });

  it('never tries again what the system refused', async () => {
    const run = await given();
    run.vendor.fail = 'refuse';
    await expect(run.act()).rejects.toThrow(Terminal);
    run.vendor.fail = 'no';
    await expect(run.act()).rejects.toThrow(new Terminal(`action 1 of run ${run.writ.run} has failed before`));
    await expect(run.reconcile()).rejects.toThrow(new Terminal(`action 1 of run ${run.writ.run} has failed`));
    expect(run.vendor.effects).toBe(0);
  });

  it.each(['after', 'nonsense'] as const)(
    'is uncertain after a call that failed (%s), until the effect is seen',
    async (fail) => {
      const run = await given();
      run.vendor.fail = fail;
      await expect(run.act()).rejects.toThrow(
        fail === 'after'
          ? new Uncertain('the answer was lost')
          : new Uncertain('jira.assign failed in a way it does not name', { cause: new TypeError('a defect') })
      );
      expect(await run.claimed()).toMatchObject({ status: 'in-doubt' });
      await expect(run.act()).rejects.toThrow(Uncertain);
      expect(run.vendor.effects).toBe(1);

      expect(await run.reconcile()).toEqual({ kind: 'done' });
      expect(await run.act()).toEqual({ kind: 'done' });
      expect(run.vendor.effects).toBe(1);
    }
  );

  it('is uncertain where the function died after its claim, and waits out the lease before it decides', async () => {
    let now = AT;
    const run = await given({ now: () => now });
    const leaseUntil = new Date(AT.getTime() + 15_000);
    await run.real.begin(run.writ, {
      digest: run.writ.digest,
      status: 'executing',
      attempt: 1,
      startedAt: AT.toISOString(),
      leaseUntil: leaseUntil.toISOString(),
    });

    await expect(run.act()).rejects.toThrow(
      new Uncertain(`action 1 of run ${run.writ.run} was begun before, and nobody has heard how it ended`)
    );
    await expect(run.reconcile()).rejects.toThrow(Retryable);
    expect(run.vendor.marker).toBe(`${run.writ.run}-1`); // by which it is looked for
    now = new Date(leaseUntil.getTime() + 1);
    expect(await run.reconcile()).toEqual({ kind: 'in-doubt' });
    await expect(run.act()).rejects.toThrow(Uncertain);
    expect(run.vendor.effects).toBe(0);
  });

  it('lets a tool for which once more does no harm try again after the lease', async () => {
    let now = AT;
    const run = await given({ now: () => now });
    run.vendor.effect = 'idempotent';
    run.vendor.fail = 'after';
    await expect(run.act()).rejects.toThrow(Uncertain);
    run.vendor.effects = 0; // the answer was lost, and so was the request
    now = new Date(AT.getTime() + 60_000);

    expect(await run.reconcile()).toEqual({ kind: 'not-done' });
    run.vendor.fail = 'no';
    expect(await run.act()).toEqual({ kind: 'done' });
    expect(await run.claimed()).toMatchObject({ status: 'done', attempt: 2 });
  });

  it('sends nothing where claiming took the time of the call, since the lease would be over too early', async () => {
    let now = AT;
    const run = await given({
      now: () => now,
      claims: (real) => ({
        ...real,
        begin: async (...args) => {
          now = new Date(now.getTime() + 1_000 * jiraAssign.timeoutSeconds);
          return real.begin(...args);
        },
      }),
    });

    await expect(run.act()).rejects.toThrow(
      new Retryable(`claiming action 1 of run ${run.writ.run} took as long as the call may: nothing was sent`)
    );
    expect(run.vendor.effects).toBe(0);
    expect(await run.claimed()).toMatchObject({ status: 'released', attempt: 1 });
  });

  it('settles an attempt again in the same way, as after a lost answer, and in no other way', async () => {
    const run = await given();
    await run.act();
    const done = await run.claimed();
    if (done === undefined) throw new Error('expected a claim');

    expect(await run.real.settle(run.writ, done)).toBe(true);
    expect(await run.real.settle(run.writ, { ...done, status: 'failed' })).toBe(false);
    expect(await run.real.settle(run.writ, { ...done, attempt: 2 })).toBe(false);
    expect(await run.claimed()).toEqual(done);
  });

  it('is uncertain where it happened but could not be kept', async () => {
    let isBroken = true;
    const run = await given({
      claims: (real) => ({
        ...real,
        settle: (writ, claim) => (isBroken ? Promise.reject(new Retryable('no table')) : real.settle(writ, claim)),
      }),
    });
    await expect(run.act()).rejects.toThrow(
      new Uncertain(`how action 1 of run ${run.writ.run} ended (done) could not be kept`)
    );
    isBroken = false;
    await expect(run.act()).rejects.toThrow(Uncertain);
    expect(await run.reconcile()).toEqual({ kind: 'done' });
    expect(run.vendor.effects).toBe(1);
  });

  it.each([
    ['undoes what was seen a minute ago', 60_000, 1],
    ['does nothing by what was seen longer ago', 60_001, 0],
  ])('%s', async (_, agoMs, effects) => {
    const seenAt = new Date(AT.getTime() - agoMs).toISOString();
    const run = await given({ about: { seenAt } });
    const acting = run.act();
    if (effects === 0)
      await expect(acting).rejects.toThrow(
        new Terminal(
          `action 1 of run ${run.writ.run} would undo what was seen at ${seenAt}: too long ago to be sure that it is still ours`
        )
      );
    else expect(await acting).toEqual({ kind: 'done' });
    expect(run.vendor.effects).toBe(effects);
  });

  it('keeps how it ended, and gives the call its time, though the clock is set back meanwhile', async () => {
    let now = AT;
    const back = async <T>(doing: Promise<T>): Promise<T> => {
      now = new Date(now.getTime() - 3_600_000);
      return doing;
    };
    const run = await given({
      now: () => now,
      claims: (real) => ({ ...real, begin: (...args) => back(real.begin(...args)) }),
    });
    expect(await run.act()).toEqual({ kind: 'done' });
    expect(await run.claimed()).toMatchObject({ status: 'done', latencyMs: 0 });
  });

  it('does not take what arrives while it looks for what never came', async () => {
    let now = AT;
    const run = await given({ now: () => now });
    run.vendor.effect = 'idempotent';
    run.vendor.fail = 'after';
    await expect(run.act()).rejects.toThrow(Uncertain);
    run.vendor.effects = 0;
    now = new Date(AT.getTime() + 14_000);
    const slowly = {
      ...run.deps.writes[0],
      lookUp: async () => {
        now = new Date(AT.getTime() + 16_000); // the lease ends while the system answers as of before
        return false;
      },
    } as ActDeps<Vendor>['writes'][0];
    await expect(reconcile({ ...run.deps, writes: [slowly] }, run.writ, 1)).rejects.toThrow(Retryable);
    expect(await run.claimed()).toMatchObject({ status: 'in-doubt' });
  });

  it('says that a claim moved while it looked, as when two look at once', async () => {
    const run = await given({ claims: (real) => ({ ...real, settle: async () => false }) });
    run.vendor.fail = 'after';
    await expect(run.act()).rejects.toThrow(Uncertain);
    await expect(run.reconcile()).rejects.toThrow(
      new Retryable(`the claim of action 1 of run ${run.writ.run} moved while it was reconciled`)
    );
  });

  it('has nothing to undo where nothing was begun', async () => {
    const run = await given();
    expect(await run.reconcile()).toEqual({ kind: 'not-done' });
  });
});
