import { describe, expect, it, vi } from 'vitest';
import { TaskFailure } from '../../../local/states/failure.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { arnOf, functionArn, invoking, machineOf, openBench, outputOf, ROLE_ARN, until } from './harness.ts';

describe('Pass, Succeed and Fail', () => {
  it('hands its input on, or what Output makes of it', async () => {
    const bench = await openBench(
      machineOf({
        Keep: { Type: 'Pass', Next: 'Change' },
        Change: {
          Type: 'Pass',
          Output: { was: '{% $states.input %}', list: [1, '{% 1 + 1 %}', '- {% x %} -'] },
          Next: 'Done',
        },
        Done: { Type: 'Succeed', Output: { all: '{% $states.input %}' } },
      })
    );
    expect(outputOf(await bench.run({ a: null }))).toEqual({ all: { was: { a: null }, list: [1, 2, '- {% x %} -'] } });
    expect(bench.types(arnOf('run'))).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'PassStateEntered',
      'PassStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('fails with the Error and Cause that expressions give', async () => {
    const bench = await openBench(
      machineOf({
        No: { Type: 'Fail', Error: "{% 'E' & $states.input.code %}", Cause: '{% $states.context.State.Name %}' },
      })
    );
    expect(await bench.run({ code: 7 })).toMatchObject({ status: 'FAILED', error: 'E7', cause: 'No' });
    expect(bench.types(arnOf('run'))).toEqual(['ExecutionStarted', 'FailStateEntered', 'ExecutionFailed']);
  });

  it('shows Assign and Output the same values, those of the entry', async () => {
    const bench = await openBench(
      machineOf({
        Set: { Type: 'Pass', Assign: { n: 1 }, Next: 'Both' },
        Both: { Type: 'Pass', Assign: { n: '{% $n + 1 %}', m: '{% $n %}' }, Output: '{% $n %}', Next: 'After' },
        After: { Type: 'Pass', Output: { before: '{% $states.input %}', n: '{% $n %}', m: '{% $m %}' }, End: true },
      })
    );
    expect(outputOf(await bench.run())).toEqual({ before: 1, n: 2, m: 1 });
    expect(bench.states.history(arnOf('run'))[4]).toMatchObject({
      type: 'PassStateExited',
      stateExitedEventDetails: { name: 'Both', output: '1', assignedVariables: { n: '2', m: '1' } },
    });
  });
});

describe('Choice', () => {
  const choice: JsonObject = {
    Pick: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.n > 10 %}', Assign: { by: 'first' }, Output: 'big', Next: 'End' },
        { Condition: "{% $states.input.kind = 'a' %}", Next: 'End' },
      ],
      Default: 'End',
      Assign: { by: 'default' },
      Output: 'none',
    },
    End: { Type: 'Pass', Output: { out: '{% $states.input %}', by: "{% $exists($by) ? $by : 'nobody' %}" }, End: true },
  };

  it.each([
    [
      { n: 11, kind: 'a' },
      { out: 'big', by: 'first' },
    ],
    [
      { n: 1, kind: 'a' },
      { out: { n: 1, kind: 'a' }, by: 'nobody' },
    ],
    [
      { n: 1, kind: 'b' },
      { out: 'none', by: 'default' },
    ],
  ])('takes the first rule that holds, with its own Assign and Output: %j', async (input, expected) => {
    const bench = await openBench(machineOf(choice));
    expect(outputOf(await bench.run(input))).toEqual(expected);
  });

  it('fails where no rule holds and there is no Default', async () => {
    const { Default: _, ...pick } = choice.Pick as JsonObject;
    const bench = await openBench(machineOf({ ...choice, Pick: pick }));
    expect(await bench.run({ n: 1 })).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it('fails where a condition is no boolean', async () => {
    const rules = [{ Condition: '{% $states.input.n %}', Next: 'End' }];
    const bench = await openBench(machineOf({ Pick: { Type: 'Choice', Choices: rules }, End: { Type: 'Succeed' } }));
    const execution = await bench.run({ n: 1 });
    expect(execution.error).toBe('States.QueryEvaluationError');
    expect(execution.cause).toContain("'Choices[0]/Condition'");
    expect(execution.cause).toContain("Expected 'boolean', but was 'number' for value: 1");
    expect(bench.types(arnOf('run'))).toContain('EvaluationFailed');
  });
});

describe('Wait', () => {
  it('ends at once for a time that has passed', async () => {
    const bench = await openBench(
      machineOf({
        None: { Type: 'Wait', Seconds: 0, Next: 'Past' },
        Past: { Type: 'Wait', Timestamp: '{% $states.input.at %}', Output: 'waited', End: true },
      })
    );
    expect(outputOf(await bench.run({ at: '2020-01-01T00:00:00Z' }))).toBe('waited');
  });

  it('ends when its seconds have passed, be they longer than a timer can be', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const bench = await openBench(machineOf({ Long: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } }));
    const arn = await bench.start('run', 40 * 86_400);
    await until(() => vi.getTimerCount() === 2); // the other one is the execution's, which has a year
    await vi.advanceTimersByTimeAsync(40 * 86_400_000 - 1);
    expect(bench.states.describe(arn).status).toBe('RUNNING');
    await vi.advanceTimersByTimeAsync(1);
    expect((await bench.ended(arn)).status).toBe('SUCCEEDED');
    vi.useRealTimers();
  });

  it.each([
    ['Seconds', -1, 'returned -1. Expected an integer from 0 to 99999999.'],
    [
      'Timestamp',
      'tomorrow',
      'The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: tomorrow',
    ],
  ])('fails for a %s that is none', async (field, value, expected) => {
    const bench = await openBench(machineOf({ W: { Type: 'Wait', [field]: '{% $states.input.v %}', End: true } }));
    const execution = await bench.run({ v: value });
    expect(execution.error).toBe('States.QueryEvaluationError');
    expect(execution.cause).toContain(expected);
  });
});

describe('Task', () => {
  it('invokes with role, trace and payload, and gives what lambda:invoke gives', async () => {
    const bench = await openBench(machineOf({ T: invoking('f:7', { Output: '{% $states.result %}' }) }), {
      f: () => ({ answer: 42 }),
    });
    expect(outputOf(await bench.run({ q: 1 }))).toMatchObject({
      ExecutedVersion: '7',
      Payload: { answer: 42 },
      StatusCode: 200,
    });
    expect(bench.calls).toMatchObject([
      { functionArn: functionArn('f:7'), payload: { q: 1 }, roleArn: ROLE_ARN, executionArn: arnOf('run') },
    ]);
    expect(bench.calls[0]?.traceHeader).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=1$/);
  });

  it('keeps its history in the shape and order of AWS', async () => {
    const bench = await openBench(machineOf({ T: invoking('f', { TimeoutSeconds: 9 }) }), { f: () => 1 });
    await bench.run();
    const events = bench.states.history(arnOf('run'));
    expect(events.map(({ id, previousEventId }) => [id, previousEventId])).toEqual([
      [1, 0],
      [2, 0],
      [3, 2],
      [4, 3],
      [5, 4],
      [6, 5],
      [7, 6],
    ]);
    const named = { resourceType: 'lambda', resource: 'invoke' };
    expect(events).toMatchObject([
      {
        type: 'ExecutionStarted',
        executionStartedEventDetails: { input: '{}', inputDetails: { truncated: false }, roleArn: ROLE_ARN },
      },
      {
        type: 'TaskStateEntered',
        stateEnteredEventDetails: { name: 'T', input: '{}', inputDetails: { truncated: false } },
      },
      { type: 'TaskScheduled', taskScheduledEventDetails: { ...named, region: 'us-east-1', timeoutInSeconds: 9 } },
      { type: 'TaskStarted', taskStartedEventDetails: named },
      { type: 'TaskSucceeded', taskSucceededEventDetails: { ...named, outputDetails: { truncated: false } } },
      {
        type: 'TaskStateExited',
        stateExitedEventDetails: { name: 'T', output: '1', outputDetails: { truncated: false } },
      },
      {
        type: 'ExecutionSucceeded',
        executionSucceededEventDetails: { output: '1', outputDetails: { truncated: false } },
      },
    ]);
  });

  it('takes the ARN of a function for its Resource, and its input for Arguments', async () => {
    const bench = await openBench(machineOf({ T: { Type: 'Task', Resource: functionArn('f'), End: true } }), {
      f: (payload) => ({ got: payload }),
    });
    expect(outputOf(await bench.run({ a: 1 }))).toEqual({ got: { a: 1 } });
    expect(bench.types(arnOf('run')).slice(2, 5)).toEqual([
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
    ]);
  });

  it('shows the context object', async () => {
    const bench = await openBench(
      machineOf({
        T: invoking('f', { Arguments: { FunctionName: functionArn('f'), Payload: '{% $states.context %}' } }),
      }),
      { f: (payload) => payload }
    );
    expect(outputOf(await bench.run({ a: 1 }))).toMatchObject({
      Execution: {
        Id: arnOf('run'),
        Name: 'run',
        RoleArn: ROLE_ARN,
        Input: { a: 1 },
        StartTime: expect.stringMatching(/Z$/),
      },
      State: { Name: 'T', RetryCount: 0, EnteredTime: expect.stringMatching(/Z$/) },
      StateMachine: { Id: 'arn:aws:states:us-east-1:123456789012:stateMachine:Test', Name: 'Test' },
    });
  });

  it.each([
    ['States.DataLimitExceeded', 'x'.repeat(300_000)],
    ['States.DataLimitExceeded', 'é'.repeat(140_000)],
  ])('fails with %s for an answer over 256 KiB, which no wildcard catches', async (error, answer) => {
    const bench = await openBench(
      machineOf({
        T: invoking('f', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }),
        Caught: { Type: 'Succeed' },
      }),
      { f: () => answer }
    );
    expect(await bench.run()).toMatchObject({ status: 'FAILED', error });
  });

  it('fails with the Error and Cause of the function', async () => {
    const bench = await openBench(machineOf({ T: invoking('f') }), {
      f: () => {
        throw new TaskFailure('Terminal', '{"errorMessage":"no"}');
      },
    });
    expect(await bench.run()).toMatchObject({ status: 'FAILED', error: 'Terminal', cause: '{"errorMessage":"no"}' });
    expect(bench.types(arnOf('run')).slice(-2)).toEqual(['TaskFailed', 'ExecutionFailed']);
  });
});

describe('limits', () => {
  it('ends a loop at 25,000 events, the last of which says so', async () => {
    const bench = await openBench(
      machineOf({
        A: { Type: 'Pass', Next: 'B' },
        B: { Type: 'Choice', Choices: [{ Condition: false, Next: 'End' }], Default: 'A' },
        End: { Type: 'Succeed' },
      })
    );
    const execution = await bench.run();
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    });
    const events = bench.states.history(arnOf('run'));
    expect(events).toHaveLength(25_000);
    expect(events.at(-1)?.type).toBe('ExecutionFailed');
  });

  it('times out as a whole', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    let signal: AbortSignal | undefined;
    const bench = await openBench(machineOf({ T: invoking('slow') }, { TimeoutSeconds: 60 }), {
      slow: (_, call) => {
        signal = call.signal;
        return new Promise(() => {});
      },
    });
    const arn = await bench.start('run');
    await until(() => signal !== undefined);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await bench.ended(arn)).toMatchObject({ status: 'TIMED_OUT' });
    expect(signal?.aborted).toBe(true);
    expect(bench.types(arn).at(-1)).toBe('ExecutionTimedOut');
    vi.useRealTimers();
  });
});
