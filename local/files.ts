import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';

/** The text of a file, or nothing where there is none. Throws an `Error` that names a file which cannot be read. */
export const readIfPresent = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read (${codeOf(cause)}): it should be a file of yours`, { cause });
  }
};

const synced = (path: string, flags: 'r' | 'w', work: (handle: number) => void): void => {
  const handle = openSync(path, flags, 0o600);
  try {
    work(handle);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/**
 * Puts a file, readable by its owner alone, in the place of what was there. On disk when it returns: whoever is killed meanwhile
 * leaves the old one or the new one. Throws an `Error` that names a file which cannot be written.
 */
export const replaceFile = (file: string, content: string | Uint8Array): void => {
  const fresh = `${file}.new`;
  try {
    synced(fresh, 'w', (handle) => writeFileSync(handle, content));
    renameSync(fresh, file);
    synced(dirname(file), 'r', () => {});
  } catch (cause) {
    throw new Error(`${file} cannot be written (${codeOf(cause)}): make room, or name a data folder of yours`, {
      cause,
    });
  }
};
