import { type Cache, type EntryKey, Slot } from '../../core/cache/cache.ts';
import type { Connection } from './connection.ts';
import { contentOf } from './content.ts';
import { DynamoDbError, toFault } from './faults.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Item, marshalled, unmarshalled } from './table.ts';
import { conditionOf, type Expression } from './transact.ts';

/** When DynamoDB may delete it: in the second in which its time is over, or any time later. */
const expiresAt = ({ until }: Slot): number => Math.ceil(Date.parse(until) / 1_000);

/** Entries on DynamoDB, each in a partition of its own, under a prefix that its writer alone reaches. */
export const dynamoCache = (connection: Connection, table: string): Cache => {
  const state = dynamoTable(connection, table);

  /** Puts a slot where the condition holds, and answers nothing; else what stands there, if anything does. */
  const putIf = async (key: EntryKey, slot: Slot, expression: Expression): Promise<Item | undefined> => {
    const item = { ...keys.cache(key), content: slot, expiresAt: expiresAt(slot) };
    try {
      await connection.call('PutItem', {
        TableName: table,
        Item: marshalled(item),
        ...conditionOf(expression),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return undefined;
    } catch (error) {
      const isRefused = error instanceof DynamoDbError && error.name === 'ConditionalCheckFailedException';
      if (!isRefused) return toFault(`writing to ${table}`)(error);
      return error.item && unmarshalled(error.item);
    }
  };

  return {
    async look(key) {
      const item = await state.get(keys.cache(key));
      return item && contentOf(Slot, item);
    },

    async take(key, lease, now) {
      const item = await putIf(key, lease, {
        condition: 'attribute_not_exists(pk) OR #content.#until <= :now',
        names: { '#content': 'content', '#until': 'until' },
        values: { ':now': now.toISOString() },
      });
      const found = item && contentOf(Slot, item);
      // an earlier try took it, whose answer was lost
      return found?.state === 'leased' && found.token === lease.token ? undefined : found;
    },

    async replace(key, token, slot) {
      await putIf(key, slot, {
        condition: '#content.#token = :token',
        names: { '#content': 'content', '#token': 'token' },
        values: { ':token': token },
      });
    },
  };
};
