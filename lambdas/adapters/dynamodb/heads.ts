import * as z from 'zod';
import { dayOf, type Leaf, shardOfChain } from '../../core/audit/anchors.ts';
import type { Broken, Heads } from '../../core/audit/archive.ts';
import type { AuditRecord } from '../../core/audit/record.ts';
import type { Link } from '../../core/audit/verify.ts';
import { pathsOf } from '../../core/issues.ts';
import { BY_DAY, partition } from '../../core/tables.ts';
import type { Connection } from './connection.ts';
import { dynamoTable, queryAll } from './table.ts';

/** What lists a record in the index as one at which its chain came to rest. The index holds keys alone, so the hash is one. */
export const headKey = (chain: string, { at, hash }: AuditRecord) => ({
  gsi1pk: partition.heads(dayOf(at), shardOfChain(chain)),
  gsi1sk: hash,
});

const Entry = z.object({
  pk: z.string(),
  sk: z.string().regex(/^\d{8}$/),
  gsi1sk: z.string().regex(/^[0-9a-f]{64}$/),
});
const Record = z.looseObject({ seq: z.int(), prev_hash: z.string(), hash: z.string() });

/** What of the audit comes to rest, on DynamoDB. */
export const dynamoHeads = (connection: Connection, table: string): Heads => {
  const audit = dynamoTable(connection, table);
  return {
    async of(day, shard) {
      const entries = await queryAll(audit, { index: BY_DAY, partition: partition.heads(day, shard) });
      const [heads, strange]: [Leaf[], Broken[]] = [[], []];
      for (const item of entries) {
        const entry = Entry.safeParse(item);
        if (entry.success) heads.push({ chain: entry.data.pk, seq: Number(entry.data.sk), hash: entry.data.gsi1sk });
        else
          strange.push({
            chain: String(item.pk),
            fault: `item ${item.sk} of ${table} is listed as a head of ${day} and is none: expected the number of a record and its hash, found others: ${pathsOf(entry.error)}: see who wrote it`,
          });
      }
      return { heads, strange };
    },

    async chain(chain) {
      const records: Link[] = [];
      for (const [place, { content }] of (await queryAll(audit, { partition: chain })).entries()) {
        const record = Record.safeParse(content);
        if (!record.success) return { fault: `record ${place} is not one of an audit: ${pathsOf(record.error)}` };
        records.push(record.data);
      }
      return { records };
    },
  };
};
