import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { StatesError } from '../states/failure.ts';
import type { Execution, States } from '../states/service.ts';
import type { JsonObject } from '../template/json.ts';
import type { StateMachine } from '../template/machines.ts';
import { ServiceError } from './exchange.ts';
import { type JsonService, operation, pageOf } from './operation.ts';

const Paging = { maxResults: z.int().min(0).max(1000).optional(), nextToken: z.string().optional() };
const OfExecution = z.object({ executionArn: z.string() });
const OfMachine = z.object({ stateMachineArn: z.string() });

const seconds = (milliseconds: number): number => milliseconds / 1000;

const viewOf = ({ startDate, stopDate, ...rest }: Omit<Execution, 'traceHeader'>): JsonObject => ({
  ...rest,
  startDate: seconds(startDate),
  ...(stopDate === undefined ? {} : { stopDate: seconds(stopDate) }),
});

/** Misuse of the interpreter carries the names that Step Functions gives it. */
const naming = async (act: () => JsonObject | Promise<JsonObject>): Promise<JsonObject> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StatesError) throw new ServiceError(error.name, error.message);
    throw error;
  }
};

/** Step Functions: executions, task tokens, and what the template's state machines are. */
export const statesService = (states: States, machines: readonly StateMachine[], startedAt: number): JsonService => {
  const summaryOf = ({ arn, name }: StateMachine): JsonObject => ({
    stateMachineArn: arn,
    name,
    type: 'STANDARD',
    creationDate: seconds(startedAt),
  });
  const token = z.object({ taskToken: z.string() });
  const anyMachine = (): string => '*';
  return {
    iamPrefix: 'states',
    version: '1.0',
    anonymous: new Set(),
    operations: {
      StartExecution: operation(
        z.object({
          stateMachineArn: z.string(),
          name: z.string().optional(),
          input: z.string().default('{}'),
          traceHeader: z.string().optional(),
        }),
        ({ stateMachineArn }) => stateMachineArn,
        ({ stateMachineArn, name = randomUUID(), input, traceHeader }) =>
          naming(async () => {
            const trace = traceHeader === undefined ? {} : { traceHeader };
            const { executionArn, startDate } = await states.start({ stateMachineArn, name, input, ...trace });
            return { executionArn, startDate: seconds(startDate) };
          })
      ),
      DescribeExecution: operation(
        OfExecution,
        ({ executionArn }) => executionArn,
        ({ executionArn }) => naming(() => viewOf(states.describe(executionArn)))
      ),
      ListExecutions: operation(
        OfMachine.extend({ ...Paging, statusFilter: z.string().optional() }),
        ({ stateMachineArn }) => stateMachineArn,
        ({ stateMachineArn, statusFilter, ...paging }) =>
          naming(() => {
            const all = states.list(stateMachineArn);
            const found = all.filter(({ status }) => statusFilter === undefined || status === statusFilter);
            const { items, next } = pageOf(found, paging);
            const brief = items.map(({ input: _, output: __, error: ___, cause: ____, traceHeader: _____, ...rest }) =>
              viewOf({ ...rest, input: '' })
            );
            return { executions: brief, ...next };
          })
      ),
      GetExecutionHistory: operation(
        OfExecution.extend({ ...Paging, reverseOrder: z.boolean().default(false) }),
        ({ executionArn }) => executionArn,
        ({ executionArn, reverseOrder, ...paging }) =>
          naming(() => {
            const events = states.history(executionArn);
            const { items, next } = pageOf(reverseOrder ? events.toReversed() : events, paging);
            return { events: items.map((event) => ({ ...event, timestamp: seconds(event.timestamp) })), ...next };
          })
      ),
      StopExecution: operation(
        OfExecution.extend({ error: z.string().optional(), cause: z.string().optional() }),
        ({ executionArn }) => executionArn,
        ({ executionArn, error, cause }) =>
          naming(async () => {
            await states.stop(executionArn, error, cause);
            return { stopDate: seconds(states.describe(executionArn).stopDate ?? 0) };
          })
      ),
      SendTaskSuccess: operation(token.extend({ output: z.string() }), anyMachine, ({ taskToken, output }) =>
        naming(async () => {
          await states.sendTaskSuccess(taskToken, output);
          return {};
        })
      ),
      SendTaskFailure: operation(
        token.extend({ error: z.string().optional(), cause: z.string().optional() }),
        anyMachine,
        ({ taskToken, error, cause }) =>
          naming(async () => {
            await states.sendTaskFailure(taskToken, error, cause);
            return {};
          })
      ),
      SendTaskHeartbeat: operation(token, anyMachine, ({ taskToken }) =>
        naming(async () => {
          await states.sendTaskHeartbeat(taskToken);
          return {};
        })
      ),
      ListStateMachines: operation(z.object(Paging), anyMachine, (paging) => {
        const { items, next } = pageOf(machines, paging);
        return { stateMachines: items.map(summaryOf), ...next };
      }),
      DescribeStateMachine: operation(
        OfMachine,
        ({ stateMachineArn }) => stateMachineArn,
        ({ stateMachineArn }) => {
          const machine = machines.find(({ startableAs }) => startableAs.has(stateMachineArn));
          if (machine === undefined) {
            throw new ServiceError('StateMachineDoesNotExist', `there is no state machine ${stateMachineArn}`);
          }
          const { definition, roleArn } = machine;
          return { ...summaryOf(machine), status: 'ACTIVE', definition: JSON.stringify(definition), roleArn };
        }
      ),
    },
  };
};
