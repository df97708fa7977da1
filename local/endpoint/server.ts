import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Authorize } from '../iam/authorize.ts';
import { ADMINISTRATOR_KEY, type Caller, type CredentialStore } from '../iam/credentials.ts';
import type { Judge } from './dynamodb/judge.ts';
import { bodyWithTableNames } from './dynamodb/names.ts';
import { DYNAMODB_TARGET, type DynamoDbProxy, refuseDynamoDb } from './dynamodb/proxy.ts';
import { BodyTooLarge, type Exchange, type Reply, readExchange, ServiceError, send } from './exchange.ts';
import { guardFor, type JsonService } from './operation.ts';
import { authorizationOf, errorReply, isForm, serviceOf, shapeOf, tokenOf } from './shapes.ts';

export interface EndpointOptions {
  readonly credentials: CredentialStore;
  readonly authorize: Authorize;
  readonly dynamodb: DynamoDbProxy;
  readonly judgeDynamoDb: Judge;
  /** By the part of `X-Amz-Target` before the dot. */
  readonly json: Readonly<Record<string, JsonService>>;
  readonly sts: (form: URLSearchParams, caller: Caller) => Reply;
  readonly lambda: (exchange: Exchange, caller: Caller) => Promise<Reply>;
  /** Absent where the template has no buckets. */
  readonly s3: ((exchange: Exchange, caller: Caller) => Promise<Reply>) | undefined;
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
/** S3 takes objects of 5 GB; here one is held in memory. */
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

const UNSIGNED = 'Missing Authentication Token: sign the request, as the AWS CLI and SDKs do';

const WRONG_TOKEN = 'The security token included in the request is invalid.';

const FAILED = 'the local stack failed: its log says why';

const UNKNOWN_KEY =
  `the local stack did not give out this access key: use AWS_ACCESS_KEY_ID=${ADMINISTRATOR_KEY} and ` +
  `AWS_SECRET_ACCESS_KEY=${ADMINISTRATOR_KEY} for a developer's calls`;

/** One endpoint that speaks the protocols of all services that the template uses, and knows by the access key who calls. */
export const createEndpoint = (options: EndpointOptions): Endpoint => {
  const { credentials, authorize, dynamodb, judgeDynamoDb, json, sts, lambda, s3, identity, log } = options;
  const counts = new Map<string, number>();
  const served = new Set([
    'dynamodb',
    'lambda',
    'sts',
    ...(s3 === undefined ? [] : ['s3']),
    ...Object.values(json).map(({ iamPrefix }) => iamPrefix),
  ]);

  const callerOf = (request: IncomingMessage): Caller => {
    const authorization = authorizationOf(request);
    if (authorization === undefined) throw new ServiceError('MissingAuthenticationTokenException', UNSIGNED, 403);
    const caller = credentials.callerOf(authorization, tokenOf(request));
    if (caller === 'wrong-token') throw new ServiceError('UnrecognizedClientException', WRONG_TOKEN, 403);
    if (caller === 'unknown') throw new ServiceError('UnrecognizedClientException', UNKNOWN_KEY, 403);
    if (caller === 'expired')
      throw new ServiceError('ExpiredTokenException', 'the session of this access key has ended', 403);
    return caller;
  };

  const forward = async (request: IncomingMessage, response: ServerResponse, operation: string): Promise<void> => {
    let caller: Caller;
    try {
      caller = callerOf(request);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return refuseDynamoDb(response, 400, error.name, error.message);
    }
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    if (caller.kind === 'administrator') return dynamodb.forward(request, response, bodyWithTableNames);
    return dynamodb.forward(request, response, (body) => judgeDynamoDb(caller, operation, body));
  };

  const callJson = async (target: string, request: IncomingMessage, { body }: Exchange): Promise<Reply> => {
    const dot = target.indexOf('.');
    const prefix = target.slice(0, dot);
    const service = Object.hasOwn(json, prefix) ? json[prefix] : undefined;
    const name = target.slice(dot + 1);
    const operation = service && Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
    if (service === undefined || operation === undefined)
      throw notKnown(service?.iamPrefix ?? serviceOf(request), target);
    const caller: Caller = service.anonymous.has(name) ? { kind: 'administrator' } : callerOf(request);
    let input: unknown;
    try {
      input = JSON.parse(body.toString('utf8') || '{}');
    } catch {
      throw new ServiceError('SerializationException', 'the body is not JSON');
    }
    const guardOf = (action: string) => guardFor(caller, action, authorize);
    const result = await operation.run(input, guardOf(`${service.iamPrefix}:${name}`), guardOf);
    return {
      status: 200,
      headers: { 'content-type': `application/x-amz-json-${service.version}` },
      body: JSON.stringify(result),
    };
  };

  /** What is not served is named; the status is one that clients do not try again. */
  const notKnown = (service: string | undefined, what: string, status = 400): ServiceError => {
    const isServed = service !== undefined && served.has(service);
    const where = isServed || service === undefined ? `operation ${what}` : `service ${service}, nor its ${what}`;
    return new ServiceError('UnknownOperationException', `the local stack does not know the ${where}`, status);
  };

  const lost = ({ method, url }: IncomingMessage, error: unknown): void =>
    log(`${method} ${url}: ${error instanceof Error ? error.stack : error}`);

  const errorOf = (request: IncomingMessage, requestId: string, error: unknown): Reply => {
    const known =
      error instanceof ServiceError
        ? error
        : error instanceof BodyTooLarge
          ? new ServiceError('RequestEntityTooLargeException', error.message, 413)
          : new ServiceError('InternalFailure', FAILED, 500);
    if (known.status === 500) lost(request, error);
    return errorReply(shapeOf(request), known, requestId);
  };

  const answer = async (request: IncomingMessage, target: string | undefined): Promise<Reply> => {
    const shape = shapeOf(request);
    const exchange = await readExchange(request, shape === 's3' ? MAX_OBJECT_BYTES : MAX_BODY_BYTES);
    const { method, path } = exchange;
    if (target !== undefined) return callJson(target, request, exchange);
    if (shape === 'lambda') return lambda(exchange, callerOf(request));
    if (shape === 's3' && s3 !== undefined) return s3(exchange, callerOf(request));
    const served = await identity(exchange);
    if (served !== undefined) return served;
    const service = serviceOf(request);
    const caller = callerOf(request);
    if (shape === 'query' && path === '/' && isForm(request)) {
      const form = new URLSearchParams(exchange.body.toString('utf8'));
      if (service === 'sts' || service === undefined) return sts(form, caller);
      throw notKnown(service, form.get('Action') ?? '');
    }
    throw notKnown(service, `${method} ${path}`, 501);
  };

  return {
    counters: () => Object.fromEntries(counts),
    listener: (request, response) => {
      const target = request.headers['x-amz-target'];
      const operation = typeof target === 'string' ? target : undefined;
      if (operation?.startsWith(DYNAMODB_TARGET)) {
        forward(request, response, operation.slice(DYNAMODB_TARGET.length)).catch((error: unknown) => {
          lost(request, error);
          refuseDynamoDb(response, 500, 'InternalServerError', FAILED);
        });
        return;
      }
      const requestId = randomUUID();
      answer(request, operation)
        .then((reply) => send(response, requestId, reply))
        // what cannot be sent, such as a header that a query has asked for, is an error like any other
        .catch((error: unknown) => send(response, requestId, errorOf(request, requestId, error)));
    },
  };
};
