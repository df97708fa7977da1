import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Where DynamoDB answers. */
export interface DynamoDb {
  readonly url: URL;
  /** Milliseconds of a CPU that it has used so far, to the hundredth of a second. */
  cpuMs(): number;
  close(): Promise<void>;
}

const binary = (): string => {
  try {
    return createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  } catch (cause) {
    throw new Error(
      `there is no DynamoDB for ${process.platform}-${process.arch}: expected the optional dependency @dynoxide/linux-x64. ` +
        'Run `npm install` on linux-x64, or start DynamoDB Local and set WRIT_DYNAMODB_ENDPOINT to its URL',
      { cause }
    );
  }
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/**
 * Ends with this process even if this one is killed: a shell waits for the end of its standard input, a pipe that this
 * process holds, and then ends the server, which has taken the place (and the process id) of the first shell.
 */
const TIED = 'exec 3<&0; (read -r _ <&3; kill $$) & exec "$0" "$@" </dev/null 3<&-';

/** Linux counts in hundredths of a second: fields 14 and 15, after a name that may hold anything. */
const cpuMsOf = (pid: number | undefined): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return 0; // it has ended
  }
};

const READY_MS = 10_000;
const POLL_MS = 10;
const PORTS_TRIED = 5;

const stop = async (child: ChildProcess): Promise<void> => {
  child.stdin?.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  const kill = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await exit;
  clearTimeout(kill);
};

/** Starts dynoxide on a file, which it creates, at a free port of the loopback. Every write is on disk when it is answered. */
export const startDynoxide = async (databaseFile: string, logFile: string): Promise<DynamoDb> => {
  const program = binary();
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const log = openSync(logFile, 'a', 0o600);
    const command = ['serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', databaseFile];
    const child = spawn('/bin/sh', ['-c', TIED, program, ...command], {
      stdio: ['pipe', log, log],
      env: {},
      detached: true, // ^C is for the parent, which ends what runs in order
    });
    closeSync(log);
    child.on('error', () => {}); // shows as an exit below
    const deadline = performance.now() + READY_MS;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      if (await answers(port)) {
        return { url: new URL(`http://127.0.0.1:${port}`), cpuMs: () => cpuMsOf(child.pid), close: () => stop(child) };
      }
      await delay(POLL_MS);
    }
    await stop(child);
    if (tries === PORTS_TRIED) throw new Error(`dynoxide did not start: see ${logFile}`);
  }
};
