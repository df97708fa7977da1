import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const isAlive = (pid: number): boolean => {
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

/**
 * Takes a folder for this process and gives the function that releases it. Throws an `Error` if a process that is alive
 * holds it; a lock that a dead process left is taken over.
 */
export const lockFolder = (folder: string): (() => void) => {
  const file = join(folder, 'lock');
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
      return () => rmSync(file, { force: true });
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
