import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

const ownerOf = (file: string): number | undefined => {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch {
    return undefined; // gone in the meantime
  }
};

/** Links the draft, so that a lock is never seen without its owner. */
const take = (draft: string, file: string, folder: string): void => {
  for (let tries = 0; ; tries += 1) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = ownerOf(file);
    if (tries > 2 || (owner !== undefined && isAlive(owner))) {
      throw new Error(
        `process ${owner} runs a local stack on ${folder}: stop it, or use another data folder. ` +
          `If that process is something else, remove ${file}`
      );
    }
    rmSync(file, { force: true });
  }
};

/**
 * Takes a folder for this process and gives the function that releases it. Throws an `Error` if a process that is alive
 * holds it; a lock that a dead process left is taken over.
 */
export const lockFolder = (folder: string): (() => void) => {
  const file = join(folder, 'lock');
  const draft = join(folder, `lock.${process.pid}`);
  writeFileSync(draft, `${process.pid}\n`);
  try {
    take(draft, file, folder);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(file, { force: true });
};
