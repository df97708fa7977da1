import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { codeOf } from './files.ts';

/** Gives back what was locked. */
export type Release = () => void;

/**
 * Takes a file for this process, as a database: the operating system holds the lock, so it ends with the process however that ends, and
 * whoever has its number then. Gives the id of the process that has it, where that is another. Throws an `Error` for a file that is no
 * lock.
 */
export const takeLock = (file: string): Release | { readonly owner: number } => {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
  } catch (cause) {
    throw new Error(`${file} cannot be opened (${codeOf(cause)}): name a data folder that you may write to`, { cause });
  }
  try {
    database.exec('PRAGMA synchronous = OFF; BEGIN IMMEDIATE');
    // others can read who has it: this lock keeps away writers alone
    database.exec(`PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`);
    chmodSync(file, 0o600);
    return () => database.close();
  } catch (cause) {
    try {
      if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY))
        throw new Error(`${file} should be a lock and is something else: remove it`, { cause });
      return { owner: Number(database.prepare('PRAGMA user_version').get()?.user_version) };
    } finally {
      database.close();
    }
  }
};

/** SQLite's code for a lock that somebody else holds. */
const BUSY = 5;
