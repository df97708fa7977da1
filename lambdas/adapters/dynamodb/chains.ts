import { AuditRecord } from '../../core/audit/record.ts';
import type { Chain } from '../../core/tasks/ports.ts';
import { queryAll, type Table } from './table.ts';

/** A chain of the audit, as far as its records are records. */
export const chainIn = async (audit: Table, partition: string): Promise<Chain> => {
  const records: AuditRecord[] = [];
  for (const { content } of await queryAll(audit, { partition })) {
    const parsed = AuditRecord.safeParse(content);
    if (!parsed.success) return { records, unreadable: records.length };
    records.push(parsed.data);
  }
  return { records };
};
