import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditRecord, chain, GENESIS, type Head, headOf } from '../../../lambdas/core/audit/record.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { AT } from '../../support/builders.ts';

const circumstances = {
  trace_id: 'untraced',
  run_id: 'r',
  at: AT.toISOString(),
  user: { id: 'u-1', tenant: 'acme' },
  release: 'release',
};

const aChain = (length: number): { readonly records: readonly AuditRecord[]; readonly head: Head } => {
  const records: AuditRecord[] = [];
  let head = GENESIS;
  for (let step = 0; step < length; step += 1) {
    const record = chain(
      head,
      { step: `step#${step}`, policy: { decision: 'x', rule_ids: ['A_RULE'] } },
      circumstances
    );
    records.push(record);
    head = headOf(record);
  }
  return { records, head };
};

/** The record that the first fault names. */
const placeOf = (records: readonly AuditRecord[], head: Head): number =>
  Number(/record (\d+)/.exec(faultOf(records, head) ?? '')?.[1]);

const length = fc.integer({ min: 2, max: 12 });
const withPlace = length.chain((size) => fc.record({ size: fc.constant(size), at: fc.nat(size - 1) }));

describe('an audit chain', () => {
  it('has no fault as it was written', () => {
    fc.assert(
      fc.property(length, (size) => {
        const { records, head } = aChain(size);
        expect(faultOf(records, head)).toBeUndefined();
      })
    );
  });

  it('shows a record that was changed in any field, and names it', () => {
    const fields = ['trace_id', 'run_id', 'release', 'step', 'at', 'hash', 'prev_hash'] as const;
    fc.assert(
      fc.property(withPlace, fc.constantFrom(...fields), ({ size, at }, field) => {
        const { records, head } = aChain(size);
        const tampered = records.map((record, index) =>
          index === at
            ? { ...record, [field]: `${record[field]}`.replace(/^./, (c) => (c === '0' ? '1' : '0')) }
            : record
        );
        expect(placeOf(tampered, head)).toBe(at);
      })
    );
  });

  it('names a record that was removed, wherever it stood', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        expect(placeOf(records.toSpliced(at, 1), head)).toBe(at);
      })
    );
  });

  it('names the first of records that changed places', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        const other = (at + 1) % size;
        const swapped = records.map(
          (record, index) => records[index === at ? other : index === other ? at : index] ?? record
        );
        expect(placeOf(swapped, head)).toBe(Math.min(at, other));
      })
    );
  });

  it('names the place of a record that was put in, or the one after where the record is well made', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        const before = at === 0 ? GENESIS : headOf(records[at - 1] as AuditRecord);
        const forged = chain(before, { step: 'forged' }, circumstances);
        expect(placeOf(records.toSpliced(at, 0, forged), head)).toBe(at + 1);
        expect(placeOf(records.toSpliced(at, 0, { ...forged, step: 'other' }), head)).toBe(at);
      })
    );
  });

  it('shows a whole chain that was written anew, since the run knows its head', () => {
    const { records, head } = aChain(3);
    const anew = aChain(2);
    expect(faultOf(anew.records, head)).toContain('the chain does not end as the run says, from record 2 on');
    expect(placeOf([], head)).toBe(0);
    expect(placeOf(records, headOf(records[1] as AuditRecord))).toBe(2);
  });
});
