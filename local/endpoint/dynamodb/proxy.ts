import type { IncomingMessage, ServerResponse } from 'node:http';
import { SIGNATURE } from '../../dynamo/tables.ts';
import { readBody, ServiceError } from '../exchange.ts';
import { openWire, type WireAnswer } from '../wire.ts';
import type { Meter } from './meter.ts';

export const DYNAMODB_TARGET = 'DynamoDB_20120810.';
/** DynamoDB's own limit for a request. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export interface DynamoDbProxy {
  /**
   * Hands a request on and its answer back. `judge` gives the body that is sent, or throws the `ServiceError` that is answered
   * instead. Always answers.
   */
  forward(request: IncomingMessage, response: ServerResponse, judge?: (body: Buffer) => Buffer): Promise<void>;
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

const ABOUT_TABLES: ReadonlySet<string> = new Set(['CreateTable', 'DeleteTable', 'DescribeTable', 'UpdateTable']);

/** The databases that run locally place tables in regions of their own making: here they lie where the template says. */
const placed = ({ status, headers, body }: WireAnswer, tables: string): WireAnswer => ({
  status,
  headers: ['content-type', headers[headers.indexOf('content-type') + 1] ?? ''], // the checksum is of the text before
  body: Buffer.from(body.toString('utf8').replace(/arn:aws:dynamodb:[^:"]*:[^:"]*:table\//g, tables)),
});

/** Calls of items, which use up capacity; those of tables do not know the question. */
const isMetered = (operation: string): boolean => /Item|^Query$|^Scan$/.test(operation);

const isUnknown = ({ status, body }: WireAnswer): boolean =>
  status === 400 && body.length < 200 && body.includes('UnknownOperationException');

/**
 * Passes DynamoDB's calls through to the database. This is the busiest path of all. `tables` is what the ARNs of the tables
 * begin with.
 */
export const proxyTo = (database: URL, tables: string, meter?: Meter): DynamoDbProxy => {
  const wire = openWire(database, TIMEOUT_MS);
  return {
    forward: async (request, response, judge = (body) => body) => {
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
        body = judge(body);
      } catch (error) {
        if (error instanceof ServiceError) return refuseDynamoDb(response, error.status, error.name, error.message);
        throw error;
      }
      const target = String(request.headers['x-amz-target']);
      const operation = target.slice(DYNAMODB_TARGET.length);
      try {
        const answered = await wire.post(
          {
            'Content-Type': 'application/x-amz-json-1.0',
            'X-Amz-Target': target,
            ...SIGNATURE, // one for all callers: some databases keep tables apart by the access key
          },
          isMetered(operation) ? (meter?.asking(body) ?? body) : body
        );
        if (meter && isMetered(operation)) meter.note(operation, answered.body);
        if (isUnknown(answered)) {
          const message = `the database that runs here does not know the operation ${operation}`;
          return refuseDynamoDb(response, 400, 'UnknownOperationException', message);
        }
        const answer = ABOUT_TABLES.has(operation) ? placed(answered, tables) : answered;
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
