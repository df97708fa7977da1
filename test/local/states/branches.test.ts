import { afterEach, describe, expect, it, vi } from 'vitest';
import { TaskFailure } from '../../../local/states/failure.ts';
import type { Json, JsonObject } from '../../../local/template/json.ts';
import { arnOf, functionArn, invoking, machineOf, openBench, outputOf, until } from './harness.ts';

const scope = (states: JsonObject): JsonObject => ({ StartAt: Object.keys(states)[0] ?? '', States: states });
const pass = (name: string, more: JsonObject = {}): JsonObject =>
  scope({ [name]: { Type: 'Pass', End: true, ...more } });
const failing = (name: string, more: JsonObject = { Error: 'Broken', Cause: 'why' }): JsonObject =>
  scope({ [name]: { Type: 'Fail', ...more } });
const parallel = (branches: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  Type: 'Parallel',
  Branches: branches,
  ...('Next' in more ? {} : { End: true }),
  ...more,
});
const map = (processor: JsonObject, more: JsonObject = {}): JsonObject => ({
  Type: 'Map',
  ItemProcessor: processor,
  ...('Next' in more ? {} : { End: true }),
  ...more,
});
const end = { Type: 'Succeed' };
const outcomeOf = async (states: JsonObject, input: Json = {}): Promise<unknown> =>
  outputOf(await (await openBench(machineOf(states))).run(input));

describe('Parallel', () => {
  it('hands its input to each branch, and their outputs on, in order', async () => {
    expect(await outcomeOf({ P: parallel([pass('A'), pass('B', { Output: 2 }), pass('C')]) }, 'in')).toEqual([
      'in',
      2,
      'in',
    ]);
  });

  it('hands Arguments to the branches, and the result to Output and Assign', async () => {
    const output = await outcomeOf(
      {
        P: parallel([pass('A'), pass('B')], {
          Arguments: { n: '{% $states.input.n + 1 %}' },
          Assign: { all: '{% $states.result.n %}' },
          Output: { sum: '{% $sum($states.result.n) %}', was: '{% $states.input %}' },
          Next: 'After',
        }),
        After: { ...end, Output: ['{% $states.input %}', '{% $all %}'] },
      },
      { n: 1 }
    );
    expect(output).toEqual([{ sum: 4, was: { n: 1 } }, [2, 2]]);
  });

  it('runs its branches at one time', async () => {
    const gates = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
    const bench = await openBench(
      machineOf({ P: parallel([scope({ A: invoking('f') }), scope({ B: invoking('f') })]) }),
      {
        f: () => gates[bench.calls.length - 1]?.promise ?? 0,
      }
    );
    const arn = await bench.start('run');
    await until(() => bench.calls.length === 2);
    gates[1]?.resolve(2);
    gates[0]?.resolve(1);
    expect(outputOf(await bench.ended(arn))).toEqual([1, 2]);
  });

  it('fails with the error of the branch that fails, and gives the others up', async () => {
    const late = Promise.withResolvers<never>();
    const bench = await openBench(
      machineOf({
        P: parallel([
          scope({ A: invoking('slow') }),
          scope({ B: invoking('bad') }),
          scope({ C: { Type: 'Wait', Seconds: 9, End: true } }),
        ]),
      }),
      {
        slow: () => late.promise,
        bad: async () => {
          await until(() => bench.calls.length === 2);
          throw new TaskFailure('Terminal', 'why');
        },
      }
    );
    expect(await bench.run()).toMatchObject({ status: 'FAILED', error: 'Terminal', cause: 'why' });
    expect(bench.calls.find(({ functionArn: arn }) => arn === functionArn('slow'))?.signal.aborted).toBe(true);
    expect(bench.types(arnOf('run')).slice(-6)).toEqual([
      'TaskFailed',
      'TaskStateAborted',
      'TaskStateAborted',
      'WaitStateAborted',
      'ParallelStateFailed',
      'ExecutionFailed',
    ]);
  });

  it.each(['Broken', 'States.BranchFailed', 'States.ALL'])(
    'is caught by %s, and shows the error of the branch',
    async (name) => {
      const output = await outcomeOf({
        P: parallel([failing('A'), pass('B')], {
          Catch: [{ ErrorEquals: [name], Assign: { e: '{% $states.errorOutput.Cause %}' }, Next: 'End' }],
        }),
        End: { ...end, Output: ['{% $states.input.Error %}', '{% $e %}'] },
      });
      expect(output).toEqual(['Broken', 'why']);
    }
  );

  it('starts all branches anew when it is tried again', async () => {
    let calls = 0;
    const bench = await openBench(
      machineOf({
        P: parallel([scope({ A: invoking('count') }), scope({ B: invoking('flaky') })], {
          Retry: [{ ErrorEquals: ['Retryable'], IntervalSeconds: 1 }],
          Output: ['{% $states.result %}', '{% $states.context.State.RetryCount %}'],
        }),
      }),
      {
        count: () => 'counted',
        flaky: () => {
          calls += 1;
          if (calls === 1) throw new TaskFailure('Retryable', 'once');
          return 'well';
        },
      }
    );
    expect(outputOf(await bench.run())).toEqual([['counted', 'well'], 1]);
    expect(bench.calls).toHaveLength(4);
  });

  it('gives null for what a Fail state in it left out', async () => {
    const output = await outcomeOf({
      P: parallel([failing('A', {})], { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'End' }] }),
      End: end,
    });
    expect(output).toEqual({ Error: null, Cause: null });
  });
});

describe('Map', () => {
  it('runs its processor on each item of its input, and gives the outputs in order', async () => {
    const processor = scope({ A: invoking('double') });
    const bench = await openBench(machineOf({ M: map(processor) }), {
      double: async (n) => {
        if (n === 1) await until(() => bench.calls.length === 3);
        return Number(n) * 2;
      },
    });
    expect(outputOf(await bench.run([1, 2, 3]))).toEqual([2, 4, 6]);
  });

  it.each<[string, JsonObject, Json, unknown]>([
    ['an empty array', {}, [], []],
    ['Items of an expression', { Items: '{% $states.input.list %}' }, { list: ['a'] }, ['a']],
    ['Items of an array', { Items: [1, '{% $states.input.n %}'] }, { n: 2 }, [1, 2]],
    [
      'an ItemSelector',
      {
        Items: ['a', 'b'],
        ItemSelector: {
          at: '{% $states.context.Map.Item.Index %}',
          value: '{% $states.context.Map.Item.Value %}',
          of: '{% $states.input %}',
        },
      },
      'in',
      [
        { at: 0, value: 'a', of: 'in' },
        { at: 1, value: 'b', of: 'in' },
      ],
    ],
    ['its context', { Output: '{% $states.context.State.RetryCount %}' }, [1], 0],
  ])('takes %s', async (_, more, input, expected) => {
    expect(await outcomeOf({ M: map(pass('A'), more) }, input)).toEqual(expected);
  });

  it.each<[string, JsonObject, Json, RegExp]>([
    ['an input that is no array', {}, { a: 1 }, /Map state input must be an array but was: \{"a":1\}/],
    ['Items that are none', { Items: '{% 1 %}' }, [], /'Items'.*array/],
    ['a MaxConcurrency below 0', { MaxConcurrency: '{% -1 %}' }, [1], /'MaxConcurrency'/],
    ['a threshold that is no number', { ToleratedFailurePercentage: "{% 'x' %}" }, [1], /'ToleratedFailurePercentage'/],
    ['a selector of nothing', { ItemSelector: { a: '{% $nothing %}' } }, [1], /the state 'M'.*'ItemSelector\/a'/],
  ])('fails for %s', async (_, more, input, cause) => {
    expect(await outcomeOf({ M: map(pass('A'), more) }, input)).toEqual({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause: expect.stringMatching(cause),
    });
  });

  it('tolerates an ItemSelector that fails for one item, and goes on with the next', async () => {
    const ItemSelector = { half: '{% 10 / $states.context.Map.Item.Value %}' };
    for (const MaxConcurrency of [0, 1])
      expect(
        await outcomeOf({ M: map(pass('A'), { ItemSelector, MaxConcurrency, ToleratedFailureCount: 1 }) }, [0, 5, 2])
      ).toEqual([
        expect.objectContaining({ Status: 'FAILED', Error: 'States.QueryEvaluationError' }),
        { half: 2 },
        { half: 5 },
      ]);
  });

  it('shows its item to the ItemSelector, and not to the states inside', async () => {
    expect(
      await outcomeOf({ M: map(pass('A', { Output: '{% $states.context.Map.Item.Value %}' })) }, [1])
    ).toMatchObject({
      error: 'States.QueryEvaluationError',
    });
  });

  it.each([
    [{}, 100, 40],
    [{ MaxConcurrency: 1000 }, 100, 40],
    [{ MaxConcurrency: 3 }, 10, 3],
    [{ MaxConcurrency: '{% 1 %}' }, 4, 1],
  ])('runs with %j, of %d items, %d at once', async (more, length, expected) => {
    let [now, most] = [0, 0];
    const bench = await openBench(machineOf({ M: map(scope({ A: invoking('f') }), more) }), {
      f: async (n) => {
        now += 1;
        most = Math.max(most, now);
        await until(() => now === Math.min(expected, length) || bench.calls.length > length - expected);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return n;
      },
    });
    const items = Array.from({ length }, (_, at) => at);
    expect(outputOf(await bench.run(items))).toEqual(items);
    expect(most).toBe(expected);
  });

  // failed items of all, ToleratedFailureCount, ToleratedFailurePercentage; 0 is no threshold of its kind
  it.each([
    [1, 3, 0, 0, 'Bad'],
    [1, 3, 1, 0, undefined],
    [2, 3, 1, 0, 'States.ExceedToleratedFailureThreshold'],
    [2, 3, 1, 90, 'States.ExceedToleratedFailureThreshold'],
    [2, 3, 5, 50, 'States.ExceedToleratedFailureThreshold'],
    [1, 3, 0, 34, undefined],
    [1, 3, 0, 33, 'States.ExceedToleratedFailureThreshold'],
    [1, 4, 0, 25, undefined],
    [3, 3, 0, 100, undefined],
  ])('with %d of %d failed, and a tolerance of %d or %d %%: %s', async (bad, all, count, percentage, error) => {
    const isBad = Array.from({ length: all }, (_, at) => at < bad);
    const outcome = await outcomeOf(
      {
        M: map(
          scope({
            A: { Type: 'Choice', Choices: [{ Condition: '{% $states.input %}', Next: 'B' }], Default: 'C' },
            B: { Type: 'Fail', Error: 'Bad', Cause: 'why' },
            C: { Type: 'Succeed' },
          }),
          { ToleratedFailureCount: count, ToleratedFailurePercentage: percentage }
        ),
      },
      isBad
    );
    const tolerated = { Status: 'FAILED', Error: 'Bad', Cause: 'why' };
    if (error === undefined) expect(outcome).toEqual(isBad.map((is) => (is ? tolerated : false)));
    else expect(outcome).toMatchObject({ status: 'FAILED', error });
  });

  it('fails with the error of the iteration, and gives the others up', async () => {
    const bench = await openBench(
      machineOf({
        M: map(scope({ A: invoking('f') }), { Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'End' }] }),
        End: end,
      }),
      {
        f: async (n) => {
          await until(() => bench.calls.length === 3);
          if (n === 1) throw new TaskFailure('Bad', 'why');
          return new Promise(() => {});
        },
      }
    );
    expect(outputOf(await bench.run([0, 1, 2]))).toEqual({ Error: 'Bad', Cause: 'why' });
    expect(bench.calls.map(({ signal }) => signal.aborted)).toEqual([true, false, true]);
  });

  it('keeps 6,000 items within the history, and ends with it', async () => {
    const items = Array.from({ length: 7_000 }, (_, at) => at);
    const [few, many] = [items.slice(0, 6_000), items];
    const [enough, over] = await Promise.all([few, many].map((list) => outcomeOf({ M: map(pass('A')) }, list)));
    expect(enough).toEqual(few);
    expect(over).toMatchObject({ error: 'States.Runtime', cause: expect.stringContaining('25000') });
  });
});

describe('time in branches', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends the task that keeps silent, not the one whose heart beats', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const tokens: string[] = [];
    const ask = invoking('ask', {
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: functionArn('ask'), Payload: '{% $states.context.Task.Token %}' },
      HeartbeatSeconds: '{% 10 %}',
      TimeoutSeconds: '{% 600 %}',
      Output: '{% $states.result %}',
    });
    const bench = await openBench(machineOf({ M: map(scope({ Ask: ask }), { ToleratedFailureCount: 1 }) }), {
      ask: (token) => {
        tokens.push(String(token));
        return null;
      },
    });
    const arn = await bench.start('run', [0, 1]);
    await until(() => bench.types(arn).filter((type) => type === 'TaskSubmitted').length === 2);
    await vi.advanceTimersByTimeAsync(9_000);
    await bench.states.sendTaskHeartbeat(tokens[1] ?? '');
    await vi.advanceTimersByTimeAsync(9_000);
    await until(() => bench.types(arn).includes('MapIterationFailed'));
    await bench.states.sendTaskSuccess(tokens[1] ?? '', '"alive"');
    expect(outputOf(await bench.ended(arn))).toEqual([{ Status: 'FAILED', Error: 'States.Timeout' }, 'alive']);
  });

  it('ends the whole execution in all of its branches', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const bench = await openBench(
      machineOf(
        { P: parallel([scope({ A: invoking('slow') }), scope({ W: { Type: 'Wait', Seconds: 90, End: true } })]) },
        { TimeoutSeconds: 60 }
      ),
      { slow: () => new Promise(() => {}) }
    );
    const arn = await bench.start('run');
    await until(() => bench.calls.length === 1 && vi.getTimerCount() === 2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await bench.ended(arn)).toMatchObject({ status: 'TIMED_OUT' });
    expect(bench.calls[0]?.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no heartbeat as long as a time-out that expressions make', async () => {
    const task = invoking('f', { HeartbeatSeconds: '{% $states.input %}', TimeoutSeconds: 5 });
    expect(await outcomeOf({ T: task }, 5)).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});

describe('variables', () => {
  it('are read from around, assigned within, and forgotten at the end', async () => {
    const inner = scope({
      A: { Type: 'Pass', Assign: { own: '{% $outer & $states.input %}' }, Next: 'B' },
      B: { Type: 'Pass', Output: '{% $own %}', End: true },
    });
    const states = (more: JsonObject): JsonObject => ({
      Set: { Type: 'Pass', Assign: { outer: 'o' }, Next: 'M' },
      M: map(inner, { Items: ['1', '2'], Assign: { from: '{% $states.result %}' }, Next: 'End' }),
      End: { ...end, ...more },
    });
    expect(await outcomeOf(states({ Output: '{% $from %}' }))).toEqual(['o1', 'o2']);
    expect(await outcomeOf(states({ Output: '{% $own %}' }))).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  it('have 256 KiB in one Assign and 10 MiB in an execution, those of branches among them', async () => {
    const size = '{% $pad("", 200000, "x") %}';
    expect(await outcomeOf({ A: { Type: 'Pass', Assign: { a: size, b: size }, Output: 1, End: true } })).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    const branch = (n: number): JsonObject =>
      scope({
        [`A${n}`]: { Type: 'Pass', Assign: { a: size }, Output: 1, Next: `B${n}` },
        [`B${n}`]: invoking('f'),
      });
    const run = async (length: number): Promise<unknown> => {
      const bench = await openBench(
        machineOf({
          P: parallel(
            Array.from({ length }, (_, n) => branch(n)),
            { Output: 'fits' }
          ),
        }),
        {
          f: async () => {
            await until(() => bench.calls.length === length);
            return 1;
          },
        }
      );
      return outputOf(await bench.run());
    };
    expect(await run(52)).toBe('fits');
    expect(await run(53)).toMatchObject({ error: 'States.DataLimitExceeded' });
  });

  it('overwritten many times count once', async () => {
    const output = await outcomeOf({
      Set: { Type: 'Pass', Assign: { n: 0 }, Next: 'A' },
      A: { Type: 'Pass', Assign: { a: '{% $pad("", 200000, "x") %}', n: '{% $n + 1 %}' }, Next: 'Loop' },
      Loop: { Type: 'Choice', Choices: [{ Condition: '{% $n < 60 %}', Next: 'A' }], Default: 'End' },
      End: { ...end, Output: 'fits' },
    });
    expect(output).toBe('fits');
  });
});

describe('branches in branches', () => {
  it('a Map in a Parallel in a Map', async () => {
    const inner = map(pass('Leaf', { Output: '{% $states.input + $base %}' }), {
      Items: '{% [$states.input, $states.input * 10] %}',
    });
    const output = await outcomeOf({
      Set: { Type: 'Pass', Assign: { base: 1 }, Next: 'Outer' },
      Outer: map(scope({ Both: parallel([scope({ Inner: inner }), pass('Other')]) }), { Items: [1, 2] }),
    });
    expect(output).toEqual([
      [[2, 11], 1],
      [[3, 21], 2],
    ]);
  });

  it('wait for several tokens at once, each good for one answer', async () => {
    const tokens: string[] = [];
    const ask = invoking('ask', {
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: functionArn('ask'), Payload: '{% $states.context.Task.Token %}' },
      Output: '{% $states.result %}',
    });
    const bench = await openBench(machineOf({ M: map(scope({ Ask: ask })) }), {
      ask: (token) => {
        tokens.push(String(token));
        return null;
      },
    });
    const arn = await bench.start('run', [0, 1, 2]);
    await until(() => tokens.length === 3);
    for (const [at, token] of [...tokens.entries()].reverse()) {
      await bench.states.sendTaskSuccess(token, String(at));
      if (at > 0)
        await expect(bench.states.sendTaskSuccess(token, '9')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    }
    expect(outputOf(await bench.ended(arn))).toEqual([0, 1, 2]);
  });

  it('leave no token good when another branch fails, or when the execution is stopped', async () => {
    const tokens: string[] = [];
    const ask = invoking('ask', {
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: functionArn('ask'), Payload: '{% $states.context.Task.Token %}' },
    });
    const bench = await openBench(machineOf({ P: parallel([scope({ Ask: ask }), scope({ B: invoking('bad') })]) }), {
      ask: (token) => {
        tokens.push(String(token));
        return null;
      },
      bad: async (input) => {
        await until(() => tokens.length > 0);
        if (input === 'stop') return new Promise(() => {});
        throw new TaskFailure('Bad', '');
      },
    });
    expect((await bench.run()).status).toBe('FAILED');
    const arn = await bench.start('stopped', 'stop');
    await until(() => tokens.length === 2);
    await bench.states.stop(arn);
    for (const token of tokens)
      await expect(bench.states.sendTaskSuccess(token, '1')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    expect(bench.calls.map(({ signal }) => signal.aborted)).toContain(true);
  });
});
