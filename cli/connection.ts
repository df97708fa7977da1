import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { Failure, usage } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

export const DEFAULT_DATA = '.writ';

const DemoUser = z.object({ username: z.string(), password: z.string(), roles: z.array(z.string()) });
export type DemoUser = z.infer<typeof DemoUser>;

/** Raised when an older command would misread what a newer `start` writes. */
const VERSION = 1;

const Connection = z.object({
  api: z.url(),
  /** Speaks the AWS protocols; tokens come from its user pool. */
  aws: z.url(),
  client: z.string(),
  pid: z.int(),
  users: z.array(DemoUser).readonly(),
});
/** How other commands reach the stack that `writ start` keeps up. */
export type Connection = z.infer<typeof Connection>;

export const connectionFile = (data: string): string => join(data, 'connection.json');

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Level by level: `recursive` never ends where a file system says of a folder below one that is there that its parent is not. */
const makeFolder = async (path: string): Promise<void> => {
  if (await isFolder(path)) return;
  if (path !== dirname(path)) await makeFolder(dirname(path));
  await mkdir(path, { mode: OWNER_ONLY_FOLDER });
};

/** Makes the data folder, for its owner alone. */
export const makeDataFolder = async (data: string): Promise<void> => {
  try {
    await makeFolder(resolve(data));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw usage(`${clean(data)} cannot be made a data folder (${code}); name one with --data that you may write to.`);
  }
};

/** Replaces a file as a whole, so that no reader sees half of it. Only its owner may read it. */
export const writeOwnerOnly = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text, { mode: OWNER_ONLY, flag: 'wx' });
  await chmod(draft, OWNER_ONLY); // whatever the umask said
  await rename(draft, path);
};

export const saveConnection = (data: string, connection: Connection): Promise<void> =>
  writeOwnerOnly(connectionFile(data), `${JSON.stringify({ version: VERSION, ...connection }, null, 2)}\n`);

export const dropConnection = (data: string): Promise<void> => rm(connectionFile(data), { force: true });

/** Fails with what to do where no stack was started on this data folder, or it was stopped. */
export const readConnection = async (data: string): Promise<Connection> => {
  const path = connectionFile(data);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined)
    throw new Failure(
      `No local stack runs on ${clean(data)}. Start one with "npm start", or name a deployed API with --api and --token.`
    );
  const json = asJson(text);
  const { version = 0 } = z.object({ version: z.number().optional() }).safeParse(json).data ?? {};
  if (version > VERSION)
    throw new Failure(
      `${clean(path)} is of a newer version of Writ (${version}, this one knows ${VERSION}). Use that version's command.`
    );
  const parsed = Connection.safeParse(json);
  if (!parsed.success)
    throw new Failure(`${clean(path)} cannot be read. Stop "npm start", delete the file, and start again.`);
  return parsed.data;
};

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
