/**
 * The local stack in a process that may be killed. The first line of its input holds the options, as JSON; each thing that it
 * has to say is a line of JSON on its output. It ends in order at SIGTERM, and when its input ends.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type LocalStackOptions, startLocalStack } from '../../local/stack.ts';

export type Options = Omit<LocalStackOptions, 'log' | 'onExecution' | 'onFailure'>;

export type Said =
  | {
      readonly kind: 'up';
      readonly apiUrl: string;
      readonly endpointUrl: string;
      readonly outputs: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'warm' }
  | { readonly kind: 'log'; readonly line: string };

const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

const input = createInterface(process.stdin);
const [line] = await once(input, 'line');
const options: Options = JSON.parse(line);
const stack = await startLocalStack({
  ...options,
  log: (text) => say({ kind: 'log', line: text }),
  onFailure: (reason) => {
    process.stderr.write(`${reason.message}\n`);
    process.exit(1);
  },
});
const end = (): void => void stack.close().then(() => process.exit(0));
process.once('SIGTERM', end);
input.once('close', end);
const { apiUrl, endpointUrl, outputs } = stack;
say({ kind: 'up', apiUrl, endpointUrl, outputs });
// told to end meanwhile, it does not get there
await stack.warm().then(
  () => say({ kind: 'warm' }),
  (error: unknown) => say({ kind: 'log', line: String(error) })
);
