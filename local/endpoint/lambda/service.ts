import * as z from 'zod';
import type { FunctionPool } from '../../functions/pool.ts';
import type { Reservations } from '../../functions/reservations.ts';
import type { Authorize } from '../../iam/authorize.ts';
import type { Caller } from '../../iam/credentials.ts';
import type { ResourcePolicy } from '../../template/access.ts';
import type { LambdaFunction } from '../../template/functions.ts';
import type { JsonObject } from '../../template/json.ts';
import { decoded, type Exchange, type Reply, ServiceError } from '../exchange.ts';
import { guardFor } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { briefOf, configurationOf, policyOf, versionsOf } from './configuration.ts';
import { invokeWith } from './invoke.ts';
import { LATEST, resolve, type Target, targetOf } from './target.ts';

export interface LambdaOptions {
  readonly functions: readonly LambdaFunction[];
  /** What the ARNs of functions begin with. */
  readonly arnPrefix: string;
  readonly pool: FunctionPool;
  readonly reservations: Reservations;
  readonly policies: readonly ResourcePolicy[];
  /** Invokes without an answer, with the function's own retries. */
  readonly invokeLater: (functionArn: string, payload: string) => void;
  readonly authorize: Authorize;
}

const json = (content: JsonObject): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(content),
});

const listed = (name: string, entries: readonly JsonObject[], { query }: Exchange): Reply => {
  const asked = Number(query.get('MaxItems') ?? 50);
  if (!Number.isInteger(asked) || asked < 1 || asked > 10_000)
    throw new ServiceError('InvalidParameterValueException', 'MaxItems must lie between 1 and 10000');
  const limit = Math.min(50, asked); // Lambda's own limit, whatever is asked for
  const token = query.get('Marker') ?? undefined;
  const keyOf = ({ FunctionArn }: JsonObject): string => String(FunctionArn);
  const { items, next } = pageOf(entries, keyOf, { limit, token }, 'InvalidParameterValueException');
  return json({ [name]: items, ...(next === undefined ? {} : { NextMarker: next }) });
};

const Concurrency = z.object({ ReservedConcurrentExecutions: z.int().min(0) });

const concurrencyIn = ({ body }: Exchange): number => {
  try {
    return Concurrency.parse(JSON.parse(body.toString('utf8'))).ReservedConcurrentExecutions;
  } catch {
    throw new ServiceError('InvalidParameterValueException', 'ReservedConcurrentExecutions must be a number from 0');
  }
};

const asMember = (count: number | undefined): JsonObject =>
  count === undefined ? {} : { ReservedConcurrentExecutions: count };

/** Lambda's REST protocol: what can be asked of the functions of the template, and how much of them may run. */
export const lambdaService = (options: LambdaOptions) => {
  const { functions, arnPrefix, pool, invokeLater, reservations, policies, authorize } = options;

  type Act = (exchange: Exchange, target: Target) => Reply | Promise<Reply>;

  const listFunctions = (exchange: Exchange): Reply => {
    const all = exchange.query.get('FunctionVersion') === 'ALL';
    const entries = functions.flatMap((lambda) => (all ? versionsOf(lambda) : [briefOf(lambda, LATEST, lambda.arn)]));
    return listed('Functions', entries, exchange);
  };

  /** By method and what follows the function in the path: the action, and what it does. */
  const OPERATIONS: Readonly<Record<string, readonly [action: string, act: Act]>> = {
    'POST /invocations': [
      'InvokeFunction',
      (exchange, target) =>
        invokeWith(exchange, { ...resolve(functions, target), arn: target.arn }, { pool, invokeLater }),
    ],
    'GET ': [
      'GetFunction',
      (_, target) => {
        const { lambda, version } = resolve(functions, target);
        const reserved = reservations.of(lambda);
        return json({
          Configuration: configurationOf(lambda, version, target.arn),
          Code: { RepositoryType: 'S3' },
          Tags: Object.fromEntries(lambda.tags.map(({ Key, Value }) => [Key, Value])),
          ...(reserved === undefined ? {} : { Concurrency: asMember(reserved) }),
        });
      },
    ],
    'GET /configuration': [
      'GetFunctionConfiguration',
      (_, target) => {
        const { lambda, version } = resolve(functions, target);
        return json(configurationOf(lambda, version, target.arn));
      },
    ],
    'GET /versions': [
      'ListVersionsByFunction',
      (exchange, target) => listed('Versions', versionsOf(resolve(functions, target).lambda), exchange),
    ],
    'GET /aliases': [
      'ListAliases',
      (exchange, target) => {
        resolve(functions, target);
        return listed('Aliases', [], exchange); // a template with an alias of a function is refused
      },
    ],
    'GET /policy': [
      'GetPolicy',
      (_, target) => {
        const policy = policyOf(resolve(functions, target).lambda, policies);
        if (policy !== undefined && (target.qualifier ?? LATEST) === LATEST) return json({ Policy: policy });
        throw new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
      },
    ],
    'GET /concurrency': [
      'GetFunctionConcurrency',
      (_, target) => json(asMember(reservations.of(resolve(functions, target).lambda))),
    ],
    'PUT /concurrency': [
      'PutFunctionConcurrency',
      (exchange, target) => {
        const count = concurrencyIn(exchange);
        reservations.set(resolve(functions, target).lambda, count);
        return json(asMember(count));
      },
    ],
    'DELETE /concurrency': [
      'DeleteFunctionConcurrency',
      (_, target) => {
        reservations.set(resolve(functions, target).lambda, undefined);
        return { status: 204, headers: {}, body: '' };
      },
    ],
  };

  return async (exchange: Exchange, caller: Caller): Promise<Reply> => {
    const { method, path, query } = exchange;
    const [, id = '', rest = ''] = /^\/20\d\d-\d\d-\d\d\/functions(?:\/([^/]+)(\/[\w-]+)?)?\/?$/.exec(path) ?? [];
    const operation = OPERATIONS[`${method} ${rest}`];
    if (method === 'GET' && /\/functions\/?$/.test(path)) {
      guardFor(caller, 'lambda:ListFunctions', authorize)('*');
      return listFunctions(exchange);
    }
    if (id === '' || operation === undefined) {
      const message = `the local stack does not know the operation ${method} ${path} of lambda`;
      throw new ServiceError('UnknownOperationException', message, 501);
    }
    const [action, act] = operation;
    const target = targetOf(decoded(id), query.get('Qualifier'), arnPrefix);
    guardFor(caller, `lambda:${action}`, authorize)(target.arn);
    return act(exchange, target);
  };
};
