import type { IncomingMessage } from 'node:http';
import { type Reply, ServiceError } from './exchange.ts';
import { document } from './xml.ts';

/** How a request expects its errors. */
export type Shape = 'json' | 'lambda' | 'query' | 's3';

/** Lambda's paths begin with the date of the API's version that brought the operation. */
const LAMBDA_PATH = /^\/20\d\d-\d\d-\d\d\/functions([/?]|$)/;
const XML_SERVICES: ReadonlySet<string | undefined> = new Set(['route53', 'cloudfront']);

type Head = Pick<IncomingMessage, 'headers' | 'url'>;

/** Who signed a request and for which service: in its header or, where it is a URL that somebody was given, in its query. */
export const authorizationOf = ({ headers, url = '/' }: Head): string | undefined => {
  if (headers.authorization !== undefined) return headers.authorization;
  const query = new URLSearchParams(url.slice(url.indexOf('?')));
  const [credential, key] = [query.get('X-Amz-Credential'), query.get('AWSAccessKeyId')];
  if (credential !== null) return `Credential=${credential}`;
  return key === null ? undefined : `Credential=${key}/any/any/s3/`; // the older way, which some clients still use for S3
};

/** The session's token, which stands where the signature does. */
export const tokenOf = ({ headers, url = '/' }: Head): string | undefined => {
  const header = headers['x-amz-security-token'];
  if (header !== undefined || !url.includes('X-Amz-Security-Token=')) return header?.toString();
  return new URLSearchParams(url.slice(url.indexOf('?'))).get('X-Amz-Security-Token') ?? undefined;
};

/** The service that a request is signed for: `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
export const serviceOf = (request: Head): string | undefined =>
  /Credential=[^/,]*\/[^/,]*\/[^/,]*\/([\w-]+)\//.exec(authorizationOf(request) ?? '')?.[1];

export const isForm = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;

export const shapeOf = (request: Head): Shape => {
  const { headers, url = '/' } = request;
  const service = serviceOf(request);
  if (service === 's3') return 's3';
  if (service === 'lambda' || LAMBDA_PATH.test(url)) return 'lambda';
  return isForm({ headers }) || XML_SERVICES.has(service) ? 'query' : 'json';
};

/** The names, where the protocols that answer XML have others than those that answer JSON. */
const XML_NAMES = {
  query: {
    AccessDeniedException: ['AccessDenied', 403],
    ExpiredTokenException: ['ExpiredToken', 403],
    MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
    UnknownOperationException: ['InvalidAction', 400],
    UnrecognizedClientException: ['InvalidClientTokenId', 403],
    ValidationException: ['ValidationError', 400],
  },
  s3: {
    AccessDeniedException: ['AccessDenied', 403],
    ExpiredTokenException: ['ExpiredToken', 400],
    InternalFailure: ['InternalError', 500],
    MissingAuthenticationTokenException: ['AccessDenied', 403],
    RequestEntityTooLargeException: ['EntityTooLarge', 400],
    UnknownOperationException: ['NotImplemented', 501],
    UnrecognizedClientException: ['InvalidAccessKeyId', 403],
  },
} as const satisfies Record<'query' | 's3', Readonly<Record<string, readonly [string, number]>>>;

const translated = (shape: 'query' | 's3', { name, message, status }: ServiceError): ServiceError => {
  const names: Readonly<Record<string, readonly [string, number]>> = XML_NAMES[shape];
  const [theirs, theirStatus] = names[name] ?? [name, status];
  return new ServiceError(theirs, message, theirStatus);
};

/** An error as each protocol answers it, with the id of its request where that stands in the body. */
export const errorReply = (shape: Shape, error: ServiceError, requestId: string): Reply => {
  const { name, message, status } = error;
  switch (shape) {
    case 'json':
      return {
        status,
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name },
        body: JSON.stringify({ __type: name, message }),
      };
    case 'lambda':
      return {
        status: name === 'AccessDeniedException' ? 403 : status, // REST protocols have a status for it
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': name },
        body: JSON.stringify({ Type: 'User', Message: message }),
      };
    case 'query': {
      const { name: Code, status: xmlStatus } = translated('query', error);
      const content = { Error: { Type: 'Sender', Code, Message: message }, RequestId: requestId };
      return {
        status: xmlStatus,
        headers: { 'content-type': 'text/xml' },
        body: document('ErrorResponse', undefined, content),
      };
    }
    case 's3': {
      const { name: Code, status: xmlStatus } = translated('s3', error);
      const body = document('Error', undefined, { Code, Message: message, RequestId: requestId });
      return { status: xmlStatus, headers: { 'content-type': 'application/xml', ...error.headers }, body };
    }
  }
};
