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
        expect(faultOf(tampered, head)).toMatch(/record \d+/);
      })
    );
  });

  it('shows a record that was removed, wherever it stood', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        expect(faultOf(records.toSpliced(at, 1), head)).toBeDefined();
      })
    );
  });

  it('shows records that changed places', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        const other = (at + 1) % size;
        const swapped = records.map(
          (record, index) => records[index === at ? other : index === other ? at : index] ?? record
        );
        expect(faultOf(swapped, head)).toBeDefined();
      })
    );
  });

  it('shows a record that was put in, however well it is made', () => {
    fc.assert(
      fc.property(withPlace, ({ size, at }) => {
        const { records, head } = aChain(size);
        const before = at === 0 ? GENESIS : headOf(records[at - 1] as AuditRecord);
        const forged = chain(before, { step: 'forged' }, circumstances);
        expect(faultOf(records.toSpliced(at, 0, forged), head)).toBeDefined();
      })
    );
  });

  it('shows a whole chain that was written anew, since the run knows its head', () => {
    const { records, head } = aChain(3);
    const anew = aChain(2);
    expect(faultOf(anew.records, head)).toContain('the chain does not end as the run says, from record 2 on');
    expect(faultOf([], head)).toBeDefined();
    expect(faultOf(records, headOf(records[1] as AuditRecord))).toBeDefined();
  });
});
