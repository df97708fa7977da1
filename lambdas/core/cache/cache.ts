import * as z from 'zod';
import { digestOf } from '../digest.ts';

/*
 * Answers that may be given again. Whoever may write an entry alone reads it (tables.ts), and an entry is found by everything that its
 * answer follows from, so nothing has to be invalidated: another release, model, prompt or input is another entry.
 */

/** What sort of answer is kept. One kind is never taken for another; a new one is a word here and a grant. */
export type Kind = 'completion' | 'reading';

/** What an answer follows from. */
export interface Asked {
  readonly kind: Kind;
  /** Whose role keeps it, and no other: `propose:ticket-triage`, or a scope such as `jira:read`. */
  readonly writer: string;
  /** Whose data it is made of. An answer is never given to another tenant. */
  readonly tenant: string;
  /** All the rest that the answer would be another without: JSON. */
  readonly of: Readonly<Record<string, unknown>>;
}

/** Where an entry lies. Of what was asked it holds a digest alone, in which the first three are too. */
export interface EntryKey extends Omit<Asked, 'of'> {
  readonly digest: string;
}

export const entryKey = ({ kind, writer, tenant, of }: Asked): EntryKey => ({
  kind,
  writer,
  tenant,
  digest: digestOf({ kind, writer, tenant, of }),
});

/** An entry with more than this is neither kept nor taken: UTF-8 bytes of its JSON. */
export const MAX_ENTRY_BYTES = 32_768;

/** The right to ask for an answer that others wait for. */
export const Lease = z.strictObject({ state: z.literal('leased'), token: z.string(), until: z.iso.datetime() });
export type Lease = z.infer<typeof Lease>;

/** An answer, as JSON: when it was given, and until when it may be given again. */
export const Kept = z.strictObject({
  state: z.literal('kept'),
  json: z.string().max(MAX_ENTRY_BYTES), // at least a byte each
  at: z.iso.datetime(),
  until: z.iso.datetime(),
});
export type Kept = z.infer<typeof Kept>;

/** What stands under a key. After its `until` it is as good as nothing, though it may still lie there. */
export const Slot = z.discriminatedUnion('state', [Lease, Kept]);
export type Slot = z.infer<typeof Slot>;

/** Entries, kept by an adapter. It may throw whatever it likes: nothing depends on a cache. */
export interface Cache {
  /** What stands there, if anything, read with strong consistency. */
  look(key: EntryKey): Promise<Slot | undefined>;
  /** Takes the lease where nothing stands whose time is not over at `now`, and answers nothing; else what stands there. */
  take(key: EntryKey, lease: Lease, now: Date): Promise<Slot | undefined>;
  /** Puts something in the place of the lease with this token, if that still stands there. */
  replace(key: EntryKey, token: string, slot: Slot): Promise<void>;
}
