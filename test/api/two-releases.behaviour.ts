import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { AuditRecord } from '../../lambdas/core/audit/record.ts';
import type { Policy } from '../../lambdas/core/releases/rollout.ts';
import { Run } from '../../lambdas/core/run.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import { type JiraSandbox, startJiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { openStates, type States } from '../../local/states/service.ts';
import { temporaryFolder } from '../local/states/harness.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';
import { invokerOf, publish, releaseWith, type Version } from '../support/two-releases.ts';

/*
 * Two releases of ticket triage at once: their own state machines, run by the interpreter; steps, gate, tables, API and Jira as they are,
 * each version of a function with the data of its release. They differ in what a model is told and in what people are asked.
 */

const HALF: Policy = { kind: 'canary', share: 50, automatic: { rollback: false, promote: false } };
const operator = claimsOf({ sub: 'op-1', tenant: 'platform', roles: '[operator]' });
const approver = (tenant: string) => claimsOf({ sub: 'a-1', tenant, roles: '[approver]' });

describe.skipIf(!hasDynoxide)('two releases at once', () => {
  let dynoxide: Dynoxide;
  let sandbox: JiraSandbox;
  const databases: Dynoxide[] = [];
  beforeEach(async () => {
    dynoxide = await startDynoxide();
    databases.push(dynoxide);
  });
  beforeAll(async () => {
    sandbox = await startJiraSandbox({
      user: 'bot@ops.example',
      token: 'writer-token-7QzX',
      components: ['Network', 'Hardware', 'Access'],
      issues: Array.from({ length: 100 }, (_, at) => ({ key: `OPS-${at + 1}`, summary: 'It is broken' })),
    });
  });
  afterAll(async () => {
    for (const each of databases) await each.stop();
    await sandbox.close();
  });

  /** Everything that both versions share; the old one is deployed, and has served a run. */
  const given = async () => {
    const old = publish(dynoxide, sandbox, {
      version: 1,
      release: releaseWith('The old words.', (data) => ({
        ...data,
        policy: [
          ...data.policy,
          { id: 'ASK_OF_OLD', effect: 'ask', because: 'a test', when: [{ fact: 'action.tool', is: 'jira.assign' }] },
        ],
      })),
      says: { label: 'Network', confidence: 0.9 },
    });
    const fresh = publish(dynoxide, sandbox, {
      version: 2,
      release: releaseWith('The new words.'),
      says: { label: 'Hardware', confidence: 0.9 },
    });
    const versions = [old, fresh];
    const { invoke, calls } = invokerOf(versions);
    const states: States = await openStates({
      journal: `${await temporaryFolder()}/journal`,
      machine: (arn) => versions.find(({ machine }) => machine.arn === arn)?.machine,
      invoke,
    });
    const executions = {
      start: async (machine: string, task: { readonly run: string }) =>
        void (await states.start({ stateMachineArn: machine, name: task.run, input: JSON.stringify(task) })),
      answer: async (token: string, output: object) => {
        await states.sendTaskSuccess(token, JSON.stringify(output));
        return 'answered' as const;
      },
    };
    const deploy = ({ release, machine }: Version) =>
      anApi(dynoxide, {
        policy: HALF,
        executions,
        workflows: new Map([
          [
            'ticket-triage',
            { release: release.release, input: release.input, machine: machine.arn, undoMachine: machine.arn },
          ],
        ]),
      });
    return { old, fresh, calls, states, deploy };
  };
  type World = Awaited<ReturnType<typeof given>>;
  type Api = ReturnType<World['deploy']>;

  const submit = async (api: Api, key: string, { tenant = 'acme', issueKey = 'OPS-1' } = {}): Promise<string> => {
    const { status, body } = await api.call('POST', '/v1/tasks', {
      claims: claimsOf({ tenant }),
      body: { workflow: 'ticket-triage', input: { summary: 'it drops', ...(issueKey !== '' && { issueKey }) } },
      headers: { 'idempotency-key': key },
    });
    expect(status).toBe(202);
    return body.run;
  };
  const set = async (api: Api, change: object) =>
    expect(
      (await api.call('PUT', '/v1/releases/ticket-triage', { claims: operator, body: { reason: 'a test', ...change } }))
        .status
    ).toBe(200);
  const runOf = async (run: string, tenant = 'acme'): Promise<Run> =>
    Run.parse((await dynamoTable(dynoxide.connection, dynoxide.state).get(keys.run({ tenant, run })))?.content);
  const stands = (run: string, status: Run['status'], tenant = 'acme') =>
    expect.poll(async () => (await runOf(run, tenant)).status, { timeout: 20_000, interval: 20 }).toBe(status);
  const approveIt = async (api: Api, run: string, tenant = 'acme') => {
    const claims = approver(tenant);
    const { body } = await api.call('GET', '/v1/approvals', { claims });
    const { id, digest } = body.approvals.find((each: { run: string }) => each.run === run);
    const answer = await api.call('POST', `/v1/approvals/${id}`, { claims, body: { decision: 'approve', digest } });
    expect(answer.status).toBe(200);
  };
  const reply = async (api: Api, run: string) =>
    expect((await api.call('POST', `/v1/runs/${run}/reply`, { body: { fields: { issueKey: 'OPS-1' } } })).status).toBe(
      202
    );

  /** Nothing of a run is of another release: its execution, every function it called, its audit, what its model was told. */
  const isAllOf = async ({ calls, states }: World, run: string, { release, machine }: Version, tenant = 'acme') => {
    const version = machine.arn.slice(machine.arn.lastIndexOf(':'));
    const own = calls.filter(({ execution }) => execution.endsWith(`:${run}`));
    expect(new Set(own.map(({ functionArn }) => functionArn.slice(functionArn.lastIndexOf(':'))))).toEqual(
      new Set([version])
    );
    const [{ execution = '' } = {}] = own;
    await expect.poll(() => states.describe(execution).status, { timeout: 20_000 }).toBe('SUCCEEDED');
    expect(states.describe(execution).stateMachineVersionArn).toBe(machine.arn);
    const table = dynamoTable(dynoxide.connection, dynoxide.audit);
    const { items } = await table.query({ partition: chainKey.run({ tenant, run }) });
    const records = items.map(({ content }) => content as AuditRecord);
    expect(new Set(records.map((record) => record.release))).toEqual(new Set([release.release]));
    const [spec] = release.proposal.engines;
    const digest = spec?.kind === 'model' ? spec.prompt.digest.slice(0, 12) : '';
    const named = records.flatMap(({ model }) => (model?.name.startsWith('model:') ? model.name : []));
    expect(new Set(named)).toEqual(new Set([`model:openai-compatible:m@${digest}`]));
    expect(await runOf(run, tenant)).toMatchObject({ outcome: 'completed', release: release.release });
  };

  it('a run keeps its own to its end, through promotion and rollback, also where it waits for a person', async () => {
    const world = await given();
    const { old, fresh } = world;
    const before = world.deploy(old);
    const waiting = await submit(before, 'approved-later');
    const asking = await submit(before, 'answered-later', { issueKey: '' });
    await stands(waiting, 'waiting');
    await stands(asking, 'waiting');

    const api = world.deploy(fresh); // a candidate, for half of the runs
    const ofOld: string[] = [];
    const ofFresh: string[] = [];
    for (let task = 0; ofOld.length < 2 || ofFresh.length < 2; task += 1) {
      // an issue each: what an issue may be assigned a day is little, and which release a run gets is the run's luck
      const run = await submit(api, `task-${task}`, { issueKey: `OPS-${task + 2}` });
      ((await runOf(run)).release === old.release.release ? ofOld : ofFresh).push(run);
    }
    for (const run of ofFresh) await stands(run, 'closed');
    for (const run of ofOld) await stands(run, 'waiting');

    await set(api, { action: 'promote' });
    const promoted = await submit(api, 'promoted');
    const late = await submit(api, 'answered-late', { issueKey: '' });
    await stands(promoted, 'closed');
    await stands(late, 'waiting');

    // people answer what the old release asked them, and it goes on under the old release, where a person is asked again
    await approveIt(api, waiting);
    for (const run of ofOld) await approveIt(api, run);
    await reply(api, asking);
    await expect.poll(async () => (await runOf(asking)).steps, { timeout: 20_000 }).toHaveProperty(['approve#1']);
    await set(api, { action: 'rollback' });
    await approveIt(api, asking);
    const last = await submit(api, 'rolled-back');
    await stands(last, 'waiting');
    await approveIt(api, last);
    await reply(api, late); // of the release that was taken back: it asks nobody

    for (const run of [waiting, asking, ...ofOld, last]) await isAllOf(world, run, old);
    for (const run of [...ofFresh, promoted, late]) await isAllOf(world, run, fresh);
    expect(new Set(old.asked.map(({ system }) => /The \w+ words/.exec(system)?.[0]))).toEqual(
      new Set(['The old words'])
    );
    expect(new Set(fresh.asked.map(({ system }) => /The \w+ words/.exec(system)?.[0]))).toEqual(
      new Set(['The new words'])
    );
    await world.states.close();
  });

  it('a cohort has the candidate, and everybody else the stable one, at the same time', async () => {
    const world = await given();
    const { old, fresh } = world;
    await submit(world.deploy(old), 'first', { tenant: 'cohort-b' });
    const api = world.deploy(fresh);
    await set(api, { action: 'canary', tenants: ['cohort-a'] });
    const [a, b] = await Promise.all(['cohort-a', 'cohort-b'].map((tenant) => submit(api, 'task', { tenant })));
    await stands(a ?? '', 'closed', 'cohort-a');
    await stands(b ?? '', 'waiting', 'cohort-b');
    await set(api, { action: 'promote' });
    await approveIt(api, b ?? '', 'cohort-b');
    await isAllOf(world, a ?? '', fresh, 'cohort-a');
    await isAllOf(world, b ?? '', old, 'cohort-b');
    await world.states.close();
  });
});
