import { InvocationRefused } from './functions/invocation.ts';
import { errorTypeOf } from './functions/messages.ts';
import type { FunctionPool } from './functions/pool.ts';
import type { Authorize } from './iam/authorize.ts';
import { TaskFailure } from './states/failure.ts';
import type { StatesOptions } from './states/service.ts';
import type { ExecutionTraces } from './trace/executions.ts';

/** How a state machine, by its role, invokes functions; failures carry the names under which Step Functions reports them. */
export const invokeForStates =
  (pool: FunctionPool, authorize: Authorize, traces: ExecutionTraces): StatesOptions['invoke'] =>
  async ({ functionArn, payload: value, roleArn, executionArn, traceHeader: given, signal }) => {
    if (!authorize({ roleArn, action: 'lambda:InvokeFunction', resource: functionArn, context: {} })) {
      const message = `${roleArn} is not authorized to perform: lambda:InvokeFunction on resource: ${functionArn}`;
      throw new TaskFailure('Lambda.AWSLambdaException', message);
    }
    const payload = JSON.stringify(value);
    const traceHeader = traces.header({ executionArn, functionArn, payload, traceHeader: given });
    const invoked = pool.invoke(functionArn, payload, { traceHeader, signal });
    const answer = await invoked.catch((error: unknown) => {
      throw error instanceof InvocationRefused ? new TaskFailure(`Lambda.${error.name}`, error.message) : error;
    });
    if (answer.failed) throw new TaskFailure(errorTypeOf(answer), answer.payload);
    return JSON.parse(answer.payload);
  };
