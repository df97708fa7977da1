import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoApprovals } from '../../lambdas/adapters/dynamodb/approvals.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoRollouts } from '../../lambdas/adapters/dynamodb/rollouts.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { ApiDeps } from '../../lambdas/api/app.ts';
import { GENESIS, type Head } from '../../lambdas/core/audit/record.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { CONTROL_SHARDS, ROOT } from '../../lambdas/core/gate/controls.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { waitingRun } from '../support/approval.ts';
import { aRun } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const operator = claimsOf({ sub: 'op-1', tenant: 'platform', roles: '[operator]' });
const AGAIN = {
  status: 503,
  headers: { 'retry-after': '1' },
  body: { type: 'urn:writ:problem:unavailable', detail: 'The request was not completed. Send the same again.' },
};

/* Others change the same thing between every look and the write that follows it. */
describe.skipIf(!hasDynoxide)('a request that others are always faster than', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  let moves = 0;
  const moved = <Has extends { readonly head: Head }>(found: Has): Has => {
    moves += 1;
    return { ...found, head: { ...found.head, hash: digestOf(moves) } };
  };
  /** The run of a task, its execution begun. */
  const aTask = async (given: Parameters<typeof aRun>[0] = {}) => {
    const { run, record } = aRun(given);
    await dynamoDesk(dynoxide.connection, dynoxide).create(run, { summary: 'x' }, record);
    return run;
  };
  const state = () => dynamoTable(dynoxide.connection, dynoxide.state);
  const auditOf = async (partition: string) =>
    (await dynamoTable(dynoxide.connection, dynoxide.audit).query({ partition })).items;

  it('shows no audit of a run that never rests', async () => {
    const { run } = await aTask();
    const desk = dynamoDesk(dynoxide.connection, dynoxide);
    const moving: ApiDeps['desk'] = {
      ...desk,
      run: async (ref) => {
        const found = await desk.run(ref);
        return found && moved(found);
      },
    };
    const api = anApi(dynoxide, { desk: moving });
    expect(await api.call('GET', `/v1/runs/${run}/audit`)).toMatchObject(AGAIN);
  });

  it('shows no audit of a control that never rests', async () => {
    const controls = dynamoControls(dynoxide.connection, dynoxide);
    const api = anApi(dynoxide, {
      controls: { ...controls, root: async (subject) => moved(await controls.root(subject)) },
    });
    expect(await api.call('GET', '/v1/controls/global/audit', { claims: operator })).toMatchObject(AGAIN);
  });

  it('stops nothing, in no shard, and says so in no audit', async () => {
    const controls = dynamoControls(dynoxide.connection, dynoxide);
    const api = anApi(dynoxide, { controls: { ...controls, settle: async () => false } });
    const answer = await api.call('PUT', '/v1/controls/tenant/contested', {
      claims: operator,
      body: { stopped: true, reason: 'a test' },
    });
    expect(answer).toMatchObject(AGAIN);
    const subject = 'tenant:contested';
    expect(await state().getAll([ROOT, ...CONTROL_SHARDS].map((shard) => keys.control(subject, shard)))).toEqual([]);
    expect(await auditOf(`CONTROL#${subject}`)).toEqual([]);
  });

  it('keeps no decision, and lets no run go on', async () => {
    const approvals = dynamoApprovals(dynoxide.connection, dynoxide.state);
    const { say, executions, ref } = await waitingRun(
      dynoxide,
      {},
      { approvals: { ...approvals, decide: async () => false } }
    );
    expect(await say('approve')).toMatchObject(AGAIN);
    expect((await state().query({ partition: `APPROVAL#acme#${ref.run}` })).items).toEqual([]);
    expect(executions.answers).toEqual([]);
  });

  it('begins no undo', async () => {
    const run = await aTask({ status: 'closed', outcome: 'completed' });
    const desk = dynamoDesk(dynoxide.connection, dynoxide);
    const api = anApi(dynoxide, { desk: { ...desk, createUndo: async () => 'stale' } });
    const answer = await api.call('POST', `/v1/runs/${run.run}/undo`, {
      claims: claimsOf({ roles: '[operator]' }),
      body: { reason: 'it was wrong' },
    });
    expect(answer).toMatchObject(AGAIN);
    expect(await desk.run(run)).toEqual(run);
    expect(await auditOf(`RUN#acme#${run.run}`)).toHaveLength(1);
    expect(api.executions.started.size).toBe(0);
  });

  it('notes no deployment, and accepts no task', async () => {
    const rollouts = dynamoRollouts(dynoxide.connection, dynoxide);
    const api = anApi(dynoxide, { rollouts: { ...rollouts, set: async () => false } });
    expect(await api.call('GET', '/v1/releases/ticket-triage', { claims: operator })).toMatchObject(AGAIN);
    const submitted = await api.call('POST', '/v1/tasks', {
      claims: claimsOf({ tenant: 'unnoted' }),
      body: { workflow: 'ticket-triage', input: { summary: 'the vpn drops', issueKey: 'OPS-1' } },
      headers: { 'idempotency-key': 'k' },
    });
    expect(submitted).toMatchObject(AGAIN);
    expect(await rollouts.of('ticket-triage')).toEqual({ head: GENESIS });
    const { runs } = await dynamoDesk(dynoxide.connection, dynoxide).list('unnoted', 10);
    expect(runs).toEqual([]);
    expect(api.executions.started.size).toBe(0);
  });
});
