import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { codeOf, readIfPresent, replaceFile } from './files.ts';
import { type Release, takeLock } from './lock.ts';

/** Of everything in the folder: raised when a file there changes so that older versions would misread it. */
const FORMAT = 1;

const Format = z.object({ format: z.int().positive() });

const checkFormat = (file: string): void => {
  const text = readIfPresent(file);
  if (text === undefined) {
    replaceFile(file, `${JSON.stringify({ format: FORMAT })}\n`);
    return;
  }
  let format: number;
  try {
    ({ format } = Format.parse(JSON.parse(text)));
  } catch {
    throw new Error(
      `${file} should say {"format":${FORMAT}} and does not: write that, or remove the data folder to begin anew`
    );
  }
  if (format > FORMAT)
    throw new Error(
      `${file} says that a newer version of Writ keeps its data here (format ${format}, this version knows ${FORMAT}): ` +
        'start that version, or use another data folder'
    );
};

/**
 * Makes a data folder, if absent, and takes it for this process. Throws an `Error` where it cannot be made or written, another process
 * has it, or a newer version has written it.
 */
export const openDataFolder = (folder: string): Release => {
  try {
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Error(`${folder} cannot be made a data folder (${codeOf(cause)}): name one that you may write to`, {
      cause,
    });
  }
  const taken = takeLock(join(folder, 'stack.lock'));
  if (typeof taken !== 'function')
    throw new Error(`process ${taken.owner} runs a local stack on ${folder}: stop it, or use another data folder`);
  try {
    checkFormat(join(folder, 'format.json'));
    return taken;
  } catch (error) {
    taken();
    throw error;
  }
};
