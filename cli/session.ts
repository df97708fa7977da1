import type { Command } from 'commander';
import { type Api, apiAt } from './client.ts';
import { DEFAULT_DATA, readConnection } from './connection.ts';
import { usage } from './failure.ts';
import type { Shell } from './shell.ts';
import { signIn } from './sign-in.ts';
import { clean } from './terminal/sanitise.ts';

/** What the options of all commands come to. */
export interface SessionOptions {
  readonly api?: string;
  readonly token?: string;
  readonly data: string;
  readonly as?: string;
  readonly json?: true;
}

/** Somebody waits at the terminal. */
const ATTEMPTS = 2;

export type DemoRole = 'submitter' | 'approver' | 'operator' | 'auditor';

export const userOf = (role: DemoRole): string => `demo-${role}`;

/** The options of all commands, understood before the command's name and after it. */
export const addSessionOptions = (program: Command): Command =>
  program
    .option('--data <folder>', 'the data folder of the local stack', DEFAULT_DATA)
    .option('--as <user>', 'the user of the local stack to act as')
    .option('--api <url>', 'a deployed API instead of the local stack (or WRIT_API)')
    .option('--token <token>', 'an access token for it (or WRIT_TOKEN, which is not seen in process lists)')
    .option('--json', 'print the answer as JSON');

/** What was given, unless it may hold a password. */
const foundOf = (text: string): string => (text.includes('@') ? 'text with an @, which is not shown' : clean(text));

const webAddress = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw usage(`--api must be a URL such as https://abc.execute-api.eu-west-1.amazonaws.com, found ${foundOf(text)}`);
  if (url.username !== '' || url.password !== '') throw usage('--api must not hold a user or password; use --token');
  return url.href;
};

/** The API that the options, else the environment, else the data folder name; on the local stack as a user of this role. */
export const openSession = async (shell: Shell, options: SessionOptions, role: DemoRole): Promise<Api> => {
  const { env, stop } = shell;
  const address = options.api ?? env.WRIT_API;
  if (address !== undefined && address !== '') {
    const token = options.token ?? env.WRIT_TOKEN;
    if (token === undefined || token === '')
      throw usage('A deployed API needs an access token: give --token, or set WRIT_TOKEN.');
    if (!/^[\x21-\x7e]+$/.test(token)) throw usage('The access token must be visible ASCII without spaces.');
    const advice = 'Check the URL, and that you are online.';
    return apiAt({ url: webAddress(address), token: async () => token, advice, attempts: ATTEMPTS, signal: stop });
  }
  if (options.token !== undefined) throw usage('--token goes with --api; the local stack signs its own users in.');
  const connection = await readConnection(options.data);
  let token: Promise<string> | undefined;
  return apiAt({
    url: connection.api,
    token: () => {
      token ??= signIn(connection, options.as ?? userOf(role));
      return token;
    },
    advice: 'Start the local stack with "npm start".',
    attempts: ATTEMPTS,
    signal: stop,
  });
};
