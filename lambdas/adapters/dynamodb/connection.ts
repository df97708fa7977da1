import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type {
  BatchGetItemInput,
  BatchGetItemOutput,
  CancellationReason,
  GetItemInput,
  GetItemOutput,
  PutItemInput,
  PutItemOutput,
  QueryInput,
  QueryOutput,
  TransactWriteItemsInput,
  TransactWriteItemsOutput,
} from '@aws-sdk/client-dynamodb';
import { type AwsCredentials, amzDateOf, authorizationOf } from '../signature.ts';
import { type Attributes, DynamoDbError, isTransient } from './faults.ts';

/*
 * DynamoDB's JSON protocol, for the five operations that are used. Half of a step's CPU time went through the generic client
 * of the SDK, and two thirds of its bundle: see the decision record. The shapes are the SDK's own types.
 */

interface Operations {
  readonly GetItem: readonly [GetItemInput, GetItemOutput];
  readonly BatchGetItem: readonly [BatchGetItemInput, BatchGetItemOutput];
  readonly Query: readonly [QueryInput, QueryOutput];
  readonly PutItem: readonly [PutItemInput, PutItemOutput];
  readonly TransactWriteItems: readonly [TransactWriteItemsInput, TransactWriteItemsOutput];
}
export type Operation = keyof Operations;

export interface Connection {
  /** Calls an operation. Throws a `DynamoDbError`: after three tries where it may be tried again, at once otherwise. */
  call<Name extends Operation>(operation: Name, input: Operations[Name][0]): Promise<Operations[Name][1]>;
}

export interface ConnectionOptions {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** How long nothing may be heard, while connecting or waiting for an answer. */
  readonly timeoutMs: number;
  /** Wraps each call, so that it can be traced. */
  readonly around: <T>(operation: Operation, work: () => Promise<T>) => Promise<T>;
}

const TRIES = 3;
/** The longest pause before the second try; it doubles. */
const PAUSE_MS = 50;
/** DynamoDB's own limit for an answer is 16 MB. */
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

interface Refused {
  readonly __type?: string;
  readonly Item?: Attributes;
  readonly CancellationReasons?: readonly CancellationReason[];
}

/** Opens nothing yet: the first call connects, and connections are kept. */
export const dynamoConnection = (options: ConnectionOptions): Connection => {
  const { endpoint, region, credentials, timeoutMs, around } = options;
  const isSecure = endpoint.protocol === 'https:';
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = isSecure ? httpsRequest : httpRequest;

  const whom = { region, service: 'dynamodb', credentials };

  const post = (operation: Operation, body: string): Promise<IncomingMessage> => {
    const amzDate = amzDateOf(new Date());
    const signed = {
      host: endpoint.host,
      'x-amz-date': amzDate,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
    };
    const authorization = authorizationOf({ headers: signed, body }, whom, amzDate);
    return new Promise((resolve, reject) => {
      const headers = {
        ...signed,
        authorization,
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(endpoint, { method: 'POST', agent, headers }, resolve).on('error', reject);
      sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`nothing was heard for ${timeoutMs} ms`)));
      sent.end(body);
    });
  };

  const tryOnce = async (operation: Operation, body: string): Promise<object> => {
    let status: number | undefined;
    let answer: object;
    try {
      const response = await post(operation, body);
      status = response.statusCode ?? 0;
      answer = JSON.parse(await bodyOf(response));
    } catch (cause) {
      // of an answer that says nothing it is not known whether the call was made: each is such that it may be made again
      throw new DynamoDbError(operation, { type: 'NoAnswer', status: status ?? 0 }, cause);
    }
    if (status === 200) return answer;
    const { __type = 'Unknown', Item: item, CancellationReasons: reasons } = answer as Refused;
    throw new DynamoDbError(operation, { type: __type.split('#').at(-1) ?? __type, status, item, reasons });
  };

  return {
    call: (operation, input) =>
      around(operation, async () => {
        const body = JSON.stringify(input);
        for (let tries = 1; ; tries += 1) {
          try {
            return await tryOnce(operation, body);
          } catch (error) {
            // conflicts of transactions are for the caller, who knows how long to go on
            const isOurs = error instanceof DynamoDbError && error.reasons === undefined;
            if (!isOurs || !isTransient(error) || tries === TRIES) throw error;
          }
          await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * 2 ** tries));
        }
      }),
  };
};
