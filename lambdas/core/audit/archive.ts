import * as z from 'zod';
import { Terminal } from '../errors.ts';
import { jsonOf } from '../issues.ts';
import { defineStep } from '../steps/step.ts';
import {
  archiveKey,
  DayRoot,
  dayAfter,
  dayOf,
  daysFrom,
  HEAD_SHARDS,
  isSettled,
  type Leaf,
  leavesIn,
  lineOf,
  NO_ROOT,
  rootOfDay,
  sortedLeaves,
  textOf,
} from './anchors.ts';
import { faultOf, type Link } from './verify.ts';

/** A chain of which something cannot be read, and what. */
export interface Broken {
  readonly chain: string;
  readonly fault: string;
}

/** Chains of the audit table, and where each stood when it came to rest. Throws `Retryable` and `Terminal` only. */
export interface Heads {
  /** A part of a day's heads, with what is listed among them and is none. One may be missing for a moment after it was written. */
  of(day: string, shard: number): Promise<{ readonly heads: readonly Leaf[]; readonly strange: readonly Broken[] }>;
  /** Every record of a chain, as it lies there; or why one of them cannot be read. */
  chain(chain: string): Promise<{ readonly records: readonly Link[] } | { readonly fault: string }>;
}

/** Objects that are written once and never again. Throws `Retryable` and `Terminal` only. */
export interface Archive {
  /** The keys that start so. */
  keys(start: string): Promise<readonly string[]>;
  read(key: string): Promise<string | undefined>;
  /** Does nothing where there is an object of this key. */
  putOnce(key: string, text: string): Promise<void>;
}

export interface ArchiveDeps {
  readonly heads: Heads;
  readonly archive: Archive;
  readonly now: () => Date;
  /** Told of each chain that is not whole: it is not archived. */
  readonly warn: (about: Broken) => void;
}

/** How many chains are read and written at the same time. */
const AT_ONCE = 16;
/** How far an archive that has no root yet looks back for the first head. */
const LOOK_BACK_DAYS = 31;
const SHARDS = Array.from({ length: HEAD_SHARDS }, (_, shard) => shard);

const each = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item);
    })
  );
};

const headsOf = async ({ heads }: ArchiveDeps, day: string): Promise<readonly Leaf[]> =>
  (await Promise.all(SHARDS.map((shard) => heads.of(day, shard)))).flatMap((part) => part.heads);

/** Puts what a chain was up to this head, if it is whole; false where it is not. */
const archiveChain = async ({ heads, archive, warn }: ArchiveDeps, day: string, head: Leaf): Promise<boolean> => {
  const read = await heads.chain(head.chain);
  const records = 'records' in read ? read.records.filter(({ seq }) => seq <= head.seq) : [];
  const fault = 'fault' in read ? read.fault : faultOf(records, head);
  if (fault !== undefined) warn({ chain: head.chain, fault });
  else await archive.putOnce(archiveKey.chain(day, head), textOf(records));
  return fault === undefined;
};

const rootAt = async ({ archive }: ArchiveDeps, day: string): Promise<DayRoot | undefined> => {
  const key = archiveKey.root(day);
  const text = await archive.read(key);
  if (text === undefined) return undefined;
  const read = jsonOf(DayRoot, text);
  if ('value' in read) return read.value;
  throw new Terminal(
    `${key} is not a root: expected day, leaves, root, previous and hash as JSON, found ${read.misfit}: see who wrote it`
  );
};

/** The leaves of a day as they are kept, made of its heads where nobody has yet. */
const keepLeaves = async (deps: ArchiveDeps, day: string, hasEarlier: boolean): Promise<readonly Leaf[]> => {
  const key = archiveKey.leaves(day);
  const kept = await deps.archive.read(key);
  if (kept !== undefined) return leavesIn(kept, key);
  const before = dayAfter(day, -1);
  const earlierKey = archiveKey.leaves(before);
  const earlier = hasEarlier ? await deps.archive.read(earlierKey) : undefined;
  const known = new Set(leavesIn(earlier ?? '', earlierKey).map(lineOf));
  const late = earlier === undefined ? [] : (await headsOf(deps, before)).filter((leaf) => !known.has(lineOf(leaf)));
  const leaves = sortedLeaves([...late, ...(await headsOf(deps, day))]);
  await deps.archive.putOnce(key, textOf(leaves));
  // whoever was first has the last word: the root is made of what lies there
  return leavesIn((await deps.archive.read(key)) ?? textOf(leaves), key);
};

const makeRoot = async (deps: ArchiveDeps, day: string): Promise<void> => {
  const previous = await rootAt(deps, dayAfter(day, -1));
  const leaves = await keepLeaves(deps, day, previous !== undefined);
  const root = rootOfDay(day, leaves, previous?.hash ?? NO_ROOT);
  await deps.archive.putOnce(archiveKey.root(day), textOf([root]));
  const kept = await rootAt(deps, day);
  if (kept?.hash !== root.hash)
    throw new Terminal(
      `${archiveKey.root(day)} is another root than its leaves have: expected ${root.hash}, found ${kept?.hash ?? 'none'}: see who wrote it`
    );
};

/** The first day that has no root: after the last that has; where none has, of the first head, or yesterday. */
const firstDay = async (deps: ArchiveDeps, today: string): Promise<string> => {
  const days = (await deps.archive.keys(archiveKey.roots)).map((key) => key.slice(archiveKey.roots.length, -5)).sort();
  const last = days.at(-1);
  if (last !== undefined) return dayAfter(last);
  const yesterday = dayAfter(today, -1);
  for (const day of daysFrom(dayAfter(today, -LOOK_BACK_DAYS), yesterday))
    if ((await headsOf(deps, day)).length > 0) return day;
  return yesterday;
};

/**
 * Copies every chain that has come to rest and is not in the archive yet, and makes the root of each day that is over. What there
 * is to do is told by the archive itself: ended anywhere and begun again, or run twice at once, it does what is missing, and
 * every object has one content whoever writes it.
 */
export const archive = defineStep({
  name: 'archive',
  input: z.unknown(),
  output: z.strictObject({
    kind: z.literal('archived'),
    chains: z.int().nonnegative(),
    /** Days whose roots were made. */
    roots: z.array(z.string()),
    /** Chains that are not whole, and what is listed as the head of one and is none. */
    broken: z.int().nonnegative(),
  }),
  run: async (deps: ArchiveDeps) => {
    const now = deps.now();
    const today = dayOf(now);
    const first = await firstDay(deps, today);
    let [chains, broken] = [0, 0];
    // of the day before the first, what came late
    for (const day of daysFrom(dayAfter(first, -1), today))
      for (const shard of SHARDS) {
        const there = new Set(await deps.archive.keys(archiveKey.chains(day, shard)));
        const { heads, strange } = await deps.heads.of(day, shard);
        for (const one of strange) deps.warn(one);
        broken += strange.length;
        const missing = heads.filter((head) => !there.has(archiveKey.chain(day, head)));
        await each(missing, async (head) => {
          if (await archiveChain(deps, day, head)) chains += 1;
          else broken += 1;
        });
      }
    const roots = daysFrom(first, today).filter((day) => isSettled(day, now));
    for (const day of roots) await makeRoot(deps, day);
    return { kind: 'archived' as const, chains, roots: [...roots], broken };
  },
});
