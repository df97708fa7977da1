import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { backOff } from './backoff.ts';
import { type AwsCredentials, amzDateOf, authorizationOf } from './signature.ts';

/*
 * AWS's JSON protocol, as DynamoDB and Step Functions speak it: a signed POST with the operation in a header. Half of a step's
 * CPU time went through the generic clients of the SDK, and two thirds of its bundle: see the decision record. The shapes of
 * inputs and outputs are the SDK's own types.
 */

export interface ServiceOptions {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** How long one try may take: from the look-up of the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** How often a call is made that may be made again, if not three times. */
  readonly tries?: number;
  /** Wraps each call, so that it can be traced. */
  readonly around: <T>(operation: string, work: () => Promise<T>) => Promise<T>;
}

/** What was answered instead of doing it. */
export interface Refused {
  /** The service's name of the error, or `NoAnswer`. */
  readonly type: string;
  /** The HTTP status; 0 where nothing was answered. */
  readonly status: number;
  /** The whole answer; its message could quote content. */
  readonly answer: Readonly<Record<string, unknown>>;
}

export interface Protocol {
  /** As signatures name the service, such as `dynamodb`. */
  readonly service: string;
  /** What stands before the operation in `x-amz-target`. */
  readonly target: string;
  readonly errorOf: (operation: string, refused: Refused, cause?: unknown) => Error;
  /** Whether the call may be made again. */
  readonly isTransient: (error: unknown) => boolean;
}

const TRIES = 3;
/** Half of the longest pause before the second try; it doubles. */
const PAUSE_MS = 50;
/** DynamoDB's own limit for an answer is 16 MB, and no other service's is higher. */
const MAX_BYTES = 17_000_000;

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) throw new Error('the answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
};

const typeOf = ({ __type }: Readonly<Record<string, unknown>>): string =>
  typeof __type === 'string' ? (__type.split('#').at(-1) ?? __type) : 'Unknown';

/**
 * Calls operations of one service: tries a few times where it may be tried again, and throws the protocol's error. Opens
 * nothing yet: the first call connects, and connections are kept.
 */
export const jsonService = (
  { endpoint, region, credentials, timeoutMs, tries: most = TRIES, around }: ServiceOptions,
  { service, target, errorOf, isTransient }: Protocol
): ((operation: string, input: object) => Promise<object>) => {
  const isSecure = endpoint.protocol === 'https:';
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = isSecure ? httpsRequest : httpRequest;
  const whom = { region, service, credentials };

  /** Told of the status before the answer is there; rejects where none is there in time. */
  const post = (operation: string, body: string, onStatus: (status: number) => void): Promise<string> => {
    const amzDate = amzDateOf(new Date());
    const signed = {
      host: endpoint.host,
      'x-amz-date': amzDate,
      'x-amz-target': `${target}.${operation}`,
      ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
    };
    const headers = {
      ...signed,
      authorization: authorizationOf({ headers: signed, body }, whom, amzDate),
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
        onStatus(response.statusCode ?? 0);
        bodyOf(response).then(resolve, reject);
      });
      // one timer for all of it: a socket's own begins with its connection, and again with every byte
      const timer = setTimeout(() => sent.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
      sent.on('error', reject).on('close', () => clearTimeout(timer));
      sent.end(body);
    });
  };

  const tryOnce = async (operation: string, body: string): Promise<object> => {
    let status = 0;
    let answer: Record<string, unknown>;
    try {
      answer = JSON.parse(
        await post(operation, body, (told) => {
          status = told;
        })
      );
    } catch (cause) {
      // of an answer that says nothing it is not known whether the call was made: each is such that it may be made again
      throw errorOf(operation, { type: 'NoAnswer', status, answer: {} }, cause);
    }
    if (status === 200) return answer;
    throw errorOf(operation, { type: typeOf(answer), status, answer });
  };

  return (operation, input) =>
    around(operation, async () => {
      const body = JSON.stringify(input);
      for (let tries = 1; ; tries += 1) {
        try {
          return await tryOnce(operation, body);
        } catch (error) {
          if (!isTransient(error) || tries === most) throw error;
        }
        await backOff(tries, PAUSE_MS);
      }
    });
};
