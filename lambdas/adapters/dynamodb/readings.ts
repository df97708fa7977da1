import type { Readings } from '../../core/act/read.ts';
import { Reading } from '../../core/records.ts';
import type { Connection } from './connection.ts';
import { contentOf, expiresAt } from './content.ts';
import { controlsSeen } from './controls.ts';
import { keys } from './keys.ts';
import { dynamoTable } from './table.ts';

/** Readings of a read scope on DynamoDB, under the partition that only the scope's function can write. */
export const dynamoReadings = (connection: Connection, table: string): Readings => {
  const state = dynamoTable(connection, table);
  return {
    async keep(run, reading, at) {
      const key = keys.reading(run, reading);
      const kept = contentOf(Reading, await state.putOnce({ ...key, content: reading, expiresAt: expiresAt(at) }));
      return { ref: `${key.pk}/${key.sk}`, sha256: kept.sha256 };
    },
    controls: (run, subjects) => controlsSeen(state, run, subjects),
  };
};
