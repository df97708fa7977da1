import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { dynamoApprovals } from '../adapters/dynamodb/approvals.ts';
import { dynamoControls } from '../adapters/dynamodb/control-desk.ts';
import { dynamoDesk } from '../adapters/dynamodb/desk.ts';
import { dynamoRollouts } from '../adapters/dynamodb/rollouts.ts';
import { stepFunctions } from '../adapters/executions.ts';
import { type ApiDeps, createApp } from '../api/app.ts';
import { behindGateway, type GatewayEvent } from '../api/gateway.ts';
import { Terminal } from '../core/errors.ts';
import { Digest, RuleId, ScopeName, Tenant, WorkflowName } from '../core/names.ts';
import { Policy } from '../core/releases/rollout.ts';
import type { Workflows } from '../core/tasks/ports.ts';
import { TaskShape } from '../core/workflow.ts';
import { dynamo, stepFunctionsOptions } from './clients.ts';
import { environment, jsonBesideBundle } from './environment.ts';
import { observe } from './observe.ts';

const Machines = z.string().transform((text, context) => {
  try {
    return z.record(WorkflowName, z.string().startsWith('arn:')).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON: a state machine version ARN by workflow' });
    return z.NEVER;
  }
});

const RolloutPolicy = z
  .string()
  .default('{"kind":"all"}')
  .transform((text, context) => {
    try {
      return Policy.parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON: what a deployed release means' });
      return z.NEVER;
    }
  });

/** `workflows.json`: what each workflow takes, by release, why its rules exist, and the scopes of its tools. */
const Shapes = z.record(
  WorkflowName,
  z.strictObject({
    release: Digest,
    input: TaskShape,
    reasons: z.record(RuleId, z.string()),
    scopes: z.array(ScopeName),
  })
);

/** Every workflow with its state machine. Throws `Terminal` where one is told of without the other. */
const workflowsFrom = (
  shapes: z.infer<typeof Shapes>,
  machines: z.infer<typeof Machines>,
  undoMachines: z.infer<typeof Machines>
): Workflows => {
  const strays = Object.keys(machines).filter((name) => !Object.hasOwn(shapes, name));
  if (strays.length > 0) throw new Terminal(`WORKFLOWS names ${strays.join(', ')}, workflows.json does not`);
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const machine = machines[name];
      if (machine === undefined) throw new Terminal(`workflows.json names ${name}, WORKFLOWS does not`);
      const undoMachine = undoMachines[name];
      if (undoMachine === undefined) throw new Terminal(`workflows.json names ${name}, UNDO_WORKFLOWS does not`);
      return [name, { ...shape, machine, undoMachine }];
    })
  );
};

const apiDeps = (): ApiDeps => {
  const env = environment({
    STATE_TABLE: z.string(),
    AUDIT_TABLE: z.string(),
    WORKFLOWS: Machines,
    UNDO_WORKFLOWS: Machines,
    OPERATOR_TENANT: Tenant.default('platform'),
    ROLLOUT: RolloutPolicy,
  });
  const connection = dynamo();
  const tables = { state: env.STATE_TABLE, audit: env.AUDIT_TABLE };
  return {
    desk: dynamoDesk(connection, tables),
    controls: dynamoControls(connection, tables),
    approvals: dynamoApprovals(connection, tables.state),
    executions: stepFunctions(stepFunctionsOptions(), () => process.env._X_AMZN_TRACE_ID), // set anew for every invocation
    workflows: workflowsFrom(jsonBesideBundle('workflows.json', Shapes), env.WORKFLOWS, env.UNDO_WORKFLOWS),
    rollouts: dynamoRollouts(connection, tables),
    policy: env.ROLLOUT,
    looked: new Map(),
    lookFailed: (error) =>
      observe.warn('A canary could not be looked after', 'CanaryNotSeen', {
        error: error instanceof Error ? error.name : 'unknown',
      }),
    operatorTenant: env.OPERATOR_TENANT,
    now: () => new Date(),
    pause: (milliseconds) => pause(milliseconds),
    random: (bytes) => randomBytes(bytes),
    traceId: observe.traceId,
    within: observe.within,
    end: observe.end,
  };
};

/** Serves the HTTP API behind API Gateway. Throws `Terminal` at the cold start where it is not deployed as it should be. */
export const serveApi = () => {
  const serve = behindGateway(createApp(apiDeps()));
  return (event: GatewayEvent, context: Context) => {
    observe.begin(context);
    return serve(event);
  };
};
