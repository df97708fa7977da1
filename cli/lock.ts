import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

/**
 * Takes a data folder for this process; the answer gives it back. The operating system holds the lock, so it ends with
 * the process however that ends. Fails where another process has it.
 */
export const lockFolder = async (data: string): Promise<() => void> => {
  const path = join(data, 'start.lock');
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Failure(
      `Writ already runs on ${clean(data)}. Stop it with Ctrl-C where it was started, or start another one with ` +
        '--data FOLDER --port-api 0 --port-aws 0.',
      { cause: error }
    );
  }
  await chmod(path, 0o600);
  return () => database.close();
};
