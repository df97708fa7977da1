import * as z from 'zod';
import { canonicalJson, digestOf, sha256 } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { jsonOf } from '../issues.ts';
import { type Inclusion, inclusionProof, merkleRoot, rootFrom } from './merkle.ts';

/*
 * What is anchored outside the tables: of each day, the heads of all chains that came to rest, and one root over them. Pure, so
 * that whoever holds a copy of the archive can reckon it anew.
 */

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Day = z.iso.date();

/** Where a chain stood when it was anchored. `chain` is its key in the audit table: `RUN#tenant#run`, `CONTROL#subject`. */
export const Leaf = z.strictObject({ chain: z.string(), seq: z.int().nonnegative(), hash: Hash });
export type Leaf = z.infer<typeof Leaf>;

/** One day's root. `hash` covers every other member, `previous` is the day before's: so roots are a chain too. */
export const DayRoot = z.strictObject({
  day: Day,
  leaves: z.int().nonnegative(),
  root: Hash,
  previous: Hash,
  hash: Hash,
});
export type DayRoot = z.infer<typeof DayRoot>;

/** The `previous` of the first root. */
export const NO_ROOT = '0'.repeat(64);

/** How many parts the heads of a day are spread over, so that no partition of the index limits how many runs can close. */
export const HEAD_SHARDS = 8;
export const shardOfChain = (chain: string): number => Number.parseInt(sha256(chain).slice(0, 8), 16) % HEAD_SHARDS;

const DAY_MS = 86_400_000;
/** The day of a time, in UTC. */
export const dayOf = (at: string | Date): string => new Date(at).toISOString().slice(0, 10);
export const dayAfter = (day: string, days = 1): string => dayOf(new Date(Date.parse(day) + days * DAY_MS));
/** Every day from `first` to `last`, both included. */
export const daysFrom = (first: string, last: string): readonly string[] => {
  const count = (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => dayAfter(first, index));
};

/** How long after its end a day's root is made: what was being written at midnight is in the index by then. */
export const SETTLED_AFTER_MS = 3_600_000;
export const isSettled = (day: string, now: Date): boolean =>
  now.getTime() >= Date.parse(dayAfter(day)) + SETTLED_AFTER_MS;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const inOrder = (a: Leaf, b: Leaf): number => compare(a.chain, b.chain) || a.seq - b.seq || compare(a.hash, b.hash);

/** A leaf as it is hashed and kept, on one line. */
export const lineOf = ({ chain, seq, hash }: Leaf): string => canonicalJson({ chain, seq, hash });
/** Leaves in the order of the tree, each once. */
export const sortedLeaves = (leaves: readonly Leaf[]): readonly Leaf[] =>
  leaves.toSorted(inOrder).filter((leaf, at, all) => at === 0 || lineOf(leaf) !== lineOf(all[at - 1] ?? leaf));

/** The root of a day over its leaves, which must be in order. */
export const rootOfDay = (day: string, leaves: readonly Leaf[], previous: string): DayRoot => {
  const body = { day, leaves: leaves.length, root: merkleRoot(leaves.map(lineOf)), previous };
  return { ...body, hash: digestOf(body) };
};

export const textOf = (values: readonly unknown[]): string =>
  values.map((value) => `${canonicalJson(value)}\n`).join('');
/** The leaves that an object has, one a line. Throws `Terminal`, with the line, where one is none. */
export const leavesIn = (text: string, key: string): readonly Leaf[] =>
  text.split('\n').flatMap((line, at) => {
    if (line === '') return [];
    const read = jsonOf(Leaf, line);
    if ('value' in read) return [read.value];
    throw new Terminal(
      `line ${at + 1} of ${key} is not a leaf: expected chain, seq and hash as JSON, found ${read.misfit}: see who wrote it`
    );
  });

/** Where things lie in the archive. */
export const archiveKey = {
  allChains: 'chains/',
  roots: 'roots/',
  root: (day: string) => `roots/${day}.json`,
  leaves: (day: string) => `leaves/${day}.jsonl`,
  chains: (day: string, shard: number) => `chains/${day}/${shard}/`,
  /** Named by its head, which covers every record before it: the same key has the same content. */
  chain: (day: string, { chain, seq, hash }: Leaf) =>
    `${archiveKey.chains(day, shardOfChain(chain))}${chain.replaceAll('#', '/').replaceAll(':', '.')}/${seq}-${hash}.jsonl`,
} as const;

export const ARCHIVE_FOLDERS = [archiveKey.allChains, 'leaves/', archiveKey.roots] as const;

/** A day as the archive has it; what cannot be read is absent. */
export interface ArchivedDay {
  readonly day: string;
  readonly root?: DayRoot;
  readonly leaves?: readonly Leaf[];
}

const faultsOfDay = ({ day, root, leaves }: ArchivedDay, previous: string | undefined): readonly string[] => {
  if (root === undefined) return [`${day} has no root`];
  if (leaves === undefined) return [`${day} has a root, and its leaves cannot be read`];
  const { hash: _, ...body } = root;
  return [
    ...(root.day === day ? [] : [`the root of ${day} is that of ${root.day}`]),
    ...(digestOf(body) === root.hash ? [] : [`the root of ${day} was changed: its hash does not fit its content`]),
    ...(previous === undefined || root.previous === previous
      ? []
      : [
          `the root of ${day} does not follow the root of the day before: expected ${previous}, found ${root.previous}`,
        ]),
    ...(merkleRoot(leaves.map(lineOf)) === root.root && leaves.length === root.leaves
      ? []
      : [`the leaves of ${day} are not those of its root`]),
  ];
};

/** Every fault of an archive's roots, from its first day to its last; the first root of all follows none. */
export const faultsOfRoots = (days: readonly ArchivedDay[]): readonly string[] => {
  const byDay = new Map(days.map((each) => [each.day, each]));
  const named = [...byDay.keys()].sort();
  const [first, last] = [named[0], named.at(-1)];
  if (first === undefined || last === undefined) return ['there is no root'];
  let previous: string | undefined = NO_ROOT;
  return daysFrom(first, last).flatMap((day) => {
    const archived: ArchivedDay = byDay.get(day) ?? { day };
    const faults = faultsOfDay(archived, previous);
    previous = archived.root?.hash;
    return faults;
  });
};

/** A chain as it is read now, and whether it has come to rest. */
export interface Standing {
  readonly chain: string;
  readonly records: readonly { readonly seq: number; readonly hash: string; readonly at: string }[];
  readonly isClosed: boolean;
}

/** Where leaves are, by chain; and the days that have a root. */
export interface Anchors {
  readonly places: ReadonlyMap<
    string,
    readonly { readonly day: string; readonly index: number; readonly leaf: Leaf }[]
  >;
  readonly days: readonly ArchivedDay[];
}

export const anchorsIn = (days: readonly ArchivedDay[]): Anchors => {
  const inOrderOfDays = days.toSorted((a, b) => compare(a.day, b.day));
  const leaves = inOrderOfDays.flatMap(({ day, leaves = [] }) => leaves.map((leaf, index) => ({ day, index, leaf })));
  return { places: Map.groupBy(leaves, ({ leaf }) => leaf.chain), days: inOrderOfDays };
};

export interface Anchored {
  readonly faults: readonly string[];
  /** The day whose root holds the end of the chain, and which leaf of it that is; absent where no day does (yet). */
  readonly place?: { readonly day: string; readonly index: number };
}

/**
 * Whether a chain is the one that was anchored: each leaf of it is a record of it, and a closed one's end is in the root of its day,
 * or of the day after where it came late. What closed after the last root is not anchored yet, which is no fault.
 */
export const anchored = ({ chain, records, isClosed }: Standing, { places, days }: Anchors): Anchored => {
  const own = places.get(chain) ?? [];
  const faults = own.flatMap(({ day, leaf }) => {
    const now = records.find(({ seq }) => seq === leaf.seq);
    if (now?.hash === leaf.hash) return [];
    const found = now === undefined ? 'no record' : `hash ${now.hash}`;
    return [
      `record ${leaf.seq} is not the one that was anchored on ${day}: expected hash ${leaf.hash}, found ${found}`,
    ];
  });
  const end = records.at(-1);
  const [first, last] = [days[0]?.day, days.at(-1)?.day];
  if (end === undefined || first === undefined || last === undefined || faults.length > 0) return { faults };
  const place = own.find(({ leaf }) => leaf.seq === end.seq);
  if (place !== undefined) return { faults, place: { day: place.day, index: place.index } };
  const day = dayOf(end.at);
  const isMissing = isClosed && day >= first && day < last;
  return {
    faults: isMissing
      ? [`its end, record ${end.seq}, is in no root: expected in that of ${day} or of the day after`]
      : [],
  };
};

/** What shows that a leaf is in the root of its day to somebody who sees no other leaf. Undefined where it does not. */
export const proofOf = ({ leaves = [], root }: ArchivedDay, index: number): Inclusion | undefined => {
  const leaf = leaves[index];
  if (leaf === undefined || root === undefined) return undefined;
  const inclusion = { index, size: leaves.length, path: inclusionProof(leaves.map(lineOf), index) };
  return rootFrom(lineOf(leaf), inclusion) === root.root ? inclusion : undefined;
};
