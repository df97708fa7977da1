import type { Command } from 'commander';
import { collect, fieldsOf } from '../arguments.ts';
import { usage } from '../failure.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

interface ReplyOptions extends SessionOptions {
  readonly field: readonly string[];
}

const reply = async (shell: Shell, id: string, options: ReplyOptions) => {
  checked('run', id);
  const fields = fieldsOf(options.field);
  if (Object.keys(fields).length === 0) throw usage('reply expects at least one --field name=value');
  const replied = await (await openSession(shell, options, 'submitter')).reply(id, fields);
  if (options.json) shell.out.line(safeJson(replied));
  else shell.out.line(`Replied; run ${clean(replied.run)} goes on.`);
};

export const addReply = (program: Command, shell: Shell): void => {
  program
    .command('reply')
    .description('answer what a run asks')
    .argument('<run>', 'its id')
    .option('--field <name=value>', 'one field of the answer; give it once for each field', collect, [])
    .action((id: string, _: unknown, command: Command) => reply(shell, id, command.optsWithGlobals<ReplyOptions>()));
};
