import { functionArnOf, functionNameOf, InvocationRefused } from '../functions/invocation.ts';
import type { FunctionPool } from '../functions/pool.ts';
import type { Authorize } from '../iam/authorize.ts';
import type { Caller } from '../iam/credentials.ts';
import type { LambdaFunction } from '../template/functions.ts';
import { type Exchange, type Reply, ServiceError } from './exchange.ts';
import { guardFor } from './operation.ts';

export const LAMBDA_PATH = '/2015-03-31/functions';

export const lambdaError = ({ name, message, status }: ServiceError): Reply => ({
  status: name === 'AccessDeniedException' ? 403 : status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
  body: JSON.stringify({ Type: 'User', Message: message }),
});

const STATUS = {
  RequestTooLargeException: 413,
  ResourceNotFoundException: 404,
  TooManyRequestsException: 429,
} as const;

export interface LambdaOptions {
  readonly functions: readonly LambdaFunction[];
  readonly pool: FunctionPool;
  /** Invokes without an answer, with the function's own retries. */
  readonly invokeLater: (functionArn: string, payload: string) => void;
  readonly authorize: Authorize;
}

/** Lambda's REST protocol: `Invoke` and `ListFunctions`. */
export const lambdaService = ({ functions, pool, invokeLater, authorize }: LambdaOptions) => {
  const invoke = async ({ headers, body }: Exchange, id: string, caller: Caller): Promise<Reply> => {
    const lambda = functions.find(({ name }) => name === functionNameOf(id));
    if (lambda === undefined) throw new ServiceError('ResourceNotFoundException', `Function not found: ${id}`, 404);
    const [, , , region = '', account = ''] = lambda.arn.split(':');
    guardFor(caller, 'lambda:InvokeFunction', authorize)(functionArnOf(id, region, account));
    const payload = body.length === 0 ? '{}' : body.toString('utf8');
    try {
      JSON.parse(payload);
    } catch {
      throw new ServiceError('InvalidRequestContentException', 'the payload is not JSON');
    }
    const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
    if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
    if (type === 'Event') {
      invokeLater(lambda.arn, payload);
      return { status: 202, headers: {}, body: '' };
    }
    try {
      const traceHeader = String(headers['x-amzn-trace-id'] ?? '');
      const answer = await pool.invoke(lambda.name, payload, { traceHeader });
      return {
        status: 200,
        headers: {
          'content-type': 'application/json',
          'x-amz-executed-version': '$LATEST',
          ...(answer.failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
        },
        body: answer.payload,
      };
    } catch (error) {
      if (error instanceof InvocationRefused) throw new ServiceError(error.name, error.message, STATUS[error.name]);
      throw error;
    }
  };

  return async (exchange: Exchange, caller: Caller): Promise<Reply> => {
    const [, id] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(exchange.path) ?? [];
    if (exchange.method === 'POST' && id !== undefined) return invoke(exchange, decodeURIComponent(id), caller);
    if (exchange.method === 'GET' && /^\/2015-03-31\/functions\/?$/.test(exchange.path)) {
      guardFor(caller, 'lambda:ListFunctions', authorize)('*');
      const Functions = functions.map(({ name, arn, roleArn, handler, timeoutSeconds, memoryMegabytes }) => ({
        FunctionName: name,
        FunctionArn: arn,
        Role: roleArn,
        Handler: handler,
        Timeout: timeoutSeconds,
        MemorySize: memoryMegabytes,
        Runtime: 'nodejs24.x',
      }));
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Functions }) };
    }
    throw new ServiceError(
      'UnknownOperationException',
      `the local stack does not know ${exchange.method} ${exchange.path}`,
      404
    );
  };
};
