import * as z from 'zod';
import { dayOf, shardOfChain } from '../../core/audit/anchors.ts';
import type { Heads } from '../../core/audit/archive.ts';
import type { AuditRecord } from '../../core/audit/record.ts';
import { Terminal } from '../../core/errors.ts';
import { BY_DAY, partition } from '../../core/tables.ts';
import type { Connection } from './connection.ts';
import { dynamoTable, queryAll } from './table.ts';

/** What lists a record in the index as one at which its chain came to rest. The index holds keys alone, so the hash is one. */
export const headKey = (chain: string, { at, hash }: AuditRecord) => ({
  gsi1pk: partition.heads(dayOf(at), shardOfChain(chain)),
  gsi1sk: hash,
});

const Entry = z.object({ pk: z.string(), sk: z.string().regex(/^\d{8}$/), gsi1sk: z.string() });
const Record = z.looseObject({ seq: z.int(), prev_hash: z.string(), hash: z.string() });

/** What of the audit comes to rest, on DynamoDB. */
export const dynamoHeads = (connection: Connection, table: string): Heads => {
  const audit = dynamoTable(connection, table);
  return {
    async of(day, shard) {
      const entries = await queryAll(audit, { index: BY_DAY, partition: partition.heads(day, shard) });
      return entries.map((item) => {
        const { pk, sk, gsi1sk } = Entry.parse(item);
        return { chain: pk, seq: Number(sk), hash: gsi1sk };
      });
    },

    async chain(chain) {
      return (await queryAll(audit, { partition: chain })).map(({ content }, place) => {
        const record = Record.safeParse(content);
        if (record.success) return record.data;
        throw new Terminal(`record ${place} of ${chain} is not a record of an audit`);
      });
    },
  };
};
