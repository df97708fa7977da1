import { Command, CommanderError } from 'commander';
import { addApprovals } from './commands/approve.ts';
import { addAudit } from './commands/audit.ts';
import { addBreakGlass } from './commands/break-glass.ts';
import { addCan } from './commands/can.ts';
import { addControls } from './commands/control.ts';
import { addCost } from './commands/cost.ts';
import { addModels } from './commands/models.ts';
import { addReleases } from './commands/releases.ts';
import { addReply } from './commands/reply.ts';
import { addRuns } from './commands/runs.ts';
import { addStart } from './commands/start.ts';
import { addSubmit } from './commands/submit.ts';
import { addToken } from './commands/token.ts';
import { addTrace } from './commands/trace.ts';
import { addUndo } from './commands/undo.ts';
import { addWhy } from './commands/why.ts';
import { Failure, messageOf } from './failure.ts';
import { addSessionOptions } from './session.ts';
import type { Shell } from './shell.ts';
import { clean } from './terminal/sanitise.ts';

/** An error repeats what was typed, and what follows a mistyped option may be a token. */
const withoutValues = (text: string): string => text.replace(/(unknown option '[^'=]*)=.*'/s, "$1'");

const lines = (text: string): readonly string[] => text.replace(/\n$/, '').split('\n');

const programFor = (shell: Shell, done: (code: number) => void): Command => {
  const program = new Command('writ')
    .description('Governed operators: no writ, no write.')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // help is our own text and is laid out
      writeOut: (text) => {
        for (const line of lines(text)) shell.out.line(line);
      },
      writeErr: (text) => {
        for (const line of lines(withoutValues(text))) shell.err.line(line.trim() === '' ? '' : clean(line));
      },
    });
  addSessionOptions(program);
  addStart(program, shell, done);
  addSubmit(program, shell, done);
  addRuns(program, shell);
  addAudit(program, shell, done);
  addWhy(program, shell, done);
  addTrace(program, shell);
  addReply(program, shell);
  addApprovals(program, shell, done);
  addUndo(program, shell, done);
  addControls(program, shell);
  addBreakGlass(program, shell, done);
  addReleases(program, shell);
  addToken(program, shell);
  addCan(program, shell, done);
  addModels(program, shell, done);
  addCost(program, shell);
  return program;
};

/**
 * Runs one command. The answer is its exit code: 0 where it did what was asked, 1 where that failed, 2 where it was asked
 * wrongly. Nothing is thrown, and no stack is shown.
 */
export const main = async (args: readonly string[], shell: Shell): Promise<number> => {
  let code = 0;
  try {
    const program = programFor(shell, (outcome) => {
      code = outcome;
    });
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said what is wrong
    if (shell.stop.aborted) {
      shell.err.line('Interrupted.');
      return 1;
    }
    const { err } = shell;
    const [first = '', ...more] = messageOf(error).split('\n');
    err.line(`${err.paint('bad', 'writ:')} ${clean(first)}`);
    for (const line of more) err.line(`  ${clean(line.trim())}`);
    return error instanceof Failure ? error.exitCode : 1;
  }
};
