import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Mishap } from '../../drills/gate/mishaps.ts';
import type { Connection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { dynamoHeads } from '../../lambdas/adapters/dynamodb/heads.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoRollouts } from '../../lambdas/adapters/dynamodb/rollouts.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { ApiDeps } from '../../lambdas/api/app.ts';
import { dayOf, shardOfChain } from '../../lambdas/core/audit/anchors.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import type { Policy } from '../../lambdas/core/releases/rollout.ts';
import { type Outcome, Run } from '../../lambdas/core/run.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { AT, aRelease } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';
import { faulty } from '../support/faulty.ts';

const operator = claimsOf({ sub: 'op-1', tenant: 'platform', roles: '[operator]' });
const { input } = aRelease();
const version = (name: string, number: number) => ({
  release: digestOf(name),
  input,
  machine: `arn:aws:states:us-east-1:000000000000:stateMachine:ticket-triage:${number}`,
});
const [OLD, NEW] = [version('old', 1), version('new', 2)];
const HALF: Policy = { kind: 'canary', share: 50, automatic: { rollback: true, promote: false } };
const PATH = '/v1/releases/ticket-triage';

describe.skipIf(!hasDynoxide)('releases', () => {
  let dynoxide: Dynoxide;
  const started: Dynoxide[] = [];
  beforeEach(async () => {
    dynoxide = await startDynoxide();
    started.push(dynoxide);
  });
  afterAll(async () => {
    for (const each of started) await each.stop();
  });

  const deploy = (served: typeof OLD, given: Partial<ApiDeps> = {}) =>
    anApi(dynoxide, {
      policy: HALF,
      workflows: new Map([['ticket-triage', { ...served, undoMachine: served.machine }]]),
      ...given,
    });
  type Api = ReturnType<typeof deploy>;
  const dynoxideRollouts = (connection: Connection) => dynamoRollouts(connection, dynoxide);
  const submit = (api: Api, key: string, tenant = 'acme') =>
    api.call('POST', '/v1/tasks', {
      claims: claimsOf({ tenant }),
      body: { workflow: 'ticket-triage', input: { summary: 'the vpn drops', issueKey: 'OPS-1' } },
      headers: { 'idempotency-key': key },
    });
  const set = (api: Api, change: object, claims = operator) =>
    api.call('PUT', PATH, { claims, body: { reason: 'a test', ...change } });
  const see = async (api: Api) => (await api.call('GET', PATH, { claims: operator })).body;
  /** The old release served, and the new one is on trial. */
  const onTrial = async (given: Partial<ApiDeps> = {}): Promise<Api> => {
    await submit(deploy(OLD), 'first');
    return deploy(NEW, given);
  };
  const machinesOf = async (api: Api, keysOfTasks: readonly string[], tenant = 'acme') => {
    const runs = await Promise.all(keysOfTasks.map(async (key) => (await submit(api, key, tenant)).body.run));
    return runs.map((run) => api.executions.started.get(run)?.machine);
  };
  const many = (count: number, name = 'task') => Array.from({ length: count }, (_, at) => `${name}-${at}`);

  it('deployed as a canary serves its share, until it is promoted', async () => {
    const api = await onTrial();
    const before = await machinesOf(api, many(40));
    expect(new Set(before)).toEqual(new Set([OLD.machine, NEW.machine]));

    const { status, body } = await set(api, { action: 'promote' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ stable: { release: NEW.release }, previous: { release: OLD.release }, by: 'op-1' });
    expect(new Set(await machinesOf(api, many(20, 'later')))).toEqual(new Set([NEW.machine]));

    const { body: back } = await set(api, { action: 'rollback' });
    expect(back).toMatchObject({ stable: { release: OLD.release }, previous: { release: NEW.release } });
    expect(new Set(await machinesOf(api, many(20, 'last')))).toEqual(new Set([OLD.machine]));
  });

  it('leaves with every change a chain that rests, so that it is archived', async () => {
    const api = await onTrial();
    await set(api, { action: 'promote' });
    const chain = 'CONTROL#release:ticket-triage';
    const heads = dynamoHeads(dynoxide.connection, dynoxide.audit);
    const { head } = await see(api);
    expect(head.seq).toBeGreaterThan(1);
    expect((await heads.of(dayOf(AT.toISOString()), shardOfChain(chain))).heads).toContainEqual({ chain, ...head });
  });

  it('deployed for all serves every new run at once', async () => {
    const api = await onTrial({ policy: { kind: 'all' } });
    expect(new Set(await machinesOf(api, many(20)))).toEqual(new Set([NEW.machine]));
    expect(await see(api)).toMatchObject({ stable: { release: NEW.release }, previous: { release: OLD.release } });
  });

  it('on trial with a cohort serves its tenants alone', async () => {
    const api = await onTrial();
    expect((await set(api, { action: 'canary', tenants: ['acme'] })).status).toBe(200);
    expect(new Set(await machinesOf(api, many(10)))).toEqual(new Set([NEW.machine]));
    expect(new Set(await machinesOf(api, many(10), 'demo'))).toEqual(new Set([OLD.machine]));
  });

  it.each(['promote', 'rollback'])(
    'keeps each run on its release when its start is repeated after a %s',
    async (action) => {
      const api = await onTrial();
      const tasks = many(12);
      api.executions.failNext(tasks.length);
      for (const key of tasks) expect((await submit(api, key)).status).toBe(503); // written, and not started
      await set(api, { action });
      const runs = await Promise.all(tasks.map(async (key) => (await submit(api, key)).body.run));
      const state = dynamoTable(dynoxide.connection, dynoxide.state);
      const machines = new Set<string | undefined>();
      for (const run of runs) {
        const { release, machine } = Run.parse((await state.get(keys.run({ tenant: 'acme', run })))?.content);
        expect(machine).toBe(release === NEW.release ? NEW.machine : OLD.machine);
        expect(api.executions.started.get(run)?.machine).toBe(machine);
        machines.add(machine);
      }
      expect(machines.size).toBe(2);
    }
  );

  it('gives one run one release, however many submit it while the rollout changes', async () => {
    const api = await onTrial();
    const others = deploy(NEW);
    const tasks = many(30);
    const [answers] = await Promise.all([
      Promise.all(tasks.flatMap((key) => [submit(api, key), submit(others, key)])),
      set(api, { action: 'rollback' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    for (const { body } of answers) {
      const machines = [api, others].flatMap(({ executions }) => executions.started.get(body.run)?.machine ?? []);
      expect(new Set(machines).size).toBe(1);
    }
    expect(new Set(await machinesOf(api, many(20, 'later')))).toEqual(new Set([OLD.machine]));
  });

  /** Each of these changes, sent until it is answered, while the answers of three transactions are lost. */
  const untilAnswered = async (api: Api, meet: (...more: readonly Mishap[]) => void, change: object) => {
    meet('answer lost', 'answer lost', 'answer lost');
    const answers = [];
    do answers.push(await set(api, change));
    while (answers.at(-1)?.status === 503 && answers.length < 5);
    return answers;
  };

  it.each(['promoted', 'on trial'])(
    'are rolled back once, however often that is sent as of what was seen, when the new one was %s',
    async (how) => {
      const { connection, meet } = faulty(dynoxide.connection);
      const api = await onTrial({ rollouts: dynoxideRollouts(connection) });
      if (how === 'promoted') await set(api, { action: 'promote' });
      const { head } = await see(api);
      const change = { action: 'rollback', expects: head.hash };

      const [lost, ...answers] = await untilAnswered(api, meet, change);
      expect(lost).toMatchObject({ status: 503, body: { type: 'urn:writ:problem:unavailable' } });
      expect(answers).toMatchObject([{ status: 200, body: { stable: { release: OLD.release }, by: 'op-1' } }]);
      expect(await set(api, change)).toEqual(answers[0]);
      const after = await see(api);
      expect(after).toMatchObject({ stable: { release: OLD.release }, head: { seq: head.seq + 1 } });
      expect(after.candidate).toBeUndefined();
    }
  );

  it('are not to be changed by the same again where it does not say what was seen', async () => {
    const { connection, meet } = faulty(dynoxide.connection);
    const api = await onTrial({ rollouts: dynoxideRollouts(connection) });
    await see(api);
    meet('answer lost');
    const lost = await set(api, { action: 'rollback' });
    expect(lost).toMatchObject({ status: 503, body: { type: 'urn:writ:problem:outcome-unknown', trace: '1-trace' } });
    expect(lost.body.detail).toContain('before you send it again');
    expect(lost.headers['retry-after']).toBeUndefined();
  });

  it.each([
    ['another reason', { reason: 'another' }, operator],
    ['another action', { action: 'promote' }, operator],
    ['another operator', {}, claimsOf({ sub: 'op-2', tenant: 'platform', roles: '[operator]' })],
  ])('take %s as of what was seen before for a change of its own, and refuse it', async (_, given, claims) => {
    const api = await onTrial();
    const { head } = await see(api);
    const change = { action: 'canary', share: 5, expects: head.hash };
    expect((await set(api, change)).status).toBe(200);
    const { share: _share, ...other } = { ...change, ...given };
    const sent = 'action' in given ? other : { ...change, ...given };
    const { status, body } = await set(api, sent, claims);
    expect([status, body.detail]).toEqual([409, expect.stringContaining('see how they stand, then decide again')]);
    expect((await see(api)).head.seq).toBe(head.seq + 1);
  });

  it('are left as they are where somebody else changes them between the look and the change', async () => {
    const real = dynoxideRollouts(dynoxide.connection);
    const api = await onTrial();
    await see(api);
    const late = deploy(NEW, { rollouts: { ...real, set: async () => false } });
    const { status, body } = await set(late, { action: 'promote' });
    expect([status, body.detail]).toEqual([409, expect.stringContaining('Somebody else changed the releases')]);
    expect(await see(api)).toMatchObject({ stable: { release: OLD.release }, candidate: { release: NEW.release } });
  });

  it('notes a deployment once, whoever comes first, and who decided what, in a chain', async () => {
    const api = await onTrial();
    await Promise.all(many(8).map((key) => submit(api, key)));
    await submit(deploy(OLD), 'from a function that is still warm');
    await set(api, { action: 'canary', share: 5, automatic: { rollback: false, promote: false } });
    await set(api, { action: 'rollback', reason: 'it talks too much' });
    const { records, fault, head } = await see(api);
    expect(fault).toBeUndefined();
    expect(head.seq).toBe(3);
    expect(
      records.map(({ policy, user }: { policy: { decision: string }; user: object }) => [policy.decision, user])
    ).toEqual([
      ['deploy', { id: 'writ', tenant: 'platform' }],
      ['deploy', { id: 'writ', tenant: 'platform' }],
      ['canary', { id: 'op-1', tenant: 'platform' }],
      ['rollback', { id: 'op-1', tenant: 'platform' }],
    ]);
    expect(records[3].args_redacted.reason).toBe('it talks too much');
  });

  it('are changed by operators of the operating tenant alone, and only as makes sense', async () => {
    const api = await onTrial();
    expect((await set(api, { action: 'promote' }, claimsOf({ roles: '[operator]' }))).status).toBe(403);
    expect((await set(api, { action: 'promote' }, claimsOf({ tenant: 'platform' }))).status).toBe(403);
    expect((await api.call('GET', PATH, { claims: claimsOf({ roles: '[auditor]' }) })).status).toBe(403);
    expect((await set(api, { action: 'canary' })).body.errors).toMatchObject([{ field: 'share' }]);
    expect((await set(api, { action: 'canary', share: 100 })).status).toBe(422);
    expect((await set(api, { action: 'promote', share: 5 })).body.errors).toMatchObject([{ field: 'share' }]);
    expect((await api.call('GET', '/v1/releases/toString', { claims: operator })).status).toBe(404);
    await set(api, { action: 'rollback' });
    expect(await set(api, { action: 'promote' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('no candidate') },
    });
    expect(await set(api, { action: 'rollback' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('no release before') },
    });
  });

  it('take no trial of the release that is stable already', async () => {
    const api = deploy(OLD);
    await see(api);
    expect(await set(api, { action: 'canary', share: 5 })).toMatchObject({
      status: 409,
      body: { type: 'urn:writ:problem:conflict', detail: expect.stringContaining('deploy another') },
    });
  });

  /** Closes every run of these, as their release does. */
  const close = async (api: Api, outcomes: { readonly old: Outcome; readonly new: Outcome }) => {
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    for (const [run, { machine }] of api.executions.started) {
      const key = keys.run({ tenant: 'acme', run });
      const item = await state.get(key);
      const outcome = machine === NEW.machine ? outcomes.new : outcomes.old;
      await state.put({ ...key, ...item, content: { ...Run.parse(item?.content), status: 'closed', outcome } });
    }
  };

  const later = () => new Date(AT.getTime() + 120_000);

  it('are compared, and a candidate that fails is taken back without asking', async () => {
    const api = await onTrial();
    await Promise.all(many(160).map((key) => submit(api, key)));
    await close(api, { old: 'completed', new: 'failed' });
    const { comparison } = await see(api);
    expect(comparison).toMatchObject({ verdict: 'worse', look: 50, stable: { failed: 0 } });
    expect(comparison.candidate.failed).toBe(comparison.candidate.runs);

    const looking = deploy(NEW, { now: later });
    for (const key of many(12, 'later')) await submit(looking, key);
    const { candidate, stable, by, reason } = await see(looking);
    expect([candidate, stable.release, by]).toEqual([undefined, OLD.release, 'writ']);
    expect(reason).toBe('worse at 50 runs each: completed worse, failed worse');
    expect(new Set(await machinesOf(looking, many(20, 'last')))).toEqual(new Set([OLD.machine]));
  });

  it.each([
    ['is not taken back where it is no worse', 'completed', { rollback: true, promote: false }],
    ['is not taken back where nobody wants that', 'failed', { rollback: false, promote: false }],
  ] as const)('on trial %s', async (_, outcome, automatic) => {
    const api = await onTrial({ policy: { ...HALF, automatic } });
    await Promise.all(many(160).map((key) => submit(api, key)));
    await close(api, { old: 'completed', new: outcome });
    const looking = deploy(NEW, { now: later });
    for (const key of many(12, 'later')) await submit(looking, key);
    expect(await see(looking)).toMatchObject({ candidate: { release: NEW.release }, stable: { release: OLD.release } });
  });

  it('accepts a run also where the canary cannot be looked after', async () => {
    const failures: unknown[] = [];
    const api = await onTrial();
    const { rollouts } = api.deps;
    const blind = deploy(NEW, {
      rollouts: { ...rollouts, observed: () => Promise.reject(new Retryable('a test makes this fail')) },
      lookFailed: (error) => void failures.push(error),
    });
    for (const key of many(12)) expect((await submit(blind, key)).status).toBe(202);
    expect(failures).toHaveLength(1);
  });
});
