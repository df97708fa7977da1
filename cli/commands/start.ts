import { type Command, Option } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { start } from '../demo/start.ts';
import type { Shell } from '../shell.ts';
import { MODES } from './control.ts';

interface Options {
  readonly tickets?: string;
  readonly examples?: string;
  readonly once?: true;
  readonly json?: true;
  readonly mode: string;
  readonly data: string;
  readonly portApi?: string;
  readonly portAws?: string;
}

const HIGHEST_PORT = 65_535;

const portOf = (name: string, text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber(name, text, 0, HIGHEST_PORT);

export const addStart = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('start')
    .description('run everything on this machine and triage a batch of tickets, then stay up')
    .option('--tickets <file>', 'tickets as JSONL or CSV: id, subject and body or text, and queue where known')
    .option('--examples <file>', 'train on these instead: JSONL or CSV with text and label')
    .option('--once', 'end after the batch; fails if a run failed')
    .addOption(new Option('--mode <mode>', 'how far runs may go by themselves').choices(MODES).default('autopilot'))
    .option('--port-api <port>', 'where the HTTP API listens; 0: any free port')
    .option('--port-aws <port>', 'where the AWS endpoint listens; 0: any free port')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const api = portOf('--port-api', options.portApi);
      const endpoint = portOf('--port-aws', options.portAws);
      const { tickets, examples, mode, data } = options;
      done(
        await start(shell, {
          ...(tickets !== undefined && { tickets }),
          ...(examples !== undefined && { examples }),
          once: options.once === true,
          json: options.json === true,
          mode,
          data,
          ports: { ...(api !== undefined && { api }), ...(endpoint !== undefined && { endpoint }) },
        })
      );
    });
};
