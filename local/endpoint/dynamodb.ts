import type { IncomingMessage, ServerResponse } from 'node:http';
import { SIGNATURE } from '../dynamo/tables.ts';
import { readBody } from './exchange.ts';
import { openWire } from './wire.ts';

export const DYNAMODB_TARGET = 'DynamoDB_20120810.';
/** DynamoDB's own limit for a request. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export interface DynamoDbProxy {
  /** Hands a request on and its answer back, byte by byte. Always answers. */
  forward(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Milliseconds that the database took for all answers together. */
  waitedMs(): number;
  close(): void;
}

/** Answers an error in DynamoDB's shape. */
export const refuseDynamoDb = (response: ServerResponse, status: number, type: string, message: string): void => {
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
};

/** Passes DynamoDB's calls through to the database. Nothing is parsed: this is the busiest path of all. */
export const proxyTo = (database: URL): DynamoDbProxy => {
  const wire = openWire(database, TIMEOUT_MS);
  return {
    forward: async (request, response) => {
      let body: Buffer;
      try {
        body = await readBody(request, MAX_BODY_BYTES);
      } catch {
        return refuseDynamoDb(
          response,
          413,
          'ValidationException',
          `the request has more than ${MAX_BODY_BYTES} bytes`
        );
      }
      try {
        const answer = await wire.post(
          {
            'Content-Type': 'application/x-amz-json-1.0',
            'X-Amz-Target': String(request.headers['x-amz-target']),
            ...SIGNATURE, // one for all callers: some databases keep tables apart by the access key
          },
          body
        );
        response.writeHead(answer.status, [...answer.headers, 'content-length', String(answer.body.length)]);
        response.end(answer.body);
      } catch {
        const message = 'the database did not answer: the call may have been made';
        refuseDynamoDb(response, 500, 'InternalServerError', message);
      }
    },
    waitedMs: wire.waitedMs,
    close: () => wire.close(),
  };
};
