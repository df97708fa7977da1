import type { SendTaskSuccessInput, StartExecutionInput } from '@aws-sdk/client-sfn';
import { Retryable, Terminal } from '../core/errors.ts';
import type { Executions } from '../core/tasks/ports.ts';
import { jsonService, type ServiceOptions } from './json-service.ts';

const TRANSIENT = new Set([
  'NoAnswer',
  'ExecutionLimitExceeded',
  'InternalFailure',
  'KmsThrottlingException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

const NOT_WAITING = new Set(['TaskDoesNotExist', 'TaskTimedOut']);

/** What Step Functions answered instead of doing it: its own message could quote an input. */
class StepFunctionsError extends Error {
  readonly status: number;
  constructor(
    operation: string,
    { type, status }: { readonly type: string; readonly status: number },
    cause?: unknown
  ) {
    super(`${operation} was answered with ${type}`, { cause });
    this.name = type;
    this.status = status;
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof StepFunctionsError && (TRANSIENT.has(error.name) || error.status >= 500 || error.status === 0);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'an unknown error');

/** Both calls may be repeated: an execution is started once by its name, a task is answered once by its token. */
const toFault =
  (doing: string) =>
  (error: unknown): never => {
    if (!(error instanceof StepFunctionsError)) throw error;
    const { name } = error;
    if (isTransient(error)) throw new Retryable(`${doing} did not succeed (${name}): try again`, { cause: error });
    throw new Terminal(`${doing} was refused (${name})`, { cause: error });
  };

/** Executions on Step Functions. `traceHeader` gives the trace that an execution goes on with, where there is one. */
export const stepFunctions = (options: ServiceOptions, traceHeader: () => string | undefined): Executions => {
  const call = jsonService(options, {
    service: 'states',
    target: 'AWSStepFunctions',
    errorOf: (operation, refused, cause) => new StepFunctionsError(operation, refused, cause),
    isTransient,
  });
  return {
    async start(machine, { tenant, run, workflow }) {
      const header = traceHeader();
      const request: StartExecutionInput = {
        stateMachineArn: machine,
        name: run,
        input: JSON.stringify({ tenant, run, workflow }), // always spelt the same: a repetition must not differ
        ...(header !== undefined && { traceHeader: header }),
      };
      try {
        await call('StartExecution', request);
      } catch (error) {
        if (nameOf(error) === 'ExecutionAlreadyExists') return; // it ran, and has ended
        toFault('starting an execution')(error);
      }
    },

    async answer(token, output) {
      const request: SendTaskSuccessInput = { taskToken: token, output: JSON.stringify(output) };
      try {
        await call('SendTaskSuccess', request);
        return 'answered';
      } catch (error) {
        return NOT_WAITING.has(nameOf(error)) ? 'not-waiting' : toFault('answering a task')(error);
      }
    },
  };
};
