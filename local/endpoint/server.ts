import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Authorize } from '../iam/authorize.ts';
import { ADMINISTRATOR_KEY, type Caller, type CredentialStore } from '../iam/credentials.ts';
import type { Judge } from './dynamodb/judge.ts';
import { bodyWithTableNames } from './dynamodb/names.ts';
import { DYNAMODB_TARGET, type DynamoDbProxy, refuseDynamoDb } from './dynamodb/proxy.ts';
import { BodyTooLarge, type Exchange, type Reply, readBody, ServiceError, send } from './exchange.ts';
import { LAMBDA_PATH, lambdaError } from './lambda.ts';
import { guardFor, type JsonService } from './operation.ts';
import { stsError } from './sts.ts';

export interface EndpointOptions {
  readonly credentials: CredentialStore;
  readonly authorize: Authorize;
  readonly dynamodb: DynamoDbProxy;
  readonly judgeDynamoDb: Judge;
  /** By the part of `X-Amz-Target` before the dot. */
  readonly json: Readonly<Record<string, JsonService>>;
  readonly sts: (form: URLSearchParams, caller: Caller) => Reply;
  readonly lambda: (exchange: Exchange, caller: Caller) => Promise<Reply>;
  /** What an identity provider serves without AWS credentials; `undefined` for a path that is not its own. */
  readonly identity: (exchange: Exchange) => Promise<Reply | undefined>;
  readonly log: (line: string) => void;
}

export interface Endpoint {
  readonly listener: RequestListener;
  /** DynamoDB's calls by operation. */
  counters(): Readonly<Record<string, number>>;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;

const UNKNOWN_KEY =
  `the local stack did not give out this access key: use AWS_ACCESS_KEY_ID=${ADMINISTRATOR_KEY} and ` +
  `AWS_SECRET_ACCESS_KEY=${ADMINISTRATOR_KEY} for a developer's calls`;

const jsonError = ({ name, message, status }: ServiceError): Reply => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name },
  body: JSON.stringify({ __type: name, message }),
});

/** One endpoint that speaks the protocols of all services that the template uses, and knows by the access key who calls. */
export const createEndpoint = (options: EndpointOptions): Endpoint => {
  const { credentials, authorize, dynamodb, judgeDynamoDb, json, sts, lambda, identity, log } = options;
  const counts = new Map<string, number>();

  const callerOf = (headers: IncomingMessage['headers']): Caller => {
    const caller = credentials.callerOf(headers.authorization, headers['x-amz-security-token']);
    if (caller === 'wrong-token')
      throw new ServiceError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
        403
      );
    if (caller === 'unknown') throw new ServiceError('UnrecognizedClientException', UNKNOWN_KEY, 403);
    if (caller === 'expired')
      throw new ServiceError('ExpiredTokenException', 'the session of this access key has ended', 403);
    return caller;
  };

  const forward = (request: IncomingMessage, response: ServerResponse, operation: string): Promise<void> | void => {
    let caller: Caller;
    try {
      caller = callerOf(request.headers);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return refuseDynamoDb(response, 400, error.name, error.message);
    }
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    if (caller.kind === 'administrator') return dynamodb.forward(request, response, bodyWithTableNames);
    return dynamodb.forward(request, response, (body) => judgeDynamoDb(caller, operation, body));
  };

  const callJson = async (target: string, { headers, body }: Exchange): Promise<Reply> => {
    const dot = target.indexOf('.');
    const service = json[target.slice(0, dot)];
    const name = target.slice(dot + 1);
    const operation = service && Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
    if (service === undefined || operation === undefined) {
      throw new ServiceError('UnknownOperationException', `the local stack does not know the operation ${target}`);
    }
    const caller: Caller = service.anonymous.has(name) ? { kind: 'administrator' } : callerOf(headers);
    let input: unknown;
    try {
      input = JSON.parse(body.toString('utf8') || '{}');
    } catch {
      throw new ServiceError('SerializationException', 'the body is not JSON');
    }
    const result = await operation.run(input, guardFor(caller, `${service.iamPrefix}:${name}`, authorize));
    return {
      status: 200,
      headers: { 'content-type': `application/x-amz-json-${service.version}` },
      body: JSON.stringify(result),
    };
  };

  const isForm = ({ headers }: IncomingMessage): boolean =>
    headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;

  /** Each protocol has its own shape for errors. */
  const errorOf = (request: IncomingMessage, error: unknown): Reply => {
    const known =
      error instanceof ServiceError
        ? error
        : error instanceof BodyTooLarge
          ? new ServiceError('RequestEntityTooLargeException', error.message, 413)
          : new ServiceError('InternalFailure', 'the local stack failed: its log says why', 500);
    if (known.status === 500) log(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
    if (request.url?.startsWith(LAMBDA_PATH)) return lambdaError(known);
    return isForm(request) ? stsError(known) : jsonError(known);
  };

  const answer = async (request: IncomingMessage, target: string | undefined): Promise<Reply> => {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://local');
    const exchange: Exchange = {
      method,
      headers,
      path: url.pathname,
      body: await readBody(request, MAX_BODY_BYTES),
    };
    if (target !== undefined) return callJson(target, exchange);
    if (exchange.path.startsWith(LAMBDA_PATH)) return lambda(exchange, callerOf(headers));
    const served = await identity(exchange);
    if (served !== undefined) return served;
    if (exchange.path === '/' && isForm(request)) {
      return sts(new URLSearchParams(exchange.body.toString('utf8')), callerOf(headers));
    }
    throw new ServiceError(
      'UnknownOperationException',
      `the local stack does not know ${method} ${exchange.path}`,
      404
    );
  };

  return {
    counters: () => Object.fromEntries(counts),
    listener: (request, response) => {
      const target = request.headers['x-amz-target'];
      const operation = typeof target === 'string' ? target : undefined;
      if (operation?.startsWith(DYNAMODB_TARGET)) {
        void forward(request, response, operation.slice(DYNAMODB_TARGET.length));
        return;
      }
      answer(request, operation).then(
        (reply) => send(response, reply),
        (error: unknown) => send(response, errorOf(request, error))
      );
    },
  };
};
