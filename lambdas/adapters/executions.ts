import { SendTaskSuccessCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Retryable, Terminal } from '../core/errors.ts';
import type { Executions } from '../core/tasks/ports.ts';

const TRANSIENT = new Set([
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

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'an unknown error');

/** Both calls may be repeated: an execution is started once by its name, a task is answered once by its token. */
const toFault =
  (doing: string) =>
  (error: unknown): never => {
    const name = nameOf(error);
    // answers of the service carry `$fault`; whatever does not never arrived, or its answer did not
    const fault = error instanceof Error && '$fault' in error ? error.$fault : undefined;
    if (TRANSIENT.has(name) || fault !== 'client')
      throw new Retryable(`${doing} did not succeed (${name}): try again`, { cause: error });
    throw new Terminal(`${doing} was refused (${name})`, { cause: error });
  };

/** Executions on Step Functions. `traceHeader` gives the trace that an execution goes on with, where there is one. */
export const stepFunctions = (client: SFNClient, traceHeader: () => string | undefined): Executions => ({
  async start(machine, { tenant, run, workflow }) {
    const header = traceHeader();
    try {
      await client.send(
        new StartExecutionCommand({
          stateMachineArn: machine,
          name: run,
          input: JSON.stringify({ tenant, run, workflow }), // always spelt the same: a repetition must not differ
          ...(header !== undefined && { traceHeader: header }),
        })
      );
    } catch (error) {
      if (nameOf(error) === 'ExecutionAlreadyExists') return; // it ran, and has ended
      toFault('starting an execution')(error);
    }
  },

  async answer(token, output) {
    try {
      await client.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) }));
      return 'answered';
    } catch (error) {
      return NOT_WAITING.has(nameOf(error)) ? 'not-waiting' : toFault('answering a task')(error);
    }
  },
});
