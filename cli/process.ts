import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadParts } from './demo/parts.ts';
import { messageOf } from './failure.ts';
import type { Shell } from './shell.ts';
import { clean } from './terminal/sanitise.ts';
import { terminalOn } from './terminal/terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What shells report of a program that an interrupt ended. */
const ENDED_BY_SIGNAL = 130;

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((done) => {
    if (stream.writableEnded || stream.destroyed) done();
    else stream.write('', () => done());
  });

/**
 * Gives a command this process to work in. The first signal asks it to end, so that it can end what it started; the second
 * ends it on the spot. A reader that goes away, as `head` does, ends it quietly. Answers the exit code once all is written.
 */
export const processShell = async (
  process: NodeJS.Process,
  command: (shell: Shell) => Promise<number>
): Promise<number> => {
  const { stdout, stderr, env } = process;
  const stop = new AbortController();
  const shell: Shell = {
    out: terminalOn(stdout, env),
    err: terminalOn(stderr, env),
    env,
    stop: stop.signal,
    now: () => performance.now(),
    wait: (ms) => sleep(ms, undefined, { signal: stop.signal }),
    async ask(question) {
      if (!process.stdin.isTTY || !stderr.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: stderr });
      try {
        return await lines.question(question, { signal: stop.signal });
      } finally {
        lines.close();
      }
    },
    parts: loadParts,
  };
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(ENDED_BY_SIGNAL);
      stop.abort(new Error(`interrupted by ${signal}`));
    });
  let broken = false;
  const abandon = () => {
    broken = true;
    stop.abort(new Error('nobody reads the output any more'));
  };
  stdout.on('error', abandon);
  stderr.on('error', abandon);
  let crashed = false;
  // something that a part of the stack did on its own: end the rest in order
  process.on('uncaughtException', (error) => {
    crashed = true;
    shell.err.line(`writ: ${clean(messageOf(error))}`);
    stop.abort(error);
  });
  const code = await command(shell);
  if (!broken) await Promise.all([flushed(stdout), flushed(stderr)]);
  return crashed ? 1 : code;
};
