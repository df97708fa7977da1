import { join } from 'node:path';
import type { Table } from '../template/tables.ts';
import { startDynoxide } from './dynoxide.ts';
import { ensureTables } from './tables.ts';

/** The environment variable that names an endpoint instead of dynoxide, where the option does not. */
const VARIABLE = 'WRIT_DYNAMODB_ENDPOINT';

/** The endpoint that was given, by the option or in the environment. Throws an `Error` for what is none. */
export const givenEndpoint = (option: string | undefined): URL | undefined => {
  const variable = process.env[VARIABLE];
  const text = option ?? (variable === '' ? undefined : variable);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.username === '') return url;
  const found = text.replace(/\/\/.*@/s, '//…@');
  throw new Error(`${VARIABLE} must be an endpoint such as http://127.0.0.1:8000, found ${found}`);
};

export interface Database {
  readonly url: URL;
  /** Milliseconds of a CPU that it has used so far, to the hundredth of a second; 0 where it is none of this machine's processes. */
  cpuMs(): number;
  close(): Promise<void>;
}

/**
 * Opens the tables of a template: at the endpoint that was given, or in dynoxide on a file of the data folder. `onEnded` is told where
 * dynoxide ends, also when it is told to.
 */
export const openDatabase = async (
  data: string,
  tables: readonly Table[],
  given: URL | undefined,
  onEnded: (reason: Error) => void
): Promise<Database> => {
  if (given !== undefined) {
    await ensureTables(given, tables);
    return { url: given, cpuMs: () => 0, close: async () => {} };
  }
  const logFile = join(data, 'logs', 'dynoxide.log');
  const started = await startDynoxide(join(data, 'dynamodb.sqlite'), logFile);
  void started.ended.then((how) =>
    onEnded(
      new Error(
        `dynoxide, the database, ended (${how}), so the local stack does: start it again, what was answered is on disk. ` +
          `Its log: ${logFile}`
      )
    )
  );
  try {
    await ensureTables(started.url, tables);
    return started;
  } catch (error) {
    await started.close();
    throw error;
  }
};
