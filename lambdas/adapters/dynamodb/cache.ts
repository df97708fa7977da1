import { type Cache, type EntryKey, Slot } from '../../core/cache/cache.ts';
import type { Connection } from './connection.ts';
import { contentOf } from './content.ts';
import { keys } from './keys.ts';
import { dynamoTable } from './table.ts';

/** When DynamoDB may delete it: in the second in which its time is over, or any time later. */
const expiresAt = ({ until }: Slot): number => Math.ceil(Date.parse(until) / 1_000);

/** Entries on DynamoDB, each in a partition of its own, under a prefix that its writer alone reaches. */
export const dynamoCache = (connection: Connection, table: string): Cache => {
  const state = dynamoTable(connection, table);

  const itemOf = (key: EntryKey, slot: Slot) => ({ ...keys.cache(key), content: slot, expiresAt: expiresAt(slot) });

  return {
    async look(key) {
      const item = await state.get(keys.cache(key));
      return item && contentOf(Slot, item);
    },

    async take(key, lease, now) {
      const refused = await state.putIf(itemOf(key, lease), {
        condition: 'attribute_not_exists(pk) OR #content.#until <= :now',
        names: { '#content': 'content', '#until': 'until' },
        values: { ':now': now.toISOString() },
      });
      const found = refused?.there && contentOf(Slot, refused.there);
      // an earlier try took it, whose answer was lost
      return found?.state === 'leased' && found.token === lease.token ? undefined : found;
    },

    async replace(key, token, slot) {
      await state.putIf(itemOf(key, slot), {
        condition: '#content.#token = :token',
        names: { '#content': 'content', '#token': 'token' },
        values: { ':token': token },
      });
    },
  };
};
