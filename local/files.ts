import { readFileSync, renameSync, writeFileSync } from 'node:fs';

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

/** Replaces a file as a whole: whoever is killed meanwhile leaves the old one or the new one. Only its owner may read it. */
export const replaceFile = (file: string, text: string): void => {
  const whole = `${file}.new`;
  try {
    writeFileSync(whole, text, { mode: 0o600 });
    renameSync(whole, file);
  } catch (cause) {
    throw new Error(`${file} cannot be written (${codeOf(cause)}): make room, or name a data folder of yours`, {
      cause,
    });
  }
};
