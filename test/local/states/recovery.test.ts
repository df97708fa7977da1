import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Failure, TaskFailure } from '../../../local/states/failure.ts';
import { delayMs, matches } from '../../../local/states/matching.ts';
import { arnOf, type Bench, functionArn, invoking, machineOf, openBench, outputOf, until } from './harness.ts';

const failing = (...errors: readonly (string | undefined)[]) => {
  let at = 0;
  return () => {
    const error = errors[Math.min(at, errors.length - 1)];
    at += 1;
    if (error !== undefined) throw new TaskFailure(error, `cause ${at}`);
    return 'good';
  };
};

/** Passes time until the execution has ended; gives the seconds that it took. */
const secondsToEnd = async (bench: Bench, arn: string): Promise<number> => {
  const from = Date.now();
  while (bench.states.describe(arn).status === 'RUNNING') {
    // one of the timers is the execution's own, which has a year
    await until(() => vi.getTimerCount() > 1 || bench.states.describe(arn).status !== 'RUNNING');
    if (bench.states.describe(arn).status === 'RUNNING') await vi.advanceTimersToNextTimerAsync();
  }
  return (Date.now() - from) / 1_000;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Retry', () => {
  const retry = (...retriers: readonly object[]) =>
    machineOf({ T: invoking('f', { Retry: JSON.parse(JSON.stringify(retriers)) }) });

  it('waits 1, 2 and 4 seconds, then gives up, as nothing else is said', async () => {
    const bench = await openBench(retry({ ErrorEquals: ['E'] }), { f: failing('E') });
    const arn = await bench.start('run');
    expect(await secondsToEnd(bench, arn)).toBe(7);
    expect(bench.states.describe(arn)).toMatchObject({ status: 'FAILED', error: 'E', cause: 'cause 4' });
    expect(bench.calls).toHaveLength(4);
    expect(bench.types(arn).filter((type) => type === 'TaskScheduled')).toHaveLength(4);
  });

  it('keeps a delay under MaxDelaySeconds', async () => {
    const retrier = { ErrorEquals: ['E'], IntervalSeconds: 10, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 20 };
    const bench = await openBench(retry(retrier), { f: failing('E', 'E', 'E', undefined) });
    const arn = await bench.start('run');
    expect(await secondsToEnd(bench, arn)).toBe(10 + 20 + 20);
    expect(bench.states.describe(arn).status).toBe('SUCCEEDED');
  });

  it('counts for each retrier of its own, and asks the first that matches only', async () => {
    const bench = await openBench(
      retry({ ErrorEquals: ['A'], MaxAttempts: 1 }, { ErrorEquals: ['A', 'B'], MaxAttempts: 2 }),
      { f: failing('A', 'B', 'B', 'A', undefined) }
    );
    const arn = await bench.start('run');
    await secondsToEnd(bench, arn);
    expect(bench.states.describe(arn)).toMatchObject({ status: 'FAILED', error: 'A', cause: 'cause 4' });
  });

  it('never retries what MaxAttempts 0 names, though a wildcard follows', async () => {
    const bench = await openBench(retry({ ErrorEquals: ['A'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }), {
      f: failing('A'),
    });
    const arn = await bench.start('run');
    await secondsToEnd(bench, arn);
    expect(bench.calls).toHaveLength(1);
  });

  it('evaluates Arguments again, which see the count', async () => {
    const Arguments = { FunctionName: functionArn('f'), Payload: '{% $states.context.State.RetryCount %}' };
    const bench = await openBench(machineOf({ T: invoking('f', { Arguments, Retry: [{ ErrorEquals: ['E'] }] }) }), {
      f: failing('E', 'E', undefined),
    });
    await secondsToEnd(bench, await bench.start('run'));
    expect(bench.calls.map(({ payload }) => payload)).toEqual([0, 1, 2]);
  });

  it('starts to count again when the state is entered again', async () => {
    const bench = await openBench(
      machineOf({
        T: invoking('f', {
          Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1 }],
          Assign: { n: '{% $exists($n) ? 2 : 1 %}' },
          Next: 'Again',
        }),
        Again: { Type: 'Choice', Choices: [{ Condition: '{% $n = 1 %}', Next: 'T' }], Default: 'End' },
        End: { Type: 'Succeed' },
      }),
      { f: failing('E', undefined, 'E', undefined) }
    );
    const arn = await bench.start('run');
    await secondsToEnd(bench, arn);
    expect(bench.states.describe(arn).status).toBe('SUCCEEDED');
    expect(bench.calls).toHaveLength(4);
  });

  it('spreads a FULL jitter from nothing to the whole delay', () => {
    const retrier = {
      errors: ['E'],
      intervalSeconds: 2,
      backoffRate: 2,
      maxAttempts: 9,
      maxDelaySeconds: 60,
      jitter: 'FULL',
    } as const;
    fc.assert(
      fc.property(fc.nat(50), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempts, random) => {
        const delay = delayMs(retrier, attempts, () => random);
        expect(delay).toBe(Math.round(random * delayMs({ ...retrier, jitter: 'NONE' }, attempts, () => random)));
        expect(delay).toBeLessThanOrEqual(60_000);
      })
    );
  });
});

describe('Catch', () => {
  it('goes on from the error, with Assign and Output of its own', async () => {
    const bench = await openBench(
      machineOf({
        T: invoking('f', {
          Assign: { from: 'task' },
          Catch: [
            { ErrorEquals: ['Other'], Next: 'End' },
            {
              ErrorEquals: ['States.ALL'],
              Assign: { from: '{% $states.errorOutput.Error %}' },
              Output: '{% [$states.input, $states.errorOutput] %}',
              Next: 'End',
            },
          ],
        }),
        End: { Type: 'Succeed', Output: { got: '{% $states.input %}', from: '{% $from %}' } },
      }),
      { f: failing('Terminal') }
    );
    expect(outputOf(await bench.run({ a: 1 }))).toEqual({
      got: [{ a: 1 }, { Error: 'Terminal', Cause: 'cause 1' }],
      from: 'Terminal',
    });
    expect(bench.types(arnOf('run')).slice(4, 6)).toEqual(['TaskFailed', 'TaskStateExited']);
  });

  it('hands the error output on by default', async () => {
    const bench = await openBench(
      machineOf({ T: invoking('f', { Catch: [{ ErrorEquals: ['E'], Next: 'End' }] }), End: { Type: 'Succeed' } }),
      { f: failing('E') }
    );
    expect(outputOf(await bench.run())).toEqual({ Error: 'E', Cause: 'cause 1' });
  });

  it('takes a failed expression of the task, and fails where its own fails', async () => {
    const bench = await openBench(
      machineOf({
        T: invoking('f', {
          Output: '{% $states.result.nothing %}',
          Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'U' }],
        }),
        U: invoking('f', {
          Arguments: { FunctionName: '{% $absent %}' },
          Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $absent %}', Next: 'End' }],
        }),
        End: { Type: 'Succeed' },
      }),
      { f: () => 1 }
    );
    const execution = await bench.run();
    expect(execution.error).toBe('States.QueryEvaluationError');
    expect(execution.cause).toMatch(
      /'U' \(entered at the event id #\d+\).*'\$absent' specified for the field 'Catch\[0\]\/Output'/
    );
    const evaluations = bench.states.history(arnOf('run')).filter(({ type }) => type === 'EvaluationFailed');
    expect(evaluations.map((event) => event.evaluationFailedEventDetails)).toMatchObject([
      { state: 'T', location: 'Output' },
      { state: 'U', location: 'Arguments/FunctionName' },
      { state: 'U', location: 'Catch[0]/Output' },
    ]);
  });
});

describe('time-outs', () => {
  it.each([{ TimeoutSeconds: 5 }, { TimeoutSeconds: '{% $states.input.limit %}' }])(
    'gives up after %j',
    async (limit) => {
      let signal: AbortSignal | undefined;
      const bench = await openBench(
        machineOf({
          T: invoking('slow', { ...limit, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'End' }] }),
          End: { Type: 'Succeed' },
        }),
        {
          slow: (_, call) => {
            signal = call.signal;
            return new Promise(() => {});
          },
        }
      );
      const arn = await bench.start('run', { limit: 5 });
      expect(await secondsToEnd(bench, arn)).toBe(5);
      expect(outputOf(bench.states.describe(arn))).toEqual({ Error: 'States.Timeout', Cause: '' });
      expect(bench.types(arn)[4]).toBe('TaskTimedOut');
      expect(signal?.aborted).toBe(true);
    }
  );

  it('fails, and does not time out, where nothing catches it', async () => {
    const bench = await openBench(machineOf({ T: invoking('slow', { TimeoutSeconds: 1 }) }), {
      slow: () => new Promise(() => {}),
    });
    const arn = await bench.start('run');
    await secondsToEnd(bench, arn);
    expect(bench.states.describe(arn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});

describe('matching', () => {
  const failure = (error: string, from: Failure['from'] = 'task'): Failure => ({ error, from });

  it.each([
    [failure('Retryable'), ['Retryable'], true],
    [failure('Retryable'), ['Terminal'], false],
    [failure('Retryable'), ['States.TaskFailed'], true],
    [failure('Retryable'), ['States.ALL'], true],
    [failure('States.Timeout', 'timeout'), ['States.Timeout'], true],
    [failure('States.Timeout', 'timeout'), ['States.TaskFailed'], false],
    [failure('States.Timeout', 'timeout'), ['States.HeartbeatTimeout'], false],
    [failure('States.Timeout', 'timeout'), ['States.ALL'], true],
    [failure('States.Timeout', 'heartbeat'), ['States.HeartbeatTimeout'], true],
    [failure('States.Timeout', 'heartbeat'), ['States.Timeout'], true],
    [failure('States.Timeout', 'heartbeat'), ['States.TaskFailed'], false],
    [failure('States.QueryEvaluationError', 'state'), ['States.TaskFailed'], false],
    [failure('States.DataLimitExceeded', 'state'), ['States.TaskFailed'], false],
    [failure('States.QueryEvaluationError', 'state'), ['States.ALL'], true],
    [failure('States.DataLimitExceeded', 'state'), ['States.ALL'], false],
    [failure('States.DataLimitExceeded', 'state'), ['States.DataLimitExceeded'], true],
    [failure('States.Runtime', 'state'), ['States.ALL'], false],
    [failure('States.Runtime', 'state'), ['States.Runtime'], false],
  ])('%j by %j: %s', (given, errors, expected) => {
    expect(matches(given, errors)).toBe(expected);
  });

  it('finds an error by its own name wherever it stands, and by no other', () => {
    const name = fc.stringMatching(/^[A-Z][a-z]{1,8}$/);
    fc.assert(
      fc.property(name, fc.array(name), (error, errors) => {
        expect(matches(failure(error, 'state'), errors)).toBe(errors.includes(error));
        expect(matches(failure(error, 'state'), [...errors, error])).toBe(true);
      })
    );
  });
});
