import { InvocationRefused } from '../../functions/invocation.ts';
import type { FunctionPool } from '../../functions/pool.ts';
import type { LambdaFunction } from '../../template/functions.ts';
import { isObject, type JsonObject } from '../../template/json.ts';
import { type Exchange, type Reply, ServiceError } from '../exchange.ts';

const STATUS = {
  RequestTooLargeException: 413,
  ResourceNotFoundException: 404,
  TooManyRequestsException: 429,
} as const;

/** Lambda takes less of an event that it has to keep than of one that is answered at once: 1 MB. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** Headers that would change what the invocation is, and what is to be done instead. */
const REFUSED = {
  'x-amz-durable-execution-name': 'the local stack does not run durable functions',
  'x-amz-tenant-id': 'the local stack does not isolate the tenants of a function',
} as const;

const payloadIn = ({ body }: Exchange): string => {
  const payload = body.length === 0 ? '{}' : body.toString('utf8');
  try {
    JSON.parse(payload);
    return payload;
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'Could not parse request body into json: it is not JSON');
  }
};

const clientContextIn = ({ headers }: Exchange): { readonly clientContext?: JsonObject } => {
  const header = headers['x-amz-client-context'];
  if (header === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(String(header), 'base64').toString('utf8'));
    if (isObject(value)) return { clientContext: value };
  } catch {
    // told below
  }
  throw new ServiceError(
    'InvalidRequestContentException',
    'Client context must be a valid Base64-encoded JSON object.'
  );
};

const checkHeaders = ({ headers }: Exchange): void => {
  for (const [name, reason] of Object.entries(REFUSED))
    if (headers[name] !== undefined) throw new ServiceError('InvalidParameterValueException', reason);
  const logType = headers['x-amz-log-type'] ?? 'None';
  if (logType !== 'None')
    throw new ServiceError(
      'InvalidParameterValueException',
      `the local stack knows only LogType None, not ${logType}: read the function's log group instead`
    );
};

/** Runs an invocation that has been allowed. `arn` is the function's, as it was asked for. */
export const invokeWith = async (
  exchange: Exchange,
  { lambda, version, arn }: { readonly lambda: LambdaFunction; readonly version: string; readonly arn: string },
  { pool, invokeLater }: { readonly pool: FunctionPool; readonly invokeLater: (arn: string, payload: string) => void }
): Promise<Reply> => {
  checkHeaders(exchange);
  const payload = payloadIn(exchange);
  const { headers } = exchange;
  const said = { traceHeader: String(headers['x-amzn-trace-id'] ?? ''), ...clientContextIn(exchange) };
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  switch (type) {
    case 'DryRun':
      return { status: 204, headers: {}, body: '' };
    case 'Event':
      if (exchange.body.length > MAX_EVENT_BYTES) {
        const message = `Request must be smaller than ${MAX_EVENT_BYTES} bytes for the InvokeFunction operation`;
        throw new ServiceError('RequestTooLargeException', message, 413);
      }
      invokeLater(lambda.arn, payload);
      return { status: 202, headers: {}, body: '' };
    case 'RequestResponse':
      break;
    default:
      throw new ServiceError('InvalidParameterValueException', `there is no invocation type ${type}`);
  }
  try {
    const answer = await pool.invoke(arn, payload, said);
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'x-amz-executed-version': version,
        ...(answer.failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
      },
      body: answer.payload,
    };
  } catch (error) {
    if (error instanceof InvocationRefused) throw new ServiceError(error.name, error.message, STATUS[error.name]);
    throw error;
  }
};
