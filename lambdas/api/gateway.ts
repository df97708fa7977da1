import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { problem } from './problem.ts';
import { failed } from './respond.ts';

/** What this API needs of an event of API Gateway's HTTP API (payload 2.0), also where its authorizer added to it. */
export type GatewayEvent = Pick<
  APIGatewayProxyEventV2,
  'rawPath' | 'rawQueryString' | 'headers' | 'isBase64Encoded'
> & {
  readonly body?: string | null | undefined;
  readonly requestContext: {
    readonly domainName: string;
    readonly http: { readonly method: string };
    readonly authorizer?: unknown;
  };
};

/** Methods whose requests have no body, whatever an event says. */
const BODILESS = new Set(['GET', 'HEAD']);

/** Throws a TypeError for what is no request, such as a header with line breaks. */
const requestOf = ({
  rawPath,
  rawQueryString,
  headers,
  body,
  isBase64Encoded,
  requestContext,
}: GatewayEvent): Request => {
  const { domainName, http } = requestContext;
  const url = `https://${domainName}${rawPath}${rawQueryString === '' ? '' : `?${rawQueryString}`}`;
  const sent = Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined);
  return new Request(url, {
    method: http.method,
    headers: sent,
    body: BODILESS.has(http.method) ? null : Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  });
};

/** Serves requests that come as events. `app` gets the context of each, where the authorizer has put the caller's claims. */
export const behindGateway =
  (app: { fetch(request: Request, gateway: Pick<GatewayEvent, 'requestContext'>): Response | Promise<Response> }) =>
  async (event: GatewayEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const { requestContext } = event;
    let request: Request | undefined;
    try {
      request = requestOf(event);
    } catch {
      // told below, as every other problem is
    }
    const response = request
      ? await app.fetch(request, { requestContext })
      : failed(problem('malformed', 'Path, headers or method are not those of an HTTP request.'));
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
      isBase64Encoded: false,
    };
  };
