import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../local/states/clock.ts';
import { TaskFailure } from '../../../local/states/failure.ts';
import type { Machine } from '../../../local/states/record.ts';
import { isObject, type Json, type JsonObject } from '../../../local/template/json.ts';
import { arnOf, type Bench, functionArn, invoking, openBench, outputOf, temporaryFolder } from './harness.ts';

/** A Task that calls `work`, which fails with `Retryable` as often as `flaky` says, or else with `Broken`, if `broken`. */
export const working = (
  of: string,
  how: { flaky?: number; broken?: boolean } = {},
  more: JsonObject = {}
): JsonObject =>
  invoking('work', {
    Arguments: {
      FunctionName: functionArn('work'),
      Payload: { of, ...how, input: '{% $states.input %}', tries: '{% $states.context.State.RetryCount %}' },
    },
    Retry: [{ ErrorEquals: ['Retryable'], MaxAttempts: 9 }],
    ...more,
  });

/** A Task that asks, and goes on with the answer. */
export const asking = (of: string, more: JsonObject = {}): JsonObject =>
  invoking('ask', {
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: functionArn('ask'), Payload: { of, token: '{% $states.context.Task.Token %}' } },
    Output: '{% $states.result %}',
    ...more,
  });

const START = 1_700_000_000_000;

/** Every reading is half a minute later, so that no pause takes time; each process begins a day after the last. */
const leapingClock = (process: number) => {
  let now = START + process * 86_400_000;
  return () => {
    now += 31_000;
    return now;
  };
};

const functionsWith = (tokens: Map<string, string>) => ({
  work: (payload: Json) => {
    if (!isObject(payload)) throw new Error('work expects an object');
    const { of = '', flaky = 0, broken, input = null, tries = 0 } = payload;
    if (Number(tries) < Number(flaky)) throw new TaskFailure('Retryable', 'not yet');
    if (broken === true) throw new TaskFailure('Broken', 'always');
    return { of, input };
  },
  ask: (payload: Json) => {
    if (!isObject(payload)) throw new Error('ask expects an object');
    tokens.set(String(payload.token), String(payload.of));
    return null;
  },
});

export interface Process {
  readonly journal: Buffer;
  readonly outcome: unknown;
  /** The payloads of the calls that it made. */
  readonly calls: readonly JsonObject[];
  /** What the history says of each step, in no order: the same, however often the execution was interrupted. */
  readonly steps: readonly string[];
}

/** What a token is answered with. */
export const replyOf = (of: string): JsonObject => ({ reply: of });

const finish = async (bench: Bench, tokens: ReadonlyMap<string, string>): Promise<unknown> => {
  while (bench.states.describe(arnOf('run')).status === 'RUNNING') {
    for (const [token, of] of tokens)
      await bench.states.sendTaskSuccess(token, JSON.stringify(replyOf(of))).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  }
  return outputOf(bench.states.describe(arnOf('run')));
};

const stepsOf = (bench: Bench): readonly string[] => {
  const events = bench.states.history(arnOf('run'));
  for (const [at, { id, previousEventId }] of events.entries())
    if (id !== at + 1 || previousEventId >= id) throw new Error(`event ${id} after ${previousEventId} at ${at}`);
  return events.map(({ timestamp: _, id: __, previousEventId: ___, ...rest }) => JSON.stringify(rest)).toSorted();
};

/** Tokens differ from run to run, and stand in what is scheduled. */
const withoutTokens = (steps: readonly string[]): readonly string[] =>
  steps.map((step) => step.replace(/token\\+":\\+"[\w-]+/, 'token').replace(/event id #\d+/, 'event id')).toSorted();

/**
 * Runs an execution to its end: from the start, or from what is left of a journal, by a later process. `tokens` are those that
 * are known already, and takes up those given out. Undefined where the start was lost.
 */
export const carryOn = async (
  machine: Machine,
  input: Json,
  tokens: Map<string, string>,
  left?: Buffer,
  process = 0
): Promise<Process | undefined> => {
  const journal = join(await temporaryFolder(), 'journal');
  if (left !== undefined) await writeFile(journal, left);
  const bench = await openBench(machine, functionsWith(tokens), {
    journal,
    clock: systemClock(leapingClock(process)),
  });
  try {
    if (left === undefined) await bench.start('run', input);
    else if (bench.states.list(machine.arn).length === 0) return undefined;
    const outcome = await finish(bench, tokens);
    const steps = withoutTokens(stepsOf(bench));
    await bench.states.close();
    return {
      journal: await readFile(journal),
      outcome,
      calls: bench.calls.map(({ payload }) => payload as JsonObject),
      steps,
    };
  } finally {
    await bench.states.close();
  }
};
