import { join } from 'node:path';
import type { LocalStack } from '../../local/stack.ts';
import { messageOf } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { StartParts } from './parts.ts';
import { seconds } from './report.ts';

const SHOWN = 3;

const some = (names: readonly string[]): string => {
  const shown = names.slice(0, SHOWN).map(clean).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
};

/** Gives functions their new code when its sources change, and says in one line what became of a change. */
export const followSources = async (
  parts: StartParts,
  { stack, data, terminal }: { readonly stack: LocalStack; readonly data: string; readonly terminal: Terminal }
): Promise<() => Promise<void>> => {
  const say = (text: string): void => terminal.line(`  ${terminal.paint('quiet', '·')} ${text}`);
  const opening = parts.openReload({
    functions: stack.folders(),
    into: join(data, 'reloaded'),
    swap: stack.reload,
    tell: (what) => {
      switch (what.kind) {
        case 'reloaded':
          return say(`reloaded ${some(what.functions)} in ${seconds(what.ms)}; runs keep the release of this start`);
        case 'broken':
          return say(terminal.paint('bad', `not reloaded, the code from before stays: ${clean(what.problem)}`));
        case 'restart':
          return say(terminal.paint('note', `changed: ${some(what.files)}; restart to have it synthesised`));
      }
    },
  });
  try {
    return (await opening).close;
  } catch (error) {
    say(terminal.paint('warn', `the sources are not watched, restart after changes: ${clean(messageOf(error))}`));
    return async () => {};
  }
};
