import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** What is written down beside an assembly, once it is whole. */
interface Seal {
  readonly fingerprint: string;
  /** Of all its files: names and contents. */
  readonly digest: string;
}

const sealOf = (directory: string): string => `${directory}.json`;

const digestOf = (directory: string): string => {
  const hash = createHash('sha256');
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.sort()) {
    const content = readFileSync(file);
    hash.update(`${JSON.stringify(relative(directory, file))} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
};

/**
 * Whether the assembly in a folder was made from what this fingerprint stands for, and is whole: every byte of it is read. Any
 * doubt is a no.
 */
export const isKept = (directory: string, fingerprint: string): boolean => {
  try {
    const seal = JSON.parse(readFileSync(sealOf(directory), 'utf8')) as Partial<Seal>;
    return seal.fingerprint === fingerprint && seal.digest === digestOf(directory);
  } catch {
    return false;
  }
};

/**
 * Has an assembly made in a folder beside the one that is there, and puts it in its place when it is whole. A crash at any point
 * leaves the former one, or none; never half of one under a seal. There is no seal where something changes meanwhile.
 */
export const replaceAssembly = async <Made>(
  directory: string,
  fingerprint: () => string | undefined,
  make: (folder: string) => Promise<Made>
): Promise<Made> => {
  const before = fingerprint();
  const draft = `${directory}.new`;
  mkdirSync(dirname(directory), { recursive: true });
  rmSync(draft, { recursive: true, force: true });
  const made = await make(draft);
  rmSync(sealOf(directory), { force: true });
  rmSync(directory, { recursive: true, force: true });
  renameSync(draft, directory);
  // what changed meanwhile may be in it or not
  if (before !== undefined && before === fingerprint()) {
    const unfinished = `${sealOf(directory)}.${randomBytes(4).toString('hex')}`;
    const seal: Seal = { fingerprint: before, digest: digestOf(directory) };
    writeFileSync(unfinished, JSON.stringify(seal));
    renameSync(unfinished, sealOf(directory));
  }
  return made;
};
