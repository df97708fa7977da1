import type * as z from 'zod';
import { canonicalJson } from '../digest.ts';
import { type Cache, type EntryKey, MAX_ENTRY_BYTES, type Slot } from './cache.ts';

/** A cache, and what it takes to wait for others' answers. */
export interface Memory {
  readonly cache: Cache;
  readonly now: () => Date;
  /** A name for a lease that nobody else gives. */
  readonly newToken: () => string;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Told of what could not be done: the step goes on as if there were no cache. */
  readonly onFault: (doing: 'recalling' | 'waiting' | 'keeping', error: unknown) => void;
}

/** An answer that was given before, and when. */
export interface Recalled<T> {
  readonly value: T;
  readonly at: string;
}

const calmly = async <T>(
  { onFault }: Memory,
  doing: Parameters<Memory['onFault']>[0],
  work: () => Promise<T>
): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    onFault(doing, error);
    return undefined;
  }
};

const stands = (slot: Slot | undefined, now: Date): slot is Slot =>
  slot !== undefined && slot.until > now.toISOString();

/** Throws for an entry that does not hold what is kept under such a key. */
const recalledFrom = <T>(slot: Slot | undefined, schema: z.ZodType<T>, now: Date): Recalled<T> | undefined =>
  stands(slot, now) && slot.state === 'kept' ? { value: schema.parse(JSON.parse(slot.json)), at: slot.at } : undefined;

/** The answer that was given before, if it is kept. One look: nobody is waited for. */
export const recall = <T>(memory: Memory, key: EntryKey, schema: z.ZodType<T>): Promise<Recalled<T> | undefined> =>
  calmly(memory, 'recalling', async () => recalledFrom(await memory.cache.look(key), schema, memory.now()));

/** The first pause is a part of this, and it doubles up to the longest. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
/** What keeping an answer may take after it was had. */
const GRACE_MS = 1_000;

interface Terms<T> {
  /** What an entry holds: whatever does not fit is no answer. */
  readonly schema: z.ZodType<T>;
  readonly keepSeconds: number;
  /** For all of it. Others are waited for no longer than half of it, so that the other half is left for asking oneself. */
  readonly withinMs: number;
}

/** What was asked for, and what of it may be given again, if anything. */
export interface Made<T, Own> {
  readonly made: Own;
  readonly keep: T | undefined;
}

/** An answer that was kept, or one of one's own. */
export type Given<T, Own> =
  | { readonly kind: 'recalled'; readonly recalled: Recalled<T> }
  | { readonly kind: 'made'; readonly made: Own };

/**
 * Gives the answer that is kept, or asks for it once, however many want it at the same time: one has the lease, the others wait for
 * what it keeps. Who waits longer than half of its time, or cannot reach the cache, asks for itself and keeps nothing; so does
 * everybody at once where an answer must not be kept, one after the other. A lease ends by itself, should its owner have died. Rejects
 * as `make` does, which is told how much time is left.
 */
export const once = async <T, Own>(
  memory: Memory,
  key: EntryKey,
  { schema, keepSeconds, withinMs }: Terms<T>,
  make: (withinMs: number) => Promise<Made<T, Own>>
): Promise<Given<T, Own>> => {
  const { cache, now, newToken, random, wait } = memory;
  const begunMs = now().getTime();
  const token = newToken();
  let waitedMs = 0;
  const spentMs = (): number => Math.max(waitedMs, now().getTime() - begunMs);
  /** For asking: half of it at least, also where the cache itself was slow or the clock leapt. */
  const leftMs = (): number => Math.max(Math.ceil(withinMs / 2), withinMs - spentMs());

  const takeOrWait = async (): Promise<Recalled<T> | 'leased' | 'alone'> => {
    for (let turn = 0; ; ) {
      const at = now();
      const until = new Date(at.getTime() + leftMs() + GRACE_MS).toISOString();
      let slot = await cache.take(key, { state: 'leased', token, until }, at);
      if (slot === undefined) return 'leased';
      while (stands(slot, now()) && slot.state === 'leased') {
        const pauseMs = Math.ceil((0.5 + random() / 2) * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** turn));
        if (spentMs() + pauseMs > withinMs / 2) return 'alone';
        await wait(pauseMs);
        waitedMs += pauseMs;
        turn += 1;
        slot = await cache.look(key);
      }
      const recalled = recalledFrom(slot, schema, now());
      if (recalled !== undefined) return recalled;
    }
  };
  /** Puts what is to be kept in the place of the lease, or ends the lease, so that whoever waits can go on. */
  const leave = (keep: T | undefined) =>
    calmly(memory, 'keeping', () => {
      const at = now();
      const json = keep === undefined ? undefined : canonicalJson(keep);
      const isKept = json !== undefined && new TextEncoder().encode(json).length <= MAX_ENTRY_BYTES;
      const slot: Slot = isKept
        ? {
            state: 'kept',
            json,
            at: at.toISOString(),
            until: new Date(at.getTime() + keepSeconds * 1_000).toISOString(),
          }
        : { state: 'leased', token, until: at.toISOString() };
      return cache.replace(key, token, slot);
    });

  const found = await calmly(memory, 'waiting', takeOrWait);
  if (typeof found === 'object') return { kind: 'recalled', recalled: found };
  let keep: T | undefined;
  try {
    const answer = await make(leftMs());
    keep = answer.keep;
    return { kind: 'made', made: answer.made };
  } finally {
    // where the cache broke off the lease may stand there all the same, its answer lost
    if (found !== 'alone') await leave(keep);
  }
};
