import type { Command } from 'commander';
import type { RunView } from '../api-shapes.ts';
import { wholeNumber } from '../arguments.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import { showRun, stateOf, timeOf, toneOf } from './show-run.ts';

const COLUMNS: readonly Column<RunView>[] = [
  { header: 'RUN', cell: ({ run }) => run, dispensable: 0 },
  { header: 'WORKFLOW', cell: ({ workflow }) => workflow, min: 10, dispensable: 2 },
  { header: 'STATE', cell: (view) => stateOf(view).replace('-', ' '), tone: toneOf, dispensable: 0 },
  { header: 'DECIDED BY', cell: ({ rules }) => rules.join(', '), min: 12, dispensable: 1 },
  { header: 'SUBMITTED', cell: ({ createdAt }) => timeOf(createdAt), tone: () => 'quiet', dispensable: 3 },
];

interface ListOptions extends SessionOptions {
  readonly limit: string;
  readonly cursor?: string;
}

const list = async (shell: Shell, options: ListOptions) => {
  const limit = wholeNumber('--limit', options.limit, 1, 100);
  const api = await openSession(shell, options, 'auditor');
  const page = await api.runs({ limit, ...(options.cursor !== undefined && { cursor: options.cursor }) });
  if (options.json) {
    shell.out.line(safeJson(page));
    return;
  }
  if (page.runs.length === 0) shell.out.line('No runs yet. Submit one with: npm run -s writ -- submit --help');
  else for (const line of table(COLUMNS, page.runs, shell.out)) shell.out.line(line);
  if (page.next !== undefined) shell.err.line('There are more; raise --limit, or page with --json and --cursor.');
};

const show = async (shell: Shell, id: string, options: SessionOptions) => {
  checked('run', id);
  const view = await (await openSession(shell, options, 'auditor')).run(id);
  if (options.json) shell.out.line(safeJson(view));
  else showRun(shell.out, view);
};

export const addRuns = (program: Command, shell: Shell): void => {
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--limit <number>', 'how many, at most 100', '20')
    .option('--cursor <cursor>', 'where an earlier page said that the next begins')
    .action((_: unknown, command: Command) => list(shell, command.optsWithGlobals<ListOptions>()));
  program
    .command('run')
    .description('show one run')
    .argument('<run>', 'its id')
    .action((id: string, _: unknown, command: Command) => show(shell, id, command.optsWithGlobals<SessionOptions>()));
};
