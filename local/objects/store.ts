import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Journal, type Line, openJournal } from '../states/journal.ts';
import { Version } from './version.ts';

const Entry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('put'), version: Version }),
  z.object({ kind: z.literal('removed'), bucket: z.string(), key: z.string(), id: z.string() }),
]);
type Entry = z.infer<typeof Entry>;

/** What a change may look at and do. Everything it has done is on disk when `change` resolves. */
export interface Changes {
  /** Of an object, the latest first. */
  versionsOf(bucket: string, key: string): readonly Version[];
  /** A version of the same id is replaced where it stands; another becomes the latest. The content of an object comes along. */
  put(version: Version, content?: Buffer): Promise<void>;
  remove(version: Version): Promise<void>;
}

export interface ObjectStore extends Pick<Changes, 'versionsOf'> {
  /** The keys of a bucket with their versions, in the order of their UTF-8 bytes. */
  keysOf(bucket: string): readonly (readonly [key: string, versions: readonly Version[]])[];
  /** Rejects if the content is no longer what it was. */
  read(digest: string): Promise<Buffer>;
  /** Runs one change after the other: what it sees is so until it is done. */
  change<T>(work: (changes: Changes) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const lineOf = (entry: Entry): Line => ({ head: JSON.stringify(entry), tail: '' });

const entryIn = ({ head }: Line, file: string): Entry => {
  const parsed = Entry.safeParse(JSON.parse(head));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} holds a line that this version does not write: remove it to start without its objects`);
};

export const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** A journal may be so many times as long as it need be before it is shortened. */
const SLACK = 2;

/**
 * Opens the objects of all buckets in a folder, created if absent: a journal of versions and a file for each content. Rejects
 * with an `Error` that names what is damaged or missing. Content that no version has is removed. `onBroken` is told where it cannot be
 * written any more.
 */
export const openObjects = async (folder: string, onBroken?: (reason: Error) => void): Promise<ObjectStore> => {
  const contents = join(folder, 'content');
  const file = join(folder, 'objects.journal');
  await mkdir(contents, { recursive: true, mode: 0o700 });
  const buckets = new Map<string, Map<string, readonly Version[]>>();
  const uses = new Map<string, number>();
  let lines = 0;

  const versionsOf = (bucket: string, key: string): readonly Version[] => buckets.get(bucket)?.get(key) ?? [];
  const use = (version: Version | undefined, by: 1 | -1): void => {
    if (version?.kind !== 'object') return;
    const count = (uses.get(version.digest) ?? 0) + by;
    if (count === 0) uses.delete(version.digest);
    else uses.set(version.digest, count);
  };
  const apply = (entry: Entry): void => {
    const { bucket, key, id } = entry.kind === 'put' ? entry.version : entry;
    const before = versionsOf(bucket, key);
    const at = before.findIndex((version) => version.id === id);
    use(before[at], -1);
    const added = entry.kind === 'put' ? [entry.version] : [];
    use(added[0], 1);
    const after = at < 0 ? [...added, ...before] : before.toSpliced(at, 1, ...added);
    const keys = buckets.get(bucket) ?? new Map<string, readonly Version[]>();
    buckets.set(bucket, keys);
    if (after.length === 0) keys.delete(key);
    else keys.set(key, after);
  };
  const shortest = (): readonly Line[] =>
    [...buckets.values()].flatMap((keys) =>
      [...keys.values()].flatMap((versions) => versions.toReversed().map((version) => lineOf({ kind: 'put', version })))
    );

  const journal: Journal = await openJournal(
    file,
    (line) => {
      lines += 1;
      apply(entryIn(line, file));
    },
    { what: 'objects', onBroken }
  );
  const short = shortest();
  if (lines > SLACK * short.length) await journal.rewrite(short);

  const present = new Set(await readdir(contents));
  for (const name of present) if (!uses.has(name)) await rm(join(contents, name));
  const lost = uses.keys().find((digest) => !present.has(digest));
  if (lost !== undefined)
    throw new Error(
      `${join(contents, lost)} is missing, the content of an object: restore it from a copy, or remove ${folder}`
    );

  const write = async (digest: string, content: Buffer): Promise<void> => {
    const path = join(contents, digest);
    const handle = await open(`${path}.new`, 'w', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${path}.new`, path);
    const entries = await open(contents, 'r');
    await entries.sync();
    await entries.close();
  };
  const record = async (entry: Entry): Promise<void> => {
    await journal.append(lineOf(entry));
    apply(entry);
  };

  const changes: Changes = {
    versionsOf,
    put: async (version, content) => {
      if (content !== undefined && version.kind === 'object' && !uses.has(version.digest))
        await write(version.digest, content);
      const replaced = versionsOf(version.bucket, version.key).find(({ id }) => id === version.id);
      await record({ kind: 'put', version });
      await drop(replaced);
    },
    remove: async (version) => {
      const { bucket, key, id } = version;
      await record({ kind: 'removed', bucket, key, id });
      await drop(version);
    },
  };
  /** Removes a content that nothing has any more. */
  const drop = async (version: Version | undefined): Promise<void> => {
    if (version?.kind === 'object' && !uses.has(version.digest))
      await rm(join(contents, version.digest), { force: true });
  };

  let last: Promise<unknown> = Promise.resolve();
  const byKey = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
    Buffer.compare(Buffer.from(one), Buffer.from(other));
  return {
    versionsOf,
    keysOf: (bucket) => [...(buckets.get(bucket) ?? [])].sort(byKey),
    read: async (digest) => {
      const content = await readFile(join(contents, digest));
      if (digestOf(content) === digest) return content;
      throw new Error(`${join(contents, digest)} is damaged: restore it from a copy`);
    },
    change: (work) => {
      const done = last.then(() => work(changes));
      last = done.catch(() => undefined); // it is told to whoever asked for the change
      return done;
    },
    close: async () => {
      await last;
      await journal.close();
    },
  };
};
