import type { EntryKey } from '../../core/cache/cache.ts';
import type { Round } from '../../core/gate/approval.ts';
import type { CounterKey } from '../../core/limits/counters.ts';
import type { RunRef } from '../../core/names.ts';
import { type Reading, readingName } from '../../core/records.ts';
import { partition } from '../../core/tables.ts';
import type { Key } from './table.ts';

/** Where each item lies. Sort keys that count are padded, so that they sort as numbers. */
export const keys = {
  run: (ref: RunRef): Key => ({ pk: partition.run(ref), sk: 'run' }),
  question: (ref: RunRef, round: number): Key => ({ pk: partition.question(ref), sk: `${round}` }),
  input: (ref: RunRef): Key => ({ pk: partition.input(ref), sk: 'task' }),
  reply: (ref: RunRef, round: number): Key => ({ pk: partition.input(ref), sk: `reply#${round}` }),
  request: (ref: RunRef, { action, round }: Round): Key => ({ pk: partition.request(ref), sk: `${action}#${round}` }),
  approval: (ref: RunRef, { action, round }: Round): Key => ({
    pk: partition.approval(ref),
    sk: `head#${action}#${round}`,
  }),
  decision: (ref: RunRef, { action, round }: Round, by: string): Key => ({
    pk: partition.approval(ref),
    sk: `decision#${action}#${round}#${by}`,
  }),
  plan: (ref: RunRef, action: number): Key => ({ pk: partition.plan(ref), sk: `${action}` }),
  reading: (
    ref: RunRef,
    { scope, tool, call, action, round }: Pick<Reading, 'scope' | 'tool' | 'call' | 'action' | 'round'>
  ): Key => ({ pk: partition.read(scope, ref), sk: `${tool}#${readingName({ call, action, round })}` }),
  writ: (ref: RunRef, scope: string, action: number): Key => ({ pk: partition.writ(scope, ref), sk: `${action}` }),
  claim: (ref: RunRef, scope: string, action: number): Key => ({ pk: partition.claim(scope, ref), sk: `${action}` }),
  escalation: (ref: RunRef): Key => ({ pk: partition.escalation(ref), sk: 'escalation' }),
  control: (subject: string, shard: string): Key => ({ pk: partition.control(subject, shard), sk: 'control' }),
  counter: ({ subject, window, shard }: CounterKey): Key => ({ pk: partition.counter(subject, shard), sk: window }),
  cache: (key: EntryKey): Key => ({ pk: partition.cache(key), sk: 'entry' }),
  audit: (chain: string, seq: number): Key => ({ pk: chain, sk: String(seq).padStart(8, '0') }),
} as const;
