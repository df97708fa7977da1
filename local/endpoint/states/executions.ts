import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { HistoryEvent } from '../../states/history.ts';
import type { Execution, States } from '../../states/service.ts';
import { isObject, type Json, type JsonObject } from '../../template/json.ts';
import { ServiceError } from '../exchange.ts';
import type { Operation } from '../operation.ts';
import { Arn, Cause, ErrorText, IncludedData, Paging, pageAs, seconds, statesOperation } from './request.ts';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'] as const;
const OfExecution = z.object({ executionArn: Arn });
const executionArn = (input: z.infer<typeof OfExecution>): string => input.executionArn;

const WHOLE = { included: true };

/** What a list says of an execution. */
const briefOf = (execution: Execution): JsonObject => ({
  executionArn: execution.executionArn,
  stateMachineArn: execution.stateMachineArn,
  stateMachineVersionArn: execution.stateMachineVersionArn,
  stateMachineAliasArn: execution.stateMachineAliasArn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startDate),
  ...(execution.stopDate === undefined ? {} : { stopDate: seconds(execution.stopDate) }),
  redriveCount: 0,
});

const redriveOf = (status: Execution['status']): JsonObject => ({
  redriveStatus: 'NOT_REDRIVABLE',
  redriveStatusReason:
    status === 'RUNNING' || status === 'SUCCEEDED'
      ? `Execution is ${status} and cannot be redriven`
      : 'The local stack does not redrive executions',
});

const dataOf = ({ input, output, error, cause }: Execution): JsonObject => ({
  input,
  inputDetails: WHOLE,
  ...(output === undefined ? {} : { output, outputDetails: WHOLE }),
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
});

const DATA: ReadonlySet<string> = new Set(['input', 'output', 'parameters', 'assignedVariables']);
const withoutData = (value: Json | undefined): Json | undefined =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !DATA.has(name))) : value;

const eventOf = ({ timestamp, ...event }: HistoryEvent, withData: boolean): JsonObject => {
  const details = Object.entries(event).map(([name, value]) => [name, withData ? value : withoutData(value)]);
  return { ...Object.fromEntries(details), timestamp: seconds(timestamp) };
};

/** What can be done with executions. */
export const executionOperations = (states: States): Readonly<Record<string, Operation>> => ({
  StartExecution: statesOperation(
    z.object({
      stateMachineArn: Arn,
      name: z.string().optional(),
      input: z.string().default('{}'),
      traceHeader: z
        .string()
        .max(256)
        .regex(/^[ -~]*$/, 'expected printable ASCII')
        .optional(),
    }),
    ({ stateMachineArn }) => stateMachineArn,
    async ({ stateMachineArn, name = randomUUID(), input, traceHeader }) => {
      const trace = traceHeader === undefined ? {} : { traceHeader };
      const { executionArn: started, startDate } = await states.start({ stateMachineArn, name, input, ...trace });
      return { executionArn: started, startDate: seconds(startDate) };
    }
  ),
  DescribeExecution: statesOperation(
    OfExecution.extend({ includedData: IncludedData }),
    executionArn,
    ({ executionArn: arn, includedData }) => {
      const execution = states.describe(arn);
      const data = includedData === 'ALL_DATA' ? dataOf(execution) : {};
      return { ...briefOf(execution), ...redriveOf(execution.status), traceHeader: execution.traceHeader, ...data };
    }
  ),
  ListExecutions: statesOperation(
    z.object({
      stateMachineArn: z.string('executions of Map Runs are not known here: name a state machine').min(1).max(256),
      statusFilter: z.enum(STATUSES).optional(),
      redriveFilter: z.undefined('the local stack does not redrive executions').optional(),
      ...Paging,
    }),
    ({ stateMachineArn }) => stateMachineArn,
    ({ stateMachineArn, statusFilter, ...paging }) => {
      if (statusFilter === 'PENDING_REDRIVE')
        throw new ServiceError('ValidationException', 'only executions of a Map Run can be PENDING_REDRIVE');
      const all = states.list(stateMachineArn);
      const found = all.filter(({ status }) => statusFilter === undefined || status === statusFilter);
      return pageAs('executions', found, executionArn, briefOf, paging);
    }
  ),
  GetExecutionHistory: statesOperation(
    OfExecution.extend({
      ...Paging,
      reverseOrder: z.boolean().default(false),
      includeExecutionData: z.boolean().default(true),
    }),
    executionArn,
    ({ executionArn: arn, reverseOrder, includeExecutionData, ...paging }) => {
      const events = states.history(arn);
      const ordered = reverseOrder ? events.toReversed() : events;
      return pageAs(
        'events',
        ordered,
        ({ id }) => String(id),
        (event) => eventOf(event, includeExecutionData),
        paging
      );
    }
  ),
  StopExecution: statesOperation(
    OfExecution.extend({ error: ErrorText, cause: Cause }),
    executionArn,
    async ({ executionArn: arn, error, cause }) => {
      await states.stop(arn, error, cause);
      return { stopDate: seconds(states.describe(arn).stopDate ?? 0) };
    }
  ),
});
