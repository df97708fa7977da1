import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { usage } from '../failure.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { safeJson } from '../terminal/sanitise.ts';
import { isUndone, showRun } from './show-run.ts';
import { settled } from './submit.ts';

interface UndoOptions extends SessionOptions {
  readonly reason: string;
  readonly within: string;
}

/** 0 where nothing of what the run did is left, 1 where anything is. */
const undo = async (shell: Shell, id: string, { reason, within, ...options }: UndoOptions): Promise<number> => {
  checked('run', id);
  if (reason.trim() === '') throw usage('--reason expects a sentence: it goes into the audit');
  const withinMs = wholeNumber('--within', within, 1, 86_400) * 1_000;
  const api = await openSession(shell, options, 'operator');
  const { run } = await api.undo(id, reason);
  const view = await settled(shell, api, run, withinMs);
  if (options.json) shell.out.line(safeJson(view));
  else showRun(shell.out, view);
  return view.outcome === 'completed' && (view.undone ?? []).every(isUndone) ? 0 : 1;
};

export const addUndo = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('undo')
    .description('undo what a run did, also while it is stopped, and say what became of each action')
    .argument('<run>', 'its id')
    .requiredOption('--reason <text>', 'why; it goes into the audit')
    .option('--within <seconds>', 'how long to wait', '120')
    .action(async (id: string, _: unknown, command: Command) =>
      done(await undo(shell, id, command.optsWithGlobals<UndoOptions>()))
    );
};
