import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type ArchivedDay,
  archiveKey,
  DayRoot,
  dayAfter,
  type Leaf,
  leavesIn,
} from '../../lambdas/core/audit/anchors.ts';
import { findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import { messageOf, usage } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';

/** A copy of the archive's bucket, read with nobody's help. */
export interface ArchiveFolder {
  /** Every day of which there is a root or leaves. What of it is not what it should be is absent. */
  readonly days: readonly ArchivedDay[];
  /** What is wrong with the copy of the chain that a day's leaf names; undefined where nothing is. */
  faultOf(day: string, leaf: Leaf): Promise<string | undefined>;
}

const Record = z.looseObject({ seq: z.int(), prev_hash: z.string(), hash: z.string() });

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** What is at this path, or undefined where nothing is. That somebody may not read it says nothing of the archive, so it is a fault. */
const unlessAbsent = async <T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> => {
  try {
    return await read(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw usage(
      clean(`${path} cannot be read, so nothing is known of it: expected a copy of the bucket: ${messageOf(error)}`)
    );
  }
};

const textAt = (folder: string, key: string): Promise<string | undefined> =>
  unlessAbsent(join(folder, key), (path) => readFile(path, 'utf8'));

const orAbsent = <T>(text: string | undefined, parse: (text: string) => T): T | undefined => {
  try {
    return text === undefined ? undefined : parse(text);
  } catch {
    return undefined;
  }
};

const recordsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Record.parse(JSON.parse(line)));

const daysIn = async (folder: string, part: string, ending: string): Promise<readonly string[]> => {
  const names = (await unlessAbsent(join(folder, part), (path) => readdir(path))) ?? [];
  const days = names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  return days.filter((day) => z.iso.date().safeParse(day).success);
};

/** Opens a copy of the archive. Fails where the folder holds no root, and where what is there may not be read. */
export const openArchive = async (folder: string): Promise<ArchiveFolder> => {
  const named = new Set([...(await daysIn(folder, 'roots', '.json')), ...(await daysIn(folder, 'leaves', '.jsonl'))]);
  if (named.size === 0)
    throw usage(
      `${clean(folder)} holds no roots of an archive: copy the bucket there, as in "aws s3 sync s3://BUCKET ${clean(folder)}".`
    );
  const dayAt = async (day: string): Promise<ArchivedDay> => {
    const key = archiveKey.leaves(day);
    const root = orAbsent(await textAt(folder, archiveKey.root(day)), (text) => DayRoot.parse(JSON.parse(text)));
    const leaves = orAbsent(await textAt(folder, key), (text) => leavesIn(text, key));
    return { day, ...(root && { root }), ...(leaves && { leaves }) };
  };
  return {
    days: await Promise.all([...named].sort().map(dayAt)),
    async faultOf(day, leaf) {
      // what came late is in the root of the day after
      const keys = [archiveKey.chain(day, leaf), archiveKey.chain(dayAfter(day, -1), leaf)];
      const [own, late] = await Promise.all(keys.map((key) => textAt(folder, key)));
      const text = own ?? late;
      if (text === undefined) return 'the archive has no copy of it';
      const records = orAbsent(text, recordsIn);
      if (records === undefined) return 'its copy in the archive cannot be read';
      const [kind, , run] = leaf.chain.split('#');
      const [finding] = findingsOf(records, leaf, kind === 'RUN' ? run : undefined);
      return finding && `in the archive ${sentenceOf(finding)}`;
    },
  };
};
