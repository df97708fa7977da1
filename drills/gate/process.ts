import { dynamoApprovals } from '../../lambdas/adapters/dynamodb/approvals.ts';
import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoCounters } from '../../lambdas/adapters/dynamodb/counters.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoReadings } from '../../lambdas/adapters/dynamodb/readings.ts';
import { dynamoRollouts } from '../../lambdas/adapters/dynamodb/rollouts.ts';
import type { Engine } from '../../lambdas/core/engine/engine.ts';
import type { Executions } from '../../lambdas/core/tasks/ports.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import type { Life } from './life.ts';
import {
  answerCostOf,
  isPaid,
  MOST,
  POLICIES,
  RELEASES,
  RESTORES,
  SCOPE,
  TOOLS,
  tools,
  WORDS,
  WORKFLOWS,
} from './release.ts';
import { isLookedAt, type Slot } from './slots.ts';
import type { Answer } from './vendor.ts';
import type { Invocation, World } from './world.ts';

const OPERATORS = 'operations';
const traceId = (): string => 'untraced';
const pause = async (): Promise<void> => {};

const DEPLOYED = new Map(
  WORKFLOWS.map((name) => [name, { ...RELEASES[name], machine: `arn:${name}:1`, undoMachine: `arn:${name}-undo:1` }])
);

/** What a call sets a record's components to. */
const setBy = (input: Readonly<Record<string, unknown>>): readonly string[] =>
  Array.isArray(input.components) ? input.components : [String(input.component)];

/** Lets a waiting execution go on, as Step Functions does: the newest token, once. */
const executionsOf = ({ waiting, answered }: World, { reach }: Life): Executions => ({
  start: async () => {},
  answer: (token) =>
    reach(async () => {
      const [run = ''] = token.split(' ');
      const known = waiting.get(run);
      if (known?.token !== token) return 'not-waiting';
      waiting.delete(run);
      answered.set(run, known.round);
      return 'answered';
    }),
});

/** Everything that steps and API need for one run, in a process of their own. */
export const processOf = (world: World, life: Life, invocation: Invocation, slot: Slot) => {
  const { tables, clock, vendor } = world;
  const { thing, workflow } = slot;
  const { connection, reach } = life;
  const now = () => new Date(clock.ms);
  const release = RELEASES[workflow];
  const counters = dynamoCounters(connection, tables.state);
  const engine = ({ id, answer }: Engine): Engine => ({
    id,
    ...(isPaid(workflow) && { mostMicrousd: () => MOST }),
    answer: (question) =>
      reach(async () => {
        world.begun.push(invocation);
        const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, costMicroUsd: answerCostOf(thing) };
        return { ...(await answer(question)), ...(isPaid(workflow) && { usage }) };
      }),
  });
  const newId = (): string => {
    const id = `r${world.reservations.length}`;
    world.reservations.push({ id, slot, at: now().toISOString() });
    return id;
  };
  const steps = {
    ledger: dynamoLedger(connection, tables),
    release,
    tools,
    now,
    traceId,
    policy: POLICIES[workflow],
    counters,
    purse: { counters, newId, warn: () => {} },
    eligibility: engine(WORDS.route),
    proposer: engine(WORDS.propose),
    warn: () => {},
  };
  const scope = (answer: Answer) => ({
    claims: dynamoClaims(connection, tables.state, SCOPE),
    writes: [TOOLS[workflow], RESTORES].map((contract) => ({
      contract,
      call: (_: undefined, input: Readonly<Record<string, unknown>>, __: AbortSignal, { marker }: { marker: string }) =>
        reach(async () => {
          const patienceMs = contract.timeoutSeconds * 1_000;
          const { effect } = contract;
          vendor.call({ thing, sets: setBy(input), effect, marker, answer, nowMs: clock.ms, patienceMs });
          return { ...input };
        }),
      lookUp: (
        _: undefined,
        input: Readonly<Record<string, unknown>>,
        __: AbortSignal,
        { marker }: { marker: string }
      ) =>
        reach(
          async () =>
            contract.shows(input, { issueKey: thing, components: vendor.components(thing) }) ||
            vendor.effects.has(marker)
        ),
    })),
    open: async () => undefined,
    now,
  });
  const reading = {
    readings: dynamoReadings(connection, tables.state),
    scope: jiraGet.scope,
    reads: [
      {
        contract: jiraGet as never,
        call: () =>
          reach(async () => {
            world.begun.push(invocation);
            return { issueKey: thing, components: [...vendor.components(thing)] };
          }),
        isChangedSince: (_: undefined, __: object, ___: AbortSignal, { marker }: { marker: string }) =>
          reach(async () => vendor.isChangedSince(thing, marker)),
      },
    ],
    open: async () => undefined,
    now,
  };
  const executions = executionsOf(world, life);
  const controls = dynamoControls(connection, tables);
  const submitting = {
    desk: dynamoDesk(connection, tables),
    controls,
    executions,
    workflows: DEPLOYED,
    rollouts: dynamoRollouts(connection, tables),
    policy: { kind: 'all' as const },
    operatorTenant: OPERATORS,
    looked: new Map<string, number>(),
    lookFailed: () => {},
    now,
    traceId,
    random: () => new Uint8Array(17),
  };
  const setShard: typeof controls.setShard = async (subject, shard, ...rest) =>
    isLookedAt(shard) ? controls.setShard(subject, shard, ...rest) : true;
  const operating = {
    controls: { ...controls, setShard },
    workflows: DEPLOYED,
    operatorTenant: OPERATORS,
    now,
    traceId,
    pause,
  };
  const approving = { approvals: dynamoApprovals(connection, tables.state), executions, now, pause };
  return { steps, scope, reading, submitting, operating, approving };
};
export type Process = ReturnType<typeof processOf>;
