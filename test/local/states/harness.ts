import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Invoke } from '../../../local/states/attempt.ts';
import type { Machine } from '../../../local/states/record.ts';
import { type Execution, openStates, type States, type StatesOptions } from '../../../local/states/service.ts';
import type { Json, JsonObject } from '../../../local/template/json.ts';

export const MACHINE_ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:Test:1';
export const ROLE_ARN = 'arn:aws:iam::123456789012:role/test';
export const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:execution:Test:${name}`;
export const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;

export const machineOf = (states: JsonObject, more: JsonObject = {}): Machine => ({
  arn: MACHINE_ARN,
  roleArn: ROLE_ARN,
  definition: { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0] ?? '', States: states, ...more },
});

/** A Task that invokes `name`, and ends the execution unless told where to go. */
export const invoking = (name: string, more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: functionArn(name), Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  ...('Next' in more ? {} : { End: true }),
  ...more,
});

export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-states-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** Turns the event loop until the condition holds; the test's own time-out ends it otherwise. */
export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

type Answer = (payload: Json, call: Parameters<Invoke>[0]) => Json | Promise<Json>;

export interface Bench {
  readonly states: States;
  readonly journal: string;
  /** The calls of functions, in order. */
  readonly calls: Parameters<Invoke>[0][];
  readonly told: Execution[];
  start(name: string, input?: Json): Promise<string>;
  /** The execution, when it has ended. */
  ended(executionArn: string): Promise<Execution>;
  /** Starts an execution and waits for its end. */
  run(input?: Json): Promise<Execution>;
  types(executionArn: string): readonly string[];
}

export const openBench = async (
  machine: Machine,
  functions: Readonly<Record<string, Answer>> = {},
  options: Partial<Omit<StatesOptions, 'journal'>> & { readonly journal?: string } = {}
): Promise<Bench> => {
  const journal = options.journal ?? join(await temporaryFolder(), 'journal');
  const calls: Parameters<Invoke>[0][] = [];
  const told: Execution[] = [];
  const states = await openStates({
    journal,
    machine: (arn) => (machine.arn.startsWith(arn) ? machine : undefined),
    invoke: async (call) => {
      calls.push(call);
      const answer = functions[call.functionArn.split(':')[6] ?? ''];
      if (answer === undefined) throw new Error(`the test has no function ${call.functionArn}`);
      return answer(call.payload, call);
    },
    onStatusChange: (event) => {
      told.push(event);
    },
    ...options,
  });
  onTestFinished(() => states.close());
  const start = async (name: string, input: Json = {}): Promise<string> =>
    (await states.start({ stateMachineArn: MACHINE_ARN, name, input: JSON.stringify(input) })).executionArn;
  const ended = async (executionArn: string): Promise<Execution> => {
    await until(() => states.describe(executionArn).status !== 'RUNNING');
    return states.describe(executionArn);
  };
  return {
    states,
    journal,
    calls,
    told,
    start,
    ended,
    run: async (input) => ended(await start('run', input)),
    types: (executionArn) => states.history(executionArn).map(({ type }) => type),
  };
};

export const outputOf = ({ status, output, error, cause }: Execution): unknown =>
  output === undefined ? { status, error, cause } : JSON.parse(output);
