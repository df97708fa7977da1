import type { Step } from '../../lambdas/core/steps/step.ts';
import type { Invoke } from '../../local/states/attempt.ts';
import { seededChance } from '../../local/states/chance.ts';
import type { Clock } from '../../local/states/clock.ts';
import { TaskFailure } from '../../local/states/failure.ts';
import { noJournal } from '../../local/states/journal.ts';
import { openStates } from '../../local/states/service.ts';
import type { Json, JsonObject } from '../../local/template/json.ts';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:Test';
const FAULTS: readonly string[] = ['Retryable', 'Terminal', 'Uncertain'];

/** A clock that stands still until it is told to leap to the next timer. */
const leapingClock = (startMs: number): Clock & { leap(): void } => {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly due: () => void }>();
  return {
    now: () => nowMs,
    callAt: (atMs, due) => {
      const timer = { atMs, due };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    leap: () => {
      const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) throw new Error('the execution waits for nothing, and has not ended');
      timers.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.due();
    },
  };
};

/** A step as its function serves it: what it is given and what it answers keep to its schemas. */
export const calling =
  <Deps, Input, Output>(step: Step<Deps, Input, Output>, deps: Deps) =>
  async (payload: unknown): Promise<Output> =>
    step.output.parse(await step.run(deps, step.input.parse(payload)));

export interface Playing {
  /** Its definition, with functions by name. */
  readonly machine: object;
  readonly input: Json;
  readonly startMs: number;
  /** Answers a call as the function would; what it throws ends the function, by a fault's name or without a word. */
  readonly serve: (called: string, payload: JsonObject, now: () => number) => Promise<unknown>;
}

/**
 * Runs a state machine to its end, on real functions and in virtual time: that stands still while a function is called, and leaps over
 * every wait. Gives the execution as it ended.
 */
export const play = async ({ machine, input, startMs, serve }: Playing) => {
  const clock = leapingClock(startMs);
  const calls = new Set<Promise<unknown>>();
  const invoke: Invoke = async ({ functionArn, payload }) => {
    const call = serve(functionArn, payload as JsonObject, clock.now);
    calls.add(call);
    try {
      return (await call) as Json;
    } catch (error) {
      if (error instanceof Error && FAULTS.includes(error.name)) throw new TaskFailure(error.name, error.message);
      throw error;
    } finally {
      calls.delete(call);
    }
  };
  let hasEnded = false;
  const states = await openStates({
    journal: noJournal(),
    invoke,
    machine: () => ({ arn: ARN, roleArn: 'arn:aws:iam::123456789012:role/Test', definition: machine as never }),
    onStatusChange: ({ status }) => {
      hasEnded ||= status !== 'RUNNING';
    },
    clock,
    chance: seededChance(1),
  });
  try {
    const { executionArn } = await states.start({ stateMachineArn: ARN, name: 'run', input: JSON.stringify(input) });
    for (;;) {
      do {
        await Promise.allSettled(calls);
        await new Promise(setImmediate); // the interpreter goes on as far as it can
      } while (calls.size > 0);
      if (hasEnded) break;
      clock.leap();
    }
    return states.describe(executionArn);
  } finally {
    await states.close();
  }
};
