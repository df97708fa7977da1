import { functionArnOf, InvocationRefused } from './functions/invocation.ts';
import { errorTypeOf } from './functions/messages.ts';
import type { FunctionPool } from './functions/pool.ts';
import { type Authorize, sessionArnOf } from './iam/authorize.ts';
import type { RoleSession } from './iam/credentials.ts';
import { messageOf } from './iam/denial.ts';
import { TaskFailure } from './states/failure.ts';
import type { StatesOptions } from './states/service.ts';
import type { ExecutionTraces } from './trace/executions.ts';

const ACTION = 'lambda:InvokeFunction';
const LONGEST_SESSION_NAME = 64;

/** How a state machine, by its role, invokes functions; failures carry the names under which Step Functions reports them. */
export const invokeForStates = (
  pool: FunctionPool,
  authorize: Authorize,
  traces: ExecutionTraces,
  now: () => number
): StatesOptions['invoke'] => {
  const sessionOf = (roleArn: string, executionArn: string): RoleSession => {
    const session = (executionArn.split(':').at(-1) ?? '').slice(0, LONGEST_SESSION_NAME);
    return { kind: 'role', roleArn, session, tags: {}, issuedAt: now() };
  };
  return async ({ functionArn: named, payload: value, roleArn, executionArn, traceHeader: given, signal }) => {
    const caller = sessionOf(roleArn, executionArn);
    const [, , , region = '', account = ''] = executionArn.split(':');
    const functionArn = functionArnOf(named, region, account);
    const decision = authorize({ caller, action: ACTION, resource: functionArn, context: {} });
    if (decision.kind !== 'allowed') {
      const message = messageOf(sessionArnOf(caller), ACTION, functionArn, decision);
      throw new TaskFailure('Lambda.AWSLambdaException', message);
    }
    const payload = JSON.stringify(value);
    const traceHeader = traces.header({ executionArn, functionArn: named, payload, traceHeader: given });
    const invoked = pool.invoke(functionArn, payload, { traceHeader, signal });
    const answer = await invoked.catch((error: unknown) => {
      throw error instanceof InvocationRefused ? new TaskFailure(`Lambda.${error.name}`, error.message) : error;
    });
    if (answer.failed) throw new TaskFailure(errorTypeOf(answer), answer.payload);
    return JSON.parse(answer.payload);
  };
};

/** Whether a service of AWS may invoke a function for one of the account's resources: a permission of the template says so. */
export type MayInvoke = (service: string, functionArn: string, sourceArn: string) => boolean;

export const servicesMayInvoke =
  (authorize: Authorize): MayInvoke =>
  (service, functionArn, sourceArn) => {
    const caller = { kind: 'service', service, sourceArn } as const;
    return authorize({ caller, action: ACTION, resource: functionArn, context: {} }).kind === 'allowed';
  };
