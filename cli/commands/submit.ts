import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { RunView, Submitted } from '../api-shapes.ts';
import { collect, fieldsOf, wholeNumber } from '../arguments.ts';
import type { Api, Task } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { ApiProblem, Unreachable } from '../http.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { showRun } from './show-run.ts';

interface SubmitOptions extends SessionOptions {
  readonly workflow: string;
  readonly field: readonly string[];
  readonly key?: string;
  readonly wait?: true;
  readonly within: string;
}

const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 3_000;

/** Looks at the run, less and less often, until it is closed or asks something. */
export const settled = async (shell: Shell, api: Api, id: string, withinMs: number): Promise<RunView> => {
  const deadline = shell.now() + withinMs;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
    const view = await api.run(id);
    if (view.status !== 'active') return view;
    if (shell.now() + pause > deadline)
      throw new Failure(
        `Run ${clean(id)} is still active. Look again later with "npm run -s writ -- run ${clean(id)}".`
      );
    await shell.wait(pause);
  }
};

/** Submits under a key always, and tells it where it is unknown whether there is a run. */
const sent = async (shell: Shell, api: Api, task: Task, key: string): Promise<Submitted> => {
  const again = `Send the same with --key ${key}: where the run was made, that gives it, and no other.`;
  try {
    return await api.submit(task, key);
  } catch (error) {
    const isUnknown =
      error instanceof Unreachable || (error instanceof ApiProblem && error.status >= 500 && !error.isStopped);
    if (isUnknown) throw new Failure(`${error.message}\n${again}`, { exitCode: error.exitCode, cause: error });
    if (shell.stop.aborted) shell.err.line(again);
    throw error;
  }
};

const submit = async (shell: Shell, options: SubmitOptions): Promise<number> => {
  const input = fieldsOf(options.field);
  const withinMs = wholeNumber('--within', options.within, 1, 86_400) * 1_000;
  if (options.key !== undefined && !/^[\x21-\x7e]{1,128}$/.test(options.key))
    throw usage('--key expects 1 to 128 visible ASCII characters without spaces');
  const api = await openSession(shell, options, 'submitter');
  const submitted = await sent(shell, api, { workflow: options.workflow, input }, options.key ?? randomUUID());
  if (!options.wait) {
    if (options.json) shell.out.line(safeJson(submitted));
    else {
      shell.out.line(`Accepted as run ${shell.out.paint('strong', clean(submitted.run))}.`);
      shell.out.line(`Follow it with: npm run -s writ -- run ${clean(submitted.run)}`);
    }
    return 0;
  }
  const view = await settled(shell, api, submitted.run, withinMs);
  if (options.json) shell.out.line(safeJson(view));
  else showRun(shell.out, view);
  return view.outcome === 'failed' ? 1 : 0;
};

export const addSubmit = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('submit')
    .description('submit one task')
    .option('--workflow <name>', 'the workflow', 'ticket-triage')
    .option('--field <name=value>', 'one field of the input; give it once for each field', collect, [])
    .option('--key <key>', 'idempotency key: the same key and input give the same run (one is made without)')
    .option('--wait', 'wait until the run is closed, or asks something')
    .option('--within <seconds>', 'how long to wait', '120')
    .action(async (_: unknown, command: Command) =>
      done(await submit(shell, command.optsWithGlobals<SubmitOptions>()))
    );
};
