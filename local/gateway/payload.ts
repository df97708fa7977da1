import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Json, JsonObject } from '../template/json.ts';
import type { Admission } from './authorizer.ts';
import type { Match } from './routes.ts';

const TEXT = /^(text\/|application\/((.+\+)?json|(.+\+)?xml|javascript))/;

export interface Received {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  readonly accountId: string;
  readonly apiId: string;
  readonly now: number;
}

const isText = (contentType: string | undefined): boolean => contentType === undefined || TEXT.test(contentType);

const headersOf = (request: IncomingMessage): Readonly<Record<string, string>> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== 'cookie' && value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
};

/** The event of payload format 2.0. */
export const eventOf = (
  { request, url, body, accountId, apiId, now }: Received,
  { route, pathParameters }: Match,
  admission: (Admission & { kind: 'admitted' }) | undefined
): JsonObject => {
  const { method = 'GET', headers } = request;
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`;
  }
  const base64 = !isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(headers.cookie === undefined ? {} : { cookies: headers.cookie.split('; ') }),
    headers: headersOf(request),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId,
      apiId,
      ...(admission === undefined
        ? {}
        : { authorizer: { jwt: { claims: admission.claims, scopes: admission.scopes } } }),
      domainName: url.host,
      domainPrefix: apiId,
      http: {
        method,
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.key,
      stage: '$default',
      time: new Date(now).toUTCString(),
      timeEpoch: now,
    },
    ...(body.length === 0 ? {} : { body: body.toString(base64 ? 'base64' : 'utf8') }),
    isBase64Encoded: base64 && body.length > 0,
  };
};

const HeaderValue = z.union([z.string(), z.number(), z.boolean()]);
const ProxyResponse = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), HeaderValue).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Hop-by-hop headers: the server sets its own. */
const OWN = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding']);

/**
 * Sends what a function answered: a response with a `statusCode`, or any other value as JSON with status 200. `false` if it
 * is neither, which is an internal error of the integration.
 */
export const sendAnswer = (response: ServerResponse, answer: Json): boolean => {
  const isResponse = typeof answer === 'object' && answer !== null && 'statusCode' in answer;
  const parsed = ProxyResponse.safeParse(
    isResponse
      ? answer
      : {
          statusCode: 200,
          headers: { 'content-type': 'application/json' },
          body: typeof answer === 'string' ? answer : JSON.stringify(answer),
        }
  );
  if (!parsed.success) return false;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!OWN.has(name.toLowerCase())) response.setHeader(name, String(value));
  }
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain;charset=UTF-8');
  if (cookies) response.setHeader('set-cookie', cookies);
  response.writeHead(statusCode).end(Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'));
  return true;
};
