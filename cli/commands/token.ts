import type { Command } from 'commander';
import { readConnection } from '../connection.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { signIn } from '../sign-in.ts';

export const addToken = (program: Command, shell: Shell): void => {
  program
    .command('token')
    .description('print an access token of a user of the local stack')
    .argument('<user>', 'such as demo-operator')
    .action(async (user: string, _: unknown, command: Command) => {
      const { data } = command.optsWithGlobals<SessionOptions>();
      shell.out.line(await signIn(await readConnection(data), user));
    });
};
