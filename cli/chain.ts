import { createHash } from 'node:crypto';
import type { AuditTrail } from './api-shapes.ts';

const GENESIS = '0'.repeat(64);

/** One spelling per JSON value: members sorted by code unit, no white space. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
};

/**
 * The first fault of an audit chain, as a sentence; undefined where it is intact. Reckoned here, from the records alone:
 * an auditor need not believe the server's own word.
 */
export const chainFault = ({ records, head }: Pick<AuditTrail, 'records' | 'head'>): string | undefined => {
  let last = { seq: -1, hash: GENESIS };
  for (const { hash, ...body } of records) {
    const expected = last.seq + 1;
    if (body.seq !== expected) return `record ${expected} is missing, record ${body.seq} stands in its place`;
    if (body.prev_hash !== last.hash) return `record ${body.seq} does not follow the record before it`;
    if (createHash('sha256').update(canonical(body)).digest('hex') !== hash)
      return `record ${body.seq} was changed: its hash does not fit its content`;
    last = { seq: body.seq, hash };
  }
  if (last.seq === head.seq && last.hash === head.hash) return undefined;
  return `the chain ends at record ${last.seq}, the run says record ${head.seq}`;
};
