import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamoClaims } from '../lambdas/adapters/dynamodb/claims.ts';
import { type Connection, dynamoConnection } from '../lambdas/adapters/dynamodb/connection.ts';
import { dynamoControls } from '../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoCounters } from '../lambdas/adapters/dynamodb/counters.ts';
import { dynamoDesk } from '../lambdas/adapters/dynamodb/desk.ts';
import { dynamoLedger } from '../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoReadings } from '../lambdas/adapters/dynamodb/readings.ts';
import { dynamoRollouts } from '../lambdas/adapters/dynamodb/rollouts.ts';
import { act } from '../lambdas/core/act/act.ts';
import { implementWrite } from '../lambdas/core/act/implementation.ts';
import { read } from '../lambdas/core/act/read.ts';
import { rulesPolicy } from '../lambdas/core/gate/policy.ts';
import type { RunRef } from '../lambdas/core/names.ts';
import { respond } from '../lambdas/core/steps/close.ts';
import { decide } from '../lambdas/core/steps/decide.ts';
import { propose } from '../lambdas/core/steps/propose.ts';
import { route } from '../lambdas/core/steps/route.ts';
import { verify } from '../lambdas/core/steps/verify.ts';
import { submit } from '../lambdas/core/tasks/submit.ts';
import { WorkflowRelease } from '../lambdas/core/workflow.ts';
import { enginesFrom } from '../lambdas/runtime/engines.ts';
import { contracts } from '../lambdas/tools/contracts.ts';
import { jiraAssign, jiraGet } from '../lambdas/tools/jira/contract.ts';
import { synth } from '../lib/synth.ts';
import { startDynoxide } from '../local/dynamo/dynoxide.ts';
import { ensureTables } from '../local/dynamo/tables.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { readDeployment } from '../local/template/deployment.ts';

/*
 * The steps of a triage run, called one after the other on real tables, without functions, state machine and Jira: what
 * governance itself writes, and how long Decide takes.
 */

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:none:1';
const SUMMARY = 'VPN drops every ten minutes';
const DESCRIPTION = 'Since Monday, from home only. The client says that the connection timed out.';

/** The release as it is deployed, and its models. */
const releaseIn = (directory: string) => {
  const { functions, tables } = readDeployment(readAssembly(directory), () => 'http://127.0.0.1');
  const folderOf = (step: string): string => {
    const fn = functions.find(({ environment }) => environment.POWERTOOLS_SERVICE_NAME === `ticket-triage-${step}`);
    if (fn === undefined) throw new Error(`the template has no step ${step}`);
    return fn.folder;
  };
  const release = WorkflowRelease.parse(JSON.parse(readFileSync(join(folderOf('decide'), 'workflow.json'), 'utf8')));
  const engines = (step: 'route' | 'propose', specs: WorkflowRelease['proposal']['engines']) =>
    enginesFrom(specs, (file) => readFileSync(join(folderOf(step), file)));
  const [state, audit] = ['State', 'Audit'].map((name) => tables.find((table) => table.name.includes(name))?.name);
  if (state === undefined || audit === undefined) throw new Error('the template has no tables of a ledger');
  return {
    release,
    eligibility: engines('route', release.eligibility.engines),
    proposer: engines('propose', release.proposal.engines),
    tables,
    names: { state, audit },
  };
};

export interface Steps {
  /** Each step of a run by its name, in the order of a run. */
  readonly of: (tenant: string, issueKey: string) => Promise<readonly (readonly [string, () => Promise<unknown>])[]>;
}

const assigns = implementWrite({
  contract: jiraAssign,
  call: async (_: undefined, given) => given,
  lookUp: async () => true,
});

type Opened = ReturnType<typeof releaseIn>;

/** The steps of runs over a connection. */
const stepsOver = (connection: Connection, { release, eligibility, proposer, names }: Opened): Steps => {
  const counters = dynamoCounters(connection, names.state);
  const now = () => new Date();
  const deps = {
    ledger: dynamoLedger(connection, names),
    release,
    now,
    traceId: () => '1-00000000-000000000000000000000000',
    tools: contracts,
    counters,
    warn: () => undefined,
    policy: rulesPolicy(release.policy),
    eligibility,
    proposer,
  };
  const input = (issueKey: string) => ({ summary: SUMMARY, description: DESCRIPTION, issueKey });
  const issue = (issueKey: string, components: readonly string[]) => ({
    ...jiraGet.example.output,
    ...input(issueKey),
    components: [...components],
  });

  const submitted = async (tenant: string, issueKey: string): Promise<RunRef> => {
    const submission = await submit(
      {
        desk: dynamoDesk(connection, names),
        controls: dynamoControls(connection, names),
        executions: { start: async () => undefined, answer: async () => 'answered' },
        workflows: new Map([
          [
            release.workflow,
            { release: release.release, input: release.input, machine: MACHINE, undoMachine: MACHINE },
          ],
        ]),
        rollouts: dynamoRollouts(connection, names),
        policy: { kind: 'all' },
        operatorTenant: 'platform',
        looked: new Map(),
        lookFailed: () => undefined,
        now,
        traceId: deps.traceId,
        random: (bytes) => randomBytes(bytes),
      },
      { id: '00000000-0000-4000-8000-000000000000', tenant, roles: ['submitter'] },
      { workflow: release.workflow, input: input(issueKey) }
    );
    if (submission.kind !== 'accepted') throw new Error(`a task was answered with ${submission.kind}`);
    return { tenant, run: submission.run.run };
  };

  const reading = (ref: RunRef, issueKey: string, call: 'before' | 'after') =>
    read(
      {
        readings: dynamoReadings(connection, names.state),
        scope: jiraGet.scope,
        reads: [{ contract: jiraGet, call: async () => issue(issueKey, call === 'after' ? ['Network'] : []) }],
        open: async () => undefined,
        now,
      },
      ref,
      { tool: jiraGet.name, call, input: { issueKey }, workflow: release.workflow }
    );

  const acting = (ref: RunRef) =>
    act(
      {
        claims: dynamoClaims(connection, names.state, jiraAssign.scope),
        writes: [assigns],
        open: async () => undefined,
        now,
      },
      ref,
      1
    );

  return {
    of: async (tenant, issueKey) => {
      let ref: RunRef = { tenant, run: '' };
      const action = () => ({ ...ref, action: 1 });
      return [
        ['submit', async () => (ref = await submitted(tenant, issueKey))],
        ['route', () => route.run(deps, { ...ref, round: 0 })],
        ['read', () => reading(ref, issueKey, 'before')],
        ['propose', () => propose.run(deps, action())],
        ['decide', () => decide.run(deps, action())],
        ['act', () => acting(ref)],
        ['read back', () => reading(ref, issueKey, 'after')],
        ['verify', () => verify.run(deps, action())],
        ['respond', () => respond.run(deps, { ...ref, outcome: 'completed', rules: ['A_BENCH'] })],
      ];
    },
  };
};

export interface Opening extends AsyncDisposable {
  readonly connection: Connection;
  /** The name of the state table. */
  readonly state: string;
  readonly stepsOver: (connection: Connection) => Steps;
}

/** The deployed release over tables on this machine's disk. */
export const openSteps = async (): Promise<Opening> => {
  const disposal = new AsyncDisposableStack();
  const folder = disposal.adopt(await mkdtemp(join(tmpdir(), 'writ-steps-')), (path) =>
    rm(path, { recursive: true, force: true })
  );
  const { directory } = await synth({ outdir: join(folder, 'cdk.out'), context: { 'writ:mode': 'autopilot' } });
  const opened = releaseIn(directory);
  const database = disposal.adopt(
    await startDynoxide(join(folder, 'dynamodb.sqlite'), join(folder, 'dynoxide.log')),
    (it) => it.close()
  );
  await ensureTables(database.url, opened.tables);
  const connection = dynamoConnection({
    endpoint: database.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    timeoutMs: 10_000,
    around: (_, work) => work(),
  });
  return {
    connection,
    state: opened.names.state,
    stepsOver: (over) => stepsOver(over, opened),
    [Symbol.asyncDispose]: () => disposal.disposeAsync(),
  };
};
