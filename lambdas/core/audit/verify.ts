import { digestOf } from '../digest.ts';

/** What a verifier needs of a record; its other members count too, as its hash covers them all. */
export interface Link {
  readonly seq: number;
  readonly prev_hash: string;
  readonly hash: string;
}

interface End {
  readonly seq: number;
  readonly hash: string;
}

/** One fault of a chain: which record, by the number that should stand there, what it should be, and what it is. */
export interface Finding {
  readonly seq: number;
  readonly kind: 'missing' | 'out-of-place' | 'changed' | 'unlinked' | 'foreign' | 'end';
  readonly expected: string;
  readonly found: string;
}

const BEFORE_ALL: End = { seq: -1, hash: '0'.repeat(64) };

/** The digest of all but the hash, or why there is none: what JSON cannot carry exactly was never chained. */
const digestOfRest = ({ hash: _, ...body }: Link): string => {
  try {
    return digestOf(body);
  } catch {
    return 'no digest: it holds what JSON cannot carry';
  }
};

const placeOf = (record: Link, last: End): Finding | undefined => {
  const seq = last.seq + 1;
  if (record.seq === seq) return undefined;
  const kind = record.seq > seq ? 'missing' : 'out-of-place';
  return { seq, kind, expected: `record ${seq}`, found: `record ${record.seq}` };
};

const runIdOf = (record: Link): unknown => ('run_id' in record ? record.run_id : undefined);

const faultsAt = (record: Link, last: End, run: string | undefined): readonly Finding[] => {
  const { seq } = record;
  const findings: Finding[] = [];
  const place = placeOf(record, last);
  if (place) findings.push(place);
  else if (record.prev_hash !== last.hash)
    findings.push({ seq, kind: 'unlinked', expected: `prev_hash ${last.hash}`, found: record.prev_hash });
  const digest = digestOfRest(record);
  if (digest !== record.hash) findings.push({ seq, kind: 'changed', expected: `hash ${digest}`, found: record.hash });
  if (run !== undefined && runIdOf(record) !== run)
    findings.push({ seq, kind: 'foreign', expected: `run ${run}`, found: `run ${String(runIdOf(record))}` });
  return findings;
};

/**
 * Every fault of a chain, in the order of its records; none where it is whole. `head` is where the run says that its chain
 * ends: a chain cut short, made anew from some record on, or replaced by another is found there. With a `run`, every record
 * must be of that run, and there must be one: a run begins with its first record.
 */
export const findingsOf = (records: readonly Link[], head: End, run?: string): readonly Finding[] => {
  let last = BEFORE_ALL;
  const findings: Finding[] = [];
  for (const record of records) {
    findings.push(...faultsAt(record, last, run));
    last = { seq: record.seq, hash: record.hash };
  }
  if (last.seq !== head.seq || last.hash !== head.hash) {
    const seq = last.seq === head.seq ? last.seq : Math.min(last.seq, head.seq) + 1;
    const found = `record ${last.seq}, hash ${last.hash}`;
    findings.push({ seq, kind: 'end', expected: `its end at record ${head.seq}, hash ${head.hash}`, found });
  } else if (run !== undefined && records.length === 0)
    findings.push({ seq: 0, kind: 'missing', expected: 'record 0', found: 'no record' });
  return findings;
};

const SENTENCES: Readonly<Record<Finding['kind'], (seq: number) => string>> = {
  missing: (seq) => `record ${seq} is missing`,
  'out-of-place': (seq) => `record ${seq} is not where it belongs`,
  changed: (seq) => `record ${seq} was changed: its hash does not fit its content`,
  unlinked: (seq) => `record ${seq} does not follow the record before it`,
  foreign: (seq) => `record ${seq} is of another run`,
  end: (seq) => `the chain does not end as the run says, from record ${seq} on`,
};

/** A finding as a sentence. */
export const sentenceOf = ({ kind, seq, expected, found }: Finding): string =>
  `${SENTENCES[kind](seq)}: expected ${expected}, found ${found}`;

/** The first fault of a chain, as a sentence, or undefined where there is none. */
export const faultOf = (records: readonly Link[], head: End, run?: string): string | undefined => {
  const [first] = findingsOf(records, head, run);
  return first && sentenceOf(first);
};
