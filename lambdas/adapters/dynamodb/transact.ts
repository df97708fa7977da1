import { randomUUID } from 'node:crypto';
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { backOff } from '../backoff.ts';
import type { Connection } from './connection.ts';
import { DynamoDbError, isTransient, toFault } from './faults.ts';
import { conditionOf, type Expression, type Item, type Key, marshalled } from './table.ts';

/** Plain descriptions of the writes of a transaction. */
export const write = {
  putOnce: (table: string, item: Item): TransactWriteItem => ({
    Put: { TableName: table, Item: marshalled(item), ConditionExpression: 'attribute_not_exists(pk)' },
  }),
  putIf: (table: string, item: Item, expression: Expression): TransactWriteItem => ({
    Put: { TableName: table, Item: marshalled(item), ...conditionOf(expression) },
  }),
  check: (table: string, { pk, sk }: Key, expression: Expression): TransactWriteItem => ({
    ConditionCheck: { TableName: table, Key: marshalled({ pk, sk }), ...conditionOf(expression) },
  }),
  update: (table: string, { pk, sk }: Key, update: string, expression: Expression): TransactWriteItem => ({
    Update: { TableName: table, Key: marshalled({ pk, sk }), UpdateExpression: update, ...conditionOf(expression) },
  }),
} as const;

export interface Guarded<Refusal extends string> {
  readonly refusal: Refusal;
  readonly write: TransactWriteItem;
}

/** How often a transaction is tried that others are in the way of, and half of the longest pause before the first repetition. */
const TRIES = 5;
const PAUSE_MS = 20;

/** The tables that a transaction is about, for whoever reads of its fault. */
const tablesOf = (guarded: readonly Guarded<string>[]): string =>
  [
    ...new Set(
      guarded.map(({ write: { Put, Update, ConditionCheck } }) => (Put ?? Update ?? ConditionCheck)?.TableName)
    ),
  ].join(' and ');

/**
 * Makes all writes or none, and returns undefined. The first condition that failed, in the order given, names the
 * refusal. Conflicts and throttles among the reasons are tried again with jitter, then thrown as `Retryable`; a refusal is
 * named only where no reason is one. What the connection has tried again already is not tried again here: a step ends soon.
 */
export const transact = async <const Refusal extends string>(
  connection: Connection,
  guarded: readonly Guarded<Refusal>[]
): Promise<Refusal | undefined> => {
  const request = {
    TransactItems: guarded.map((each) => each.write),
    ClientRequestToken: randomUUID(), // the repetitions below are one request, should only the answer have been lost
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.call('TransactWriteItems', request);
      return undefined;
    } catch (error) {
      const reasons = error instanceof DynamoDbError ? (error.reasons ?? []) : [];
      if (reasons.length > 0 && isTransient(error) && attempt < TRIES) {
        await backOff(attempt, PAUSE_MS);
        continue;
      }
      const failed = guarded.find((_, index) => reasons[index]?.Code === 'ConditionalCheckFailed');
      if (failed === undefined || isTransient(error)) return toFault(`a transaction on ${tablesOf(guarded)}`)(error);
      return failed.refusal;
    }
  }
};
