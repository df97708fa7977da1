import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditRecord, chain, GENESIS, type Head, headOf } from '../../../lambdas/core/audit/record.ts';
import { faultOf, findingsOf } from '../../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { AT } from '../../support/builders.ts';

const RUN = 'r-1';

interface Chain {
  readonly records: readonly AuditRecord[];
  readonly head: Head;
}

const aChain = (length: number, word = 'step', run_id = RUN): Chain => {
  const about = {
    trace_id: 'untraced',
    run_id,
    at: AT.toISOString(),
    user: { id: 'u-1', tenant: 'acme' },
    release: 'r',
  };
  const records: AuditRecord[] = [];
  let head = GENESIS;
  for (let seq = 0; seq < length; seq += 1) {
    const record = chain(
      head,
      { step: `${word}#${seq}`, policy: { decision: 'x', rule_ids: ['A_RULE'] }, args_redacted: { a: { b: [seq] } } },
      about
    );
    records.push(record);
    head = headOf(record);
  }
  return { records, head };
};

const length = fc.integer({ min: 2, max: 12 });
const place = length.chain((size) => fc.record({ size: fc.constant(size), at: fc.nat(size - 1) }));

/** The first finding: where the chain stops being what was written. */
const firstOf = (records: readonly AuditRecord[], head: Head) => findingsOf(records, head, RUN)[0];

/** Every record from `from` on, chained anew to what stands before it. */
const chainedAnew = (records: readonly AuditRecord[], from: number): readonly AuditRecord[] => {
  const kept = records.slice(0, from);
  let last = kept.at(-1);
  for (const { seq: _, prev_hash: __, hash: ___, trace_id, run_id, at, user, release, ...event } of records.slice(
    from
  )) {
    last = chain(last ? headOf(last) : GENESIS, event, { trace_id, run_id, at, user, release });
    kept.push(last);
  }
  return kept;
};

const changes = (record: AuditRecord): readonly AuditRecord[] =>
  Object.keys(record).flatMap((field) => [
    { ...record, [field]: field === 'seq' ? record.seq + 50 : 'forged' },
    Object.fromEntries(Object.entries(record).filter(([name]) => name !== field)) as AuditRecord,
  ]);

describe('the verifier', () => {
  it('finds nothing in a chain as it was written', () => {
    fc.assert(
      fc.property(length, (size) => {
        const { records, head } = aChain(size);
        expect(findingsOf(records, head, RUN)).toEqual([]);
      })
    );
  });

  it('names the record of which any field was changed or taken away', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        for (const changed of changes(records[at] as AuditRecord))
          expect(firstOf(records.with(at, changed), head)?.seq).toBe(at);
      })
    );
  });

  it('finds one fault alone where one record was changed deep inside', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        const changed = { ...(records[at] as AuditRecord), args_redacted: { a: { b: [-1] } } };
        expect(findingsOf(records.with(at, changed), head, RUN)).toMatchObject([{ seq: at, kind: 'changed' }]);
      })
    );
  });

  it('names a record that was removed, at the end too', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        const kind = at === size - 1 ? 'end' : 'missing';
        expect(findingsOf(records.toSpliced(at, 1), head, RUN)).toMatchObject([{ seq: at, kind }]);
      })
    );
  });

  it('names the place of a record that was put in anywhere, or the one after, however it and what follows are linked', () => {
    const odd = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
    const given = fc.record({
      size: length,
      where: fc.nat(12),
      seq: odd(fc.nat(15)),
      prev_hash: odd(digest),
      hash: odd(digest),
      isFollowed: fc.boolean(),
    });
    fc.assert(
      fc.property(given, ({ size, where, seq, prev_hash, hash, isFollowed }) => {
        const { records, head } = aChain(size);
        const at = Math.min(where, size);
        const { seq: _, prev_hash: __, hash: ___, ...event } = records[0] as AuditRecord;
        const before: Head = at === 0 ? GENESIS : headOf(records[at - 1] as AuditRecord);
        const body = { ...event, step: 'forged', seq: seq ?? before.seq + 1, prev_hash: prev_hash ?? before.hash };
        const forged = { ...body, hash: hash ?? digestOf(body) };
        const [next, ...rest] = records.slice(at);
        const following = next && isFollowed ? { ...next, seq: forged.seq + 1, prev_hash: forged.hash } : next;
        const tampered = [...records.slice(0, at), forged, ...(following ? [following, ...rest] : [])];

        const isWellMade = (seq ?? at) === at && prev_hash === undefined && hash === undefined;
        expect(firstOf(tampered, head)?.seq).toBe(isWellMade && at < size ? at + 1 : at);
      })
    );
  });

  it('names the first record that a cut tail lacks', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        expect(findingsOf(records.slice(0, at), head, RUN)).toMatchObject([{ seq: at, kind: 'end' }]);
      })
    );
  });

  it('names the place where records were swapped', () => {
    fc.assert(
      fc.property(place, fc.nat(11), ({ size, at }, other) => {
        const to = other % size;
        fc.pre(to !== at);
        const { records, head } = aChain(size);
        const swapped = records.with(at, records[to] as AuditRecord).with(to, records[at] as AuditRecord);
        expect(firstOf(swapped, head)?.seq).toBe(Math.min(at, to));
      })
    );
  });

  it('names the place after a record that stands twice', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        const twice = records.toSpliced(at, 0, records[at] as AuditRecord);
        expect(firstOf(twice, head)).toMatchObject({
          seq: at + 1,
          kind: 'out-of-place',
          expected: `record ${at + 1}`,
          found: `record ${at}`,
        });
      })
    );
  });

  it('finds a forged record with right hashes from there on, by the head', () => {
    fc.assert(
      fc.property(place, ({ size, at }) => {
        const { records, head } = aChain(size);
        const forged = { ...(records[at] as AuditRecord), step: 'forged' };
        expect(findingsOf(chainedAnew(records.toSpliced(at, 0, forged), at), head, RUN)).toMatchObject([
          { seq: size, kind: 'end' },
        ]);
        expect(findingsOf(chainedAnew(records.with(at, forged), at), head, RUN)).toMatchObject([
          { seq: size - 1, kind: 'end' },
        ]);
      })
    );
  });

  it('finds another valid chain in place of the whole, with its own head too where it is of another run', () => {
    fc.assert(
      fc.property(length, length, (size, others) => {
        const { head } = aChain(size);
        expect(firstOf(aChain(others, 'other').records, head)?.kind).toBe('end');
        const foreign = aChain(others, 'step', 'r-2');
        expect(firstOf(foreign.records, foreign.head)).toMatchObject({ seq: 0, kind: 'foreign' });
      })
    );
  });

  it('does not take an empty chain for a run, nor fail on what JSON cannot carry', () => {
    expect(findingsOf([], GENESIS, RUN)).toMatchObject([{ seq: 0, kind: 'missing' }]);
    const { records, head } = aChain(2);
    const odd = { ...(records[1] as AuditRecord), args_redacted: { a: Number.POSITIVE_INFINITY } };
    expect(findingsOf([records[0] as AuditRecord, odd], head, RUN)).toMatchObject([{ seq: 1, kind: 'changed' }]);
  });

  it('finds a record that was forged with a right hash by the next one alone, which no longer follows it', () => {
    const { records, head } = aChain(4);
    const forged = records.map((record) => (record.seq === 1 ? { ...record, step: 'forged' } : record));
    const anew = chainedAnew(forged, 1)[1] as AuditRecord;
    const whole = records.with(1, anew);

    expect(findingsOf(whole, head, RUN)).toEqual([
      { seq: 2, kind: 'unlinked', expected: `prev_hash ${anew.hash}`, found: records[1]?.hash },
    ]);
  });

  const { records: four, head: end } = aChain(4);
  const hash = (seq: number): string => four[seq]?.hash ?? '';
  const other = aChain(4, 'step', 'r-2').records;
  it.each<[string, readonly AuditRecord[], Head, string]>([
    ['is missing', four.toSpliced(1, 1), end, 'record 1 is missing: expected record 1, found record 2'],
    [
      'stands twice',
      four.toSpliced(1, 0, four[0] as AuditRecord),
      end,
      'record 1 is not where it belongs: expected record 1, found record 0',
    ],
    [
      'is of another run',
      other,
      headOf(other[3] as AuditRecord),
      'record 0 is of another run: expected run r-1, found run r-2',
    ],
    [
      'is behind the end',
      four,
      { seq: 2, hash: hash(2) },
      `the chain does not end as the run says, from record 3 on: expected its end at record 2, hash ${hash(2)}, found record 3, hash ${hash(3)}`,
    ],
    [
      'is behind the end, by the number alone',
      four,
      { seq: 2, hash: hash(3) },
      `the chain does not end as the run says, from record 3 on: expected its end at record 2, hash ${hash(3)}, found record 3, hash ${hash(3)}`,
    ],
    ['was never there', [], GENESIS, 'record 0 is missing: expected record 0, found no record'],
  ])('says in one sentence what it expected and found where a record %s', (_, records, head, sentence) => {
    expect(faultOf(records, head, RUN)).toBe(sentence);
  });

  it('takes an empty chain for that of a control which nobody ever set', () => {
    expect(findingsOf([], GENESIS)).toEqual([]);
  });
});
