import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { BodyTooLarge, readBody } from '../endpoint/exchange.ts';
import { functionNameOf } from '../functions/invocation.ts';
import { errorTypeOf } from '../functions/messages.ts';
import type { FunctionPool } from '../functions/pool.ts';
import type { Identity } from '../identity/identity.ts';
import type { MayInvoke } from '../invoke.ts';
import type { HttpApi, Route } from '../template/api.ts';
import { headerOf, traceFrom } from '../trace/header.ts';
import { admit } from './authorizer.ts';
import { eventOf, sendAnswer } from './payload.ts';
import { routerFor } from './routes.ts';

export interface GatewayOptions {
  readonly api: HttpApi;
  readonly account: string;
  readonly region: string;
  readonly mayInvoke: MayInvoke;
  readonly identity: Identity;
  readonly pool: FunctionPool;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;

const STATUS = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

const refuse = (response: ServerResponse, status: keyof typeof STATUS): void => {
  if (response.headersSent || response.destroyed) return;
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  response.writeHead(status, { 'content-type': 'application/json', ...challenge });
  response.end(JSON.stringify({ message: STATUS[status] }));
};

/** The caller's trace, or a new one. An HTTP API makes no segment of its own: in AWS it only hands the header on. */
const traceOf = (given: string | string[] | undefined, now: number): string =>
  headerOf(traceFrom(typeof given === 'string' ? given : undefined, now));

/** `undefined` if `work` takes longer than `ms`; it is told by the signal, and what comes of it after that is of no interest. */
const within = async <T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> => {
  const limit = new AbortController();
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    late.resolve(undefined);
    limit.abort();
  }, ms);
  try {
    return await Promise.race([work(limit.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** What a permission names as the source of a request: the path is the route's, its variables in braces. */
const sourceOf = ({ key }: Route, method: string): string => {
  const [verb = '', path] = key.split(' ');
  return path === undefined ? `$default/${verb}` : `$default/${verb === 'ANY' ? method : verb}${path}`;
};

/** Serves one HTTP API: route, authorizer, Lambda integration. Answers what API Gateway answers, errors included. */
export const createGateway = (options: GatewayOptions): RequestListener => {
  const { api, account, region, mayInvoke, identity, pool, now, log } = options;
  const route = routerFor(api.routes);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const body = await readBody(request, MAX_BODY_BYTES);
    const match = route(request.method ?? 'GET', url.pathname);
    if (match === undefined) return refuse(response, 404);
    const { authorizer, functionArn, timeoutMs } = match.route;
    const admission = authorizer && (await admit(authorizer, request.headers.authorization, identity));
    if (admission?.kind === 'unauthorized') return refuse(response, 401);
    if (admission?.kind === 'forbidden') return refuse(response, 403);
    const source = `arn:aws:execute-api:${region}:${account}:${api.id}/${sourceOf(match.route, request.method ?? 'GET')}`;
    if (!mayInvoke('apigateway.amazonaws.com', functionArn, source)) return refuse(response, 500);

    const at = now();
    const event = eventOf({ request, url, body, accountId: account, apiId: api.id, now: at }, match, admission);
    const traceHeader = traceOf(request.headers['x-amzn-trace-id'], at);
    const answer = await within(timeoutMs, (signal) =>
      pool.invoke(functionArn, JSON.stringify(event), { traceHeader, signal })
    );
    if (answer === undefined) return refuse(response, 503);
    if (answer.failed || !sendAnswer(response, JSON.parse(answer.payload))) {
      const why = answer.failed ? `failed with ${errorTypeOf(answer)}` : 'did not answer with a response';
      log(`${match.route.key}: ${functionNameOf(functionArn)} ${why}: its log says more`);
      refuse(response, 500);
    }
  };

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (error instanceof BodyTooLarge) return refuse(response, 413);
      log(`${request.method} ${request.url}: ${error instanceof Error ? error.message : error}`);
      refuse(response, 500);
    });
  };
};
