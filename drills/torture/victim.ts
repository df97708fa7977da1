import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openFilesOf, processesOf } from './processes.ts';
import type { Options, Said } from './stack-process.ts';

/** How far the stack has come: `resuming` is from its first answer until its functions are loaded. */
export type Phase = 'starting' | 'resuming' | 'running';

/** A stack in a process of its own. */
export interface Victim {
  readonly phase: () => Phase;
  /** Resolves when it is at this phase. Rejects if it ends before. */
  reached(phase: Exclude<Phase, 'starting'>): Promise<void>;
  /** Of the template, once it is up. */
  outputs(): Readonly<Record<string, string>>;
  /** Kills it, and says what it left behind: processes, open files, taken ports. */
  kill(): Promise<readonly string[]>;
  /** Ends it in order. Gives its exit status. */
  stop(): Promise<number | null>;
}

const PROGRAM = fileURLToPath(new URL('./stack-process.ts', import.meta.url));
/** How long what it started may take to notice that it is gone. */
const NOTICE_MS = 10_000;
const POLL_MS = 25;

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
};

/** A free port outside the range that the system gives out itself: nobody takes it while the stack is down. */
export const lastingPort = async (random: () => number): Promise<number> => {
  for (;;) {
    const port = 15_000 + Math.floor(random() * 15_000);
    if (await isFree(port)) return port;
  }
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

const leftBy = async ({ data, ports }: Options): Promise<readonly string[]> => {
  const taken = [];
  for (const port of [ports?.api, ports?.endpoint])
    if (port !== undefined && !(await isFree(port))) taken.push(`port ${port}`);
  return [...processesOf(data), ...openFilesOf(data), ...taken];
};

/** Starts a stack. What it logs goes to `onLog`, what it says about errors to `errors.log` beside its data. */
export const startVictim = (options: Options, onLog: (line: string) => void): Victim => {
  const { data } = options;
  const errors = openSync(`${data}-errors.log`, 'a', 0o600);
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [PROGRAM, data], {
    stdio: ['pipe', 'pipe', errors],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  child.stdin.on('error', () => {}); // killed before it has read its options
  child.stdin.write(`${JSON.stringify(options)}\n`);
  let phase: Phase = 'starting';
  let known: Readonly<Record<string, string>> = {};
  const reached = { resuming: Promise.withResolvers<void>(), running: Promise.withResolvers<void>() };
  for (const { promise } of Object.values(reached)) promise.catch(() => {}); // not everybody waits
  createInterface(child.stdout).on('line', (line) => {
    const said: Said = JSON.parse(line);
    switch (said.kind) {
      case 'up':
        phase = 'resuming';
        known = said.outputs;
        reached.resuming.resolve();
        return;
      case 'warm':
        phase = 'running';
        reached.running.resolve();
        return;
      case 'log':
        onLog(said.line);
    }
  });
  child.once('exit', (code, signal) => {
    const gone = new Error(`the stack ended by itself (${signal ?? code}) while it was ${phase}`);
    for (const { reject } of Object.values(reached)) reject(gone);
  });
  return {
    phase: () => phase,
    reached: (wanted) => reached[wanted].promise,
    outputs: () => known,
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
      if (child.signalCode !== 'SIGKILL') return [`it had ended by itself, with status ${child.exitCode}`];
      const deadline = performance.now() + NOTICE_MS;
      for (;;) {
        const left = await leftBy(options);
        if (left.length === 0 || performance.now() > deadline) return left;
        await sleep(POLL_MS);
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
      return child.exitCode;
    },
  };
};
