import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoCounters } from '../../lambdas/adapters/dynamodb/counters.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoReadings } from '../../lambdas/adapters/dynamodb/readings.ts';
import { readScope, writeScope } from '../../lambdas/core/act/scope.ts';
import { newBreaker } from '../../lambdas/core/engine/model/breaker.ts';
import { modelEngine } from '../../lambdas/core/engine/model/model.ts';
import type { Request } from '../../lambdas/core/engine/model/port.ts';
import { ModelSettings } from '../../lambdas/core/engine/model/settings.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { rulesPolicy } from '../../lambdas/core/gate/policy.ts';
import { approve } from '../../lambdas/core/steps/approve.ts';
import { ask } from '../../lambdas/core/steps/ask.ts';
import { escalate, respond } from '../../lambdas/core/steps/close.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import type { Step } from '../../lambdas/core/steps/step.ts';
import { survey } from '../../lambdas/core/steps/survey.ts';
import { decideOrUndo } from '../../lambdas/core/steps/undo.ts';
import { verify } from '../../lambdas/core/steps/verify.ts';
import type { Workflow, WorkflowRelease } from '../../lambdas/core/workflow.ts';
import { contracts } from '../../lambdas/tools/contracts.ts';
import type { JiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { jira } from '../../lambdas/tools/jira/system.ts';
import type { Bundles } from '../../lib/bundle.ts';
import { bundleName, DEPLOYED_STEPS } from '../../lib/functions.ts';
import { openPrompts } from '../../lib/prompts.ts';
import { calleesOf, releaseOf } from '../../lib/release.ts';
import type { Invoke } from '../../local/states/attempt.ts';
import { TaskFailure } from '../../local/states/failure.ts';
import type { Machine } from '../../local/states/record.ts';
import type { Json, JsonObject } from '../../local/template/json.ts';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';
import { AT } from './builders.ts';
import type { Dynoxide } from './dynoxide.ts';

const MODEL = 'openai-compatible:m';
const MODELS = ModelSettings.parse({
  tiers: { small: [MODEL] },
  endpoints: { 'openai-compatible': 'http://127.0.0.1:1/v1' },
  prices: { [MODEL]: { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 } },
});
const EXAMPLES = ['Network', 'Hardware', 'Access'].map((label) => ({ text: label.toLowerCase(), label }));
const BUNDLES = [
  ...DEPLOYED_STEPS.map(bundleName.step),
  ...['tools-jira-read', 'tools-jira-write', 'models-openai-compatible', 'models-keys'],
];
const bundles: Bundles = new Map(
  BUNDLES.map((name) => [name, { name, code: new Uint8Array(), digest: `digest of ${name}` }])
);

/** The release that the synthesis makes of ticket triage with this prompt, and with whatever else is changed of its data. */
export const releaseWith = (prompt: string, change: (data: Workflow) => Workflow = (data) => data): WorkflowRelease => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-release-'));
  try {
    writeFileSync(join(folder, 'queue.md'), `${prompt}\n\n{{queues}}\n`);
    const data = ticketTriage.data({
      mode: 'autopilot',
      shared: { tenantDayMicrousd: 1_000_000, shards: { tenant: 1, workflow: 1 } },
      examples: EXAMPLES,
      trainedFor: () => [],
      tiers: ['small'],
      render: openPrompts(folder).render,
    });
    return releaseOf(ticketTriage, change({ ...data, models: MODELS }), bundles);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

type Handler = (payload: Json) => Promise<Json>;

const serving =
  <Deps, Input, Output>(step: Step<Deps, Input, Output>, deps: Deps): Handler =>
  async (payload) => {
    try {
      return step.output.parse(await step.run(deps, step.input.parse(payload))) as Json;
    } catch (error) {
      const { name, message } = error as Error;
      throw new TaskFailure(name, message);
    }
  };

const arnOf = (name: string, version: number): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name.replace(':', '-')}:${version}`;

export interface Version {
  readonly release: WorkflowRelease;
  readonly machine: Machine;
  /** What the models of this version were asked. */
  readonly asked: readonly Request[];
  /** By the ARN of each published function. */
  readonly functions: ReadonlyMap<string, Handler>;
}

/** Publishes a release: a version of the state machine that calls versions of its functions, which have the release's data. */
export const publish = (
  { connection, state, audit }: Dynoxide,
  sandbox: JiraSandbox,
  { version, release, says }: { version: number; release: WorkflowRelease; says: { label: string; confidence: number } }
): Version => {
  const asked: Request[] = [];
  const now = () => AT;
  const counters = dynamoCounters(connection, state);
  const deps = {
    ledger: dynamoLedger(connection, { state, audit }),
    release,
    now,
    traceId: () => 'untraced',
    tools: contracts,
    policy: rulesPolicy(release.policy),
    counters,
    purse: { counters, newId: () => randomUUID(), warn: () => undefined },
    warn: () => undefined,
  };
  const [rules] = release.eligibility.engines;
  const [model] = release.proposal.engines;
  if (rules?.kind !== 'rules' || model?.kind !== 'model') throw new TypeError('this release has other engines');
  const proposer = modelEngine({
    ...model,
    settings: MODELS,
    open: () => ({
      ask: async (request) => {
        asked.push(request);
        return {
          kind: 'said',
          text: JSON.stringify(says),
          tokens: { input: 9, cachedInput: 0, cacheWrite: 0, output: 9 },
        };
      },
    }),
    breakerOf: () => newBreaker(),
    now,
    random: () => 0,
    wait: async () => undefined,
    patienceMs: 5_000,
  });
  const client = jira.connect({ baseUrl: sandbox.url, user: 'bot@ops.example', token: 'writer-token-7QzX' });
  const open = async () => client;
  const named: Readonly<Record<string, Handler>> = {
    route: serving(route, { ...deps, eligibility: rulesEngine(rules.name, rules.rules) }),
    ask: serving(ask, deps),
    propose: serving(propose, { ...deps, proposer }),
    decide: serving(decideOrUndo, deps),
    approve: serving(approve, deps),
    verify: serving(verify, deps),
    survey: serving(survey, deps),
    respond: serving(respond, deps),
    escalate: serving(escalate, deps),
    'jira:read': serving(readScope<ReturnType<typeof jira.connect>>(), {
      readings: dynamoReadings(connection, state),
      scope: 'jira:read',
      reads: jira.reads,
      open,
      now,
    }),
    'jira:write': serving(writeScope<ReturnType<typeof jira.connect>>(), {
      claims: dynamoClaims(connection, state, 'jira:write'),
      writes: jira.writes,
      open,
      now,
    }),
  };
  const callees = calleesOf(ticketTriage, {
    step: (name) => arnOf(name, version),
    scope: (name) => arnOf(name, version),
  });
  return {
    release,
    asked,
    machine: {
      arn: `arn:aws:states:us-east-1:000000000000:stateMachine:ticket-triage:${version}`,
      roleArn: 'arn:aws:iam::000000000000:role/states',
      definition: ticketTriage.machine(callees) as unknown as JsonObject,
    },
    functions: new Map(Object.entries(named).map(([name, handler]) => [arnOf(name, version), handler])),
  };
};

/** Calls published functions, of every version, and keeps who called which. */
export const invokerOf = (versions: readonly Version[]) => {
  const calls: { readonly execution: string; readonly functionArn: string }[] = [];
  const invoke: Invoke = async ({ functionArn, payload, executionArn }) => {
    calls.push({ execution: executionArn, functionArn });
    const handler = versions.flatMap(({ functions }) => functions.get(functionArn) ?? [])[0];
    if (handler === undefined) throw new TaskFailure('Lambda.ResourceNotFoundException', functionArn);
    return handler(payload);
  };
  return { invoke, calls };
};
