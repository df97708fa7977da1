import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LambdaFunction } from '../template/functions.ts';
import { killGroup, tied } from '../tied.ts';
import { type LogLines, readLines } from './log.ts';
import { type Answer, type Call, failure, type Reply } from './messages.ts';
import { endLines } from './report.ts';

/** One process of a function. It serves one call at a time; a call that it does not survive still gets an answer. */
export interface FunctionProcess {
  /** Runs one call, and kills the process at the call's deadline. Never rejects. */
  invoke(call: Call): Promise<Answer>;
  /** Ends the process at once; resolves when it is gone. */
  kill(): Promise<void>;
  readonly exited: Promise<void>;
  /** Milliseconds since the epoch between which the process was started and the function loaded. */
  readonly loading: { readonly startMs: number; readonly endMs: number };
  /** What its invocations have used of a CPU so far. */
  cpuMs(): number;
}

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Takes what the process prints, and what became of a call that it did not survive. */
  readonly log: LogLines;
  /** The folder that keeps compiled code between starts. */
  readonly cacheFolder: string;
}

/** Lambda gives a function ten seconds to load. */
const LOADING_MS = 10_000;

const HOST = fileURLToPath(new URL('./host.ts', import.meta.url));

const spawnHost = (
  { folder, handler, memoryMegabytes }: LambdaFunction,
  { environment, log, cacheFolder }: ProcessOptions
): ChildProcess => {
  const heap = `--max-old-space-size=${Math.ceil(memoryMegabytes * 0.9)}`;
  const child = spawn(...tied(process.execPath, [heap, HOST, folder, handler, cacheFolder]), {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    detached: true, // ^C is for the parent, which ends what runs in order
  });
  if (child.stdout !== null) readLines(child.stdout, log);
  if (child.stderr !== null) readLines(child.stderr, log);
  return child;
};

/** What Lambda writes of a call whose process is gone, after all that the process itself had printed. */
const writeEnd = (log: LogLines, lambda: LambdaFunction, call: Call, begunMs: number, answer: Answer): void => {
  const { errorType, errorMessage } = JSON.parse(answer.payload);
  const isLate = errorType === 'Sandbox.Timedout';
  const usage = {
    durationMs: isLate ? lambda.timeoutSeconds * 1_000 : performance.now() - begunMs,
    memoryMegabytes: lambda.memoryMegabytes,
    status: isLate ? 'timeout' : `error\tError Type: ${errorType}`,
  };
  log(`${errorMessage}\n${endLines(call, usage).trimEnd()}`);
};

const crashed = (requestId: string, child: ChildProcess): Answer => {
  const how = child.signalCode === null ? `exit status ${child.exitCode}` : `signal: ${child.signalCode}`;
  return failure('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: ${how}`);
};

/** Starts a process and waits until the function is loaded. Answers an error in Lambda's shape if it cannot be loaded. */
export const startProcess = async (
  lambda: LambdaFunction,
  options: ProcessOptions
): Promise<FunctionProcess | Answer> => {
  const startMs = Date.now();
  const child = spawnHost(lambda, options);
  let gone = false;
  let cpuMs = 0;
  let onReply: (reply: Reply) => void = () => {};
  let onExit: () => void = () => {};
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      gone = true;
      killGroup(child); // what the function has started goes with it
      onExit();
      resolve();
    };
    child.once('exit', end);
    child.on('error', end); // the process could not be started, or a message could not be sent: either way it is of no use
  });
  child.on('message', (reply: Reply) => onReply(reply));
  const drained = new Promise((resolve) => child.once('close', resolve)); // all that it had printed has been read

  /** Waits for the next reply, at most `ms`; a process that does not reply in time is killed. */
  const reply = (ms: number, late: () => Answer, dead: () => Answer): Promise<Reply | Answer> =>
    new Promise((resolve) => {
      if (gone) return resolve(dead());
      const timer = setTimeout(() => {
        onExit = () => resolve(late());
        onReply = () => {}; // too late
        killGroup(child);
      }, ms);
      onExit = () => {
        clearTimeout(timer);
        resolve(dead());
      };
      onReply = (message) => {
        clearTimeout(timer);
        onExit = () => {};
        resolve(message);
      };
    });

  const kill = async (): Promise<void> => {
    killGroup(child);
    await exited;
  };

  const first = await reply(
    LOADING_MS,
    () =>
      failure(
        'Sandbox.Timedout',
        `Error: Task timed out after ${(LOADING_MS / 1000).toFixed(2)} seconds while loading`
      ),
    () => crashed('none', child)
  );
  if (!('kind' in first)) return first;
  if (first.kind === 'unusable') {
    await kill();
    return { failed: true, payload: first.payload };
  }
  return {
    exited,
    kill,
    loading: { startMs, endMs: Date.now() },
    cpuMs: () => cpuMs,
    invoke: async (call) => {
      const begunMs = performance.now();
      const answered = reply(
        call.deadline - Date.now(),
        () =>
          failure(
            'Sandbox.Timedout',
            `RequestId: ${call.requestId} Error: Task timed out after ${lambda.timeoutSeconds.toFixed(2)} seconds`
          ),
        () => crashed(call.requestId, child)
      );
      if (!gone) child.send(call);
      const answer = await answered;
      if (!('kind' in answer) || answer.kind === 'last') {
        if ('kind' in answer) await exited; // nobody else may be given this process
        const { failed, payload } = answer;
        void drained.then(() => writeEnd(options.log, lambda, call, begunMs, { failed, payload }));
        return { failed, payload };
      }
      if (answer.kind !== 'answer') throw new Error('a function that is loaded says nothing but answers');
      const { failed, payload, cpuMs: used } = answer;
      cpuMs += used;
      return { failed, payload };
    },
  };
};
