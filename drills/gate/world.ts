import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoCounters } from '../../lambdas/adapters/dynamodb/counters.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoReadings } from '../../lambdas/adapters/dynamodb/readings.ts';
import { dynamoRollouts } from '../../lambdas/adapters/dynamodb/rollouts.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { shardOf } from '../../lambdas/core/gate/controls.ts';
import { rulesPolicy } from '../../lambdas/core/gate/policy.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import type { Tools } from '../../lambdas/core/provenance.ts';
import { runIdOf } from '../../lambdas/core/tasks/run-id.ts';
import type { WriteTool } from '../../lambdas/core/tool.ts';
import type { WorkflowRelease } from '../../lambdas/core/workflow.ts';
import { jiraAssign, jiraGet } from '../../lambdas/tools/jira/contract.ts';
import type { Changes } from './guards.ts';
import { type Fate, lifeOf } from './life.ts';
import type { Tables } from './tables.ts';
import { type Answer, Vendor } from './vendor.ts';

/*
 * A few runs of two tenants and two workflows, whose steps are called as their functions would: on real tables, with limits so
 * small that they are reached.
 */

export const TENANTS = ['acme', 'umbra'] as const;
export const WORKFLOWS = ['assigns', 'sends'] as const;
export const SLOTS = 12;

/** What an action costs: by its issue, so that some cost more than a run may spend. */
export const costOf = (thing: string): number => 10 * (1 + (Number(thing.split('-')[1]) % 5));
export const RATE = { atMost: 2, per: 'minute' } as const;
export const LIMITS: WorkflowRelease['limits'] = {
  budgets: { runMicrousd: 45, workflowDayMicrousd: 130, tenantDayMicrousd: 100 },
  caps: [
    { rule: 'FEW_AN_HOUR', because: 'the drill wants it', by: [], counts: 'actions', atMost: 2, per: 'hour' },
    { rule: 'FEW_A_QUEUE', because: 'as well', by: ['component'], counts: 'actions', atMost: 3, per: 'day' },
  ],
  shards: { tenant: 2, workflow: 3 },
};

const toolNamed = (name: string, effect: WriteTool['effect']): WriteTool => ({
  ...(jiraAssign as unknown as WriteTool),
  name,
  effect,
  rate: RATE,
  costMicrousd: (input) => costOf(String(input.issueKey)),
});
const TOOLS = { assigns: toolNamed('jira.assign', 'idempotent'), sends: toolNamed('jira.send', 'once') } as const;
export const SCOPE = jiraAssign.scope;
const tools: Tools = Object.fromEntries([jiraGet, ...Object.values(TOOLS)].map((tool) => [tool.name, tool as never]));

const releaseOf = (workflow: (typeof WORKFLOWS)[number]): WorkflowRelease => ({
  workflow,
  release: digestOf(`the drill's release of ${workflow}`),
  mode: 'autopilot',
  input: {
    fields: [
      { name: 'summary', needed: 'at-submission', maxLength: 100, expected: 'a line', isId: false },
      { name: 'issueKey', needed: 'at-submission', maxLength: 20, expected: 'an issue key', isId: true },
    ],
  },
  eligibility: { labels: ['eligible'], text: ['summary'], whenUnsure: 'eligible', engines: [] as never },
  proposal: {
    labels: ['Network'],
    text: [{ from: 'user', field: 'summary' }],
    engines: [] as never,
    tool: TOOLS[workflow].name,
    arguments: { issueKey: { from: 'user', field: 'issueKey' }, component: { from: 'composed' } },
  },
  policy: [
    {
      id: 'DRILL_ALLOWED',
      effect: 'permit',
      because: 'the drill wants it',
      when: [{ fact: 'action.tool', is: TOOLS[workflow].name }],
    },
  ],
  limits: LIMITS,
});
export const RELEASES = { assigns: releaseOf('assigns'), sends: releaseOf('sends') } as const;

/** One task of the drill, submitted or not. */
export interface Slot {
  readonly ref: RunRef;
  readonly key: string;
  readonly workflow: (typeof WORKFLOWS)[number];
  /** The issue that its action is about: no two slots have the same. */
  readonly thing: string;
}

const slotOf = (at: number): Slot => {
  const tenant = TENANTS[at % 2] ?? TENANTS[0];
  const key = `task-${at}`;
  return {
    ref: { tenant, run: runIdOf(tenant, key) },
    key,
    workflow: WORKFLOWS[Math.floor(at / 2) % 2] ?? WORKFLOWS[0],
    thing: `OPS-${at + 1}`,
  };
};
export const ALL_SLOTS: readonly Slot[] = Array.from({ length: SLOTS }, (_, at) => slotOf(at));
/** The shards of controls that any run here looks at; nobody would see the others. */
const SHARDS_IN_USE: ReadonlySet<string> = new Set(ALL_SLOTS.map(({ ref }) => shardOf(ref)));

export interface World {
  readonly tables: Tables;
  readonly clock: { ms: number };
  readonly vendor: Vendor;
  readonly changes: Changes;
}

/** Late in a day: little has to pass until another one. */
const BEGINNING = Date.parse('2030-01-02T23:40:30.000Z');

export const aWorld = (tables: Tables): World => ({
  tables,
  clock: { ms: BEGINNING },
  vendor: new Vendor(),
  changes: new Map(),
});

/** Everything that the steps of one workflow need, in a process of their own. */
export const processFor = (world: World, { workflow, thing }: Slot, fate: Fate) => {
  const { tables, clock, vendor } = world;
  const life = lifeOf(tables.connection, fate);
  const { connection } = life;
  const now = () => new Date(clock.ms);
  const release = RELEASES[workflow];
  const ledger = dynamoLedger(connection, tables);
  const engine = rulesEngine('words', [{ id: 'ALWAYS', label: 'Network', anyOf: ['vpn'] }]);
  const steps = {
    ledger,
    release,
    tools,
    now,
    traceId: () => 'untraced',
    policy: rulesPolicy(release.policy),
    counters: dynamoCounters(connection, tables.state),
    proposer: engine,
    warn: () => {},
  };
  const tool = TOOLS[workflow];
  const patienceMs = tool.timeoutSeconds * 1_000;
  const scope = (answer: Answer) => ({
    claims: dynamoClaims(connection, tables.state, SCOPE),
    writes: [
      {
        contract: tool,
        call: (_: undefined, __: unknown, ___: AbortSignal, { marker }: { readonly marker: string }) =>
          life.reach(async () => {
            vendor.call({ thing, effect: tool.effect, marker, answer, nowMs: clock.ms, patienceMs });
            return { issueKey: thing, component: 'Network' };
          }),
        lookUp: () => life.reach(async () => vendor.shows(thing)),
      },
    ],
    open: async () => undefined,
    now,
  });
  const components = () => (vendor.shows(thing) ? ['Network'] : []);
  const reading = {
    readings: dynamoReadings(connection, tables.state),
    scope: jiraGet.scope,
    reads: [
      {
        contract: jiraGet as never,
        call: () => life.reach(async () => ({ issueKey: thing, components: components() })),
      },
    ],
    open: async () => undefined,
    now,
  };
  const submitting = {
    desk: dynamoDesk(connection, tables),
    controls: dynamoControls(connection, tables),
    executions: { start: async () => {}, answer: async () => 'answered' as const },
    workflows: new Map(
      WORKFLOWS.map((name) => [
        name,
        { ...RELEASES[name], machine: `arn:${name}:1`, undoMachine: `arn:${name}-undo:1` },
      ])
    ),
    rollouts: dynamoRollouts(connection, tables),
    policy: { kind: 'all' as const },
    operatorTenant: 'operations',
    looked: new Map<string, number>(),
    lookFailed: () => {},
    now,
    traceId: steps.traceId,
    random: () => new Uint8Array(17),
  };
  return { steps, scope, reading, submitting };
};

/** What the API needs to set a control, in a process of its own. */
export const operatorsProcess = ({ tables, clock }: World, fate: Fate) => {
  const real = dynamoControls(lifeOf(tables.connection, fate).connection, tables);
  const setShard: typeof real.setShard = async (subject, shard, ...rest) =>
    SHARDS_IN_USE.has(shard) ? real.setShard(subject, shard, ...rest) : true;
  return {
    controls: { ...real, setShard },
    operatorTenant: 'operations',
    now: () => new Date(clock.ms),
    traceId: () => 'untraced',
    pause: async () => {},
  };
};
