import { describe, expect, it, vi } from 'vitest';
import { TaskFailure } from '../../../local/states/failure.ts';
import type { Json, JsonObject } from '../../../local/template/json.ts';
import { arnOf, functionArn, invoking, machineOf, openBench, until } from './harness.ts';

/** What AWS put into histories: as recorded from it in the snapshots of the tests of LocalStack, by whose names these go. */

const pass = (name: string, more: JsonObject = {}): JsonObject => ({
  StartAt: name,
  States: { [name]: { Type: 'Pass', End: true, ...more } },
});
const fail = (name: string): JsonObject => ({
  StartAt: name,
  States: { [name]: { Type: 'Fail', Error: 'FailureType', Cause: 'Cause description' } },
});
const MAX_ATTEMPTS = { ErrorEquals: ['FailureType'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 };
const caught = { Catch: [{ ErrorEquals: ['FailureType'], Next: 'Caught' }] };
const Caught = { Type: 'Pass', End: true };
const thrice = (name: string, states: JsonObject): JsonObject => ({
  [name]: { Type: 'Map', MaxConcurrency: 1, ItemProcessor: states, End: true },
});

const historyOf = async (states: JsonObject, input: Json): Promise<readonly string[]> => {
  const bench = await openBench(machineOf(states));
  await bench.run(input);
  return bench.states.history(arnOf('run')).map(({ id, previousEventId, type }) => `${id} ${previousEventId} ${type}`);
};

describe('the history', () => {
  it.each<[string, JsonObject, Json, readonly string[]]>([
    [
      'parallel_state_fail',
      { P: { Type: 'Parallel', Branches: [fail('Branch1')], End: true } },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered',
        '3 2 ParallelStateStarted',
        '4 3 FailStateEntered',
        '5 4 ParallelStateFailed',
        '6 5 ExecutionFailed',
      ],
    ],
    [
      'no recording: of two branches that fail in one moment, one counts',
      { P: { Type: 'Parallel', Branches: [fail('Branch1'), fail('Branch2')], ...caught, End: true }, Caught },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered',
        '3 2 ParallelStateStarted',
        '4 3 FailStateEntered',
        '5 3 FailStateEntered',
        '6 4 ParallelStateFailed',
        '7 6 ParallelStateExited',
        '8 7 PassStateEntered',
        '9 8 PassStateExited',
        '10 9 ExecutionSucceeded',
      ],
    ],
    [
      'no recording: a state that was not entered is not given up',
      {
        M: {
          Type: 'Map',
          ItemSelector: '{% $nothing %}',
          ItemProcessor: { StartAt: 'A', States: { A: invoking('f') } },
          End: true,
        },
      },
      [1],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 EvaluationFailed',
        '6 5 MapIterationFailed',
        '7 5 MapStateFailed',
        '8 7 ExecutionFailed',
      ],
    ],
    [
      'parallel_state_catch',
      { P: { Type: 'Parallel', Branches: [fail('Branch1')], ...caught, End: true }, Caught },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered',
        '3 2 ParallelStateStarted',
        '4 3 FailStateEntered',
        '5 4 ParallelStateFailed',
        '6 5 ParallelStateExited',
        '7 6 PassStateEntered',
        '8 7 PassStateExited',
        '9 8 ExecutionSucceeded',
      ],
    ],
    [
      'parallel_state_retry',
      { P: { Type: 'Parallel', Branches: [fail('Branch1')], Retry: [MAX_ATTEMPTS], End: true } },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered',
        '3 2 ParallelStateStarted',
        '4 3 FailStateEntered',
        '5 4 ParallelStateStarted',
        '6 5 FailStateEntered',
        '7 6 ParallelStateStarted',
        '8 7 FailStateEntered',
        '9 8 ParallelStateFailed',
        '10 9 ExecutionFailed',
      ],
    ],
    [
      'parallel_state_order', // which does not say how the states of branches follow each other
      {
        P: { Type: 'Parallel', Branches: [0, 1, 2, 3].map((n) => pass(`Branch${n}`)), End: true },
      },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered',
        '3 2 ParallelStateStarted',
        '4 3 PassStateEntered',
        '5 3 PassStateEntered',
        '6 3 PassStateEntered',
        '7 3 PassStateEntered',
        '8 4 PassStateExited',
        '9 5 PassStateExited',
        '10 6 PassStateExited',
        '11 7 PassStateExited',
        '12 11 ParallelStateSucceeded',
        '13 11 ParallelStateExited',
        '14 13 ExecutionSucceeded',
      ],
    ],
    [
      'map_state_items_input_array, mixed',
      thrice('MapIterateState', pass('Pass')),
      [1, 'two', true],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 PassStateEntered',
        '6 5 PassStateExited',
        '7 6 MapIterationSucceeded',
        '8 6 MapIterationStarted',
        '9 8 PassStateEntered',
        '10 9 PassStateExited',
        '11 10 MapIterationSucceeded',
        '12 10 MapIterationStarted',
        '13 12 PassStateEntered',
        '14 13 PassStateExited',
        '15 14 MapIterationSucceeded',
        '16 14 MapStateSucceeded',
        '17 14 MapStateExited',
        '18 17 ExecutionSucceeded',
      ],
    ],
    [
      'map_state_items_input_array, empty',
      thrice('MapIterateState', pass('Pass')),
      [],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapStateSucceeded',
        '5 3 MapStateExited',
        '6 5 ExecutionSucceeded',
      ],
    ],
    [
      'map_state_nested, its first item',
      thrice('MapL1', { StartAt: 'MapL2', States: thrice('MapL2', pass('MapL2Pass')) }),
      [[1, 2]],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 MapStateEntered',
        '6 5 MapStateStarted',
        '7 6 MapIterationStarted',
        '8 7 PassStateEntered',
        '9 8 PassStateExited',
        '10 9 MapIterationSucceeded',
        '11 9 MapIterationStarted',
        '12 11 PassStateEntered',
        '13 12 PassStateExited',
        '14 13 MapIterationSucceeded',
        '15 13 MapStateSucceeded',
        '16 13 MapStateExited',
        '17 16 MapIterationSucceeded',
        '18 16 MapStateSucceeded',
        '19 16 MapStateExited',
        '20 19 ExecutionSucceeded',
      ],
    ],
    [
      'map_state_catch',
      { M: { Type: 'Map', ItemProcessor: fail('HandleItemFail'), ...caught, End: true }, Caught },
      [1],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 FailStateEntered',
        '6 5 MapIterationFailed',
        '7 5 MapStateFailed',
        '8 7 MapStateExited',
        '9 8 PassStateEntered',
        '10 9 PassStateExited',
        '11 10 ExecutionSucceeded',
      ],
    ],
    [
      'map_state_retry',
      {
        M: {
          Type: 'Map',
          ItemProcessor: fail('HandleItemFail'),
          Retry: [{ ...MAX_ATTEMPTS, MaxAttempts: 1 }],
          End: true,
        },
      },
      [1],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 FailStateEntered',
        '6 5 MapIterationFailed',
        '7 5 MapStateStarted',
        '8 7 MapIterationStarted',
        '9 8 FailStateEntered',
        '10 9 MapIterationFailed',
        '11 9 MapStateFailed',
        '12 11 ExecutionFailed',
      ],
    ],
    [
      'map_state_items_eval_jsonata_fail, after a state',
      {
        Start: { Type: 'Pass', Next: 'MapIterateState' },
        MapIterateState: { Type: 'Map', Items: '{% 1 %}', ItemProcessor: pass('Pass'), End: true },
      },
      {},
      [
        '1 0 ExecutionStarted',
        '2 0 PassStateEntered',
        '3 2 PassStateExited',
        '4 3 MapStateEntered',
        '5 3 EvaluationFailed',
        '6 5 MapStateFailed',
        '7 6 ExecutionFailed',
      ],
    ],
    [
      'undefined_reference in an iteration',
      { M: { Type: 'Map', ItemProcessor: pass('Fallback', { Output: '{% $stateError %}' }), End: true } },
      [1],
      [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted',
        '5 4 PassStateEntered',
        '6 4 EvaluationFailed',
        '7 6 MapIterationFailed',
        '8 6 MapStateFailed',
        '9 8 ExecutionFailed',
      ],
    ],
  ])('%s', async (_, states, input, expected) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true, advanceTimeDelta: 1_000 });
    expect(await historyOf(states, input)).toEqual(expected);
    vi.useRealTimers();
  });

  it('service_lambda_map_timeout: what a failure gives up is told after it, iteration by iteration', async () => {
    const bench = await openBench(
      machineOf({
        MapWait: { Type: 'Map', ItemProcessor: { StartAt: 'T', States: { T: invoking('f') } }, End: true },
      }),
      {
        f: async (n) => {
          await until(() => bench.calls.length === 3);
          if (n === 0) throw new TaskFailure('Bad', '');
          return new Promise(() => {});
        },
      }
    );
    await bench.run([0, 1, 2]);
    const events = bench.states.history(arnOf('run'));
    expect(events.slice(2, 6).map(({ previousEventId, type }) => [previousEventId, type])).toEqual([
      [2, 'MapStateStarted'],
      [3, 'MapIterationStarted'],
      [3, 'MapIterationStarted'],
      [3, 'MapIterationStarted'],
    ]);
    const failed = events.find(({ type }) => type === 'TaskFailed')?.id;
    const after = events
      .slice(failed)
      .map(({ previousEventId, type, mapIterationAbortedEventDetails: details }) => [
        previousEventId,
        type,
        ...(details === undefined ? [] : [details]),
      ]);
    expect(after).toEqual([
      [failed, 'MapIterationFailed'],
      [failed, 'TaskStateAborted'],
      [failed, 'MapIterationAborted', { name: 'MapWait', index: 1 }],
      [failed, 'TaskStateAborted'],
      [failed, 'MapIterationAborted', { name: 'MapWait', index: 2 }],
      [failed, 'TaskStateAborted'],
      [failed, 'MapStateFailed'],
      [events.at(-2)?.id, 'ExecutionFailed'],
    ]);
  });

  it('has the details that AWS gives, and none where it gives none', async () => {
    const bench = await openBench(machineOf(thrice('M', pass('A', { Assign: { v: 1 } }))));
    await bench.run(['x']);
    const details = bench.states
      .history(arnOf('run'))
      .map(({ timestamp: _, id: __, previousEventId: ___, ...rest }) => rest)
      .slice(1);
    const whole = { truncated: false };
    expect(details).toEqual([
      { type: 'MapStateEntered', stateEnteredEventDetails: { name: 'M', input: '["x"]', inputDetails: whole } },
      { type: 'MapStateStarted', mapStateStartedEventDetails: { length: 1 } },
      { type: 'MapIterationStarted', mapIterationStartedEventDetails: { name: 'M', index: 0 } },
      { type: 'PassStateEntered', stateEnteredEventDetails: { name: 'A', input: '"x"', inputDetails: whole } },
      {
        type: 'PassStateExited',
        stateExitedEventDetails: {
          name: 'A',
          output: '"x"',
          outputDetails: whole,
          assignedVariables: { v: '1' },
          assignedVariablesDetails: whole,
        },
      },
      { type: 'MapIterationSucceeded', mapIterationSucceededEventDetails: { name: 'M', index: 0 } },
      { type: 'MapStateSucceeded' },
      { type: 'MapStateExited', stateExitedEventDetails: { name: 'M', output: '["x"]', outputDetails: whole } },
      { type: 'ExecutionSucceeded', executionSucceededEventDetails: { output: '["x"]', outputDetails: whole } },
    ]);
  });

  it('chains an end from outside to nothing', async () => {
    const bench = await openBench(machineOf({ W: { Type: 'Wait', Seconds: 60, End: true } }));
    const arn = await bench.start('run');
    await until(() => bench.types(arn).includes('WaitStateEntered'));
    await bench.states.stop(arn);
    expect(bench.states.history(arn).map(({ previousEventId, type }) => [previousEventId, type])).toEqual([
      [0, 'ExecutionStarted'],
      [0, 'WaitStateEntered'],
      [0, 'ExecutionAborted'],
    ]);
  });

  it('leaves out the error that a token was not given', async () => {
    const tokens: string[] = [];
    const bench = await openBench(
      machineOf({
        P: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'Ask',
              States: {
                Ask: invoking('ask', {
                  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
                  Arguments: { FunctionName: functionArn('ask'), Payload: '{% $states.context.Task.Token %}' },
                }),
              },
            },
          ],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught,
      }),
      { ask: (token) => tokens.push(String(token)) }
    );
    const arn = await bench.start('run');
    await until(() => bench.types(arn).includes('TaskSubmitted'));
    await bench.states.sendTaskFailure(tokens[0] ?? '');
    expect((await bench.ended(arn)).output).toBe('{"Error":null,"Cause":null}');
    const tail = bench.states.history(arn).slice(6, 11);
    expect(tail.map(({ id, previousEventId, type }) => `${id} ${previousEventId} ${type}`)).toEqual([
      '7 6 TaskSubmitted',
      '8 7 TaskFailed',
      '9 8 TaskStateAborted',
      '10 8 ParallelStateFailed',
      '11 10 ParallelStateExited',
    ]);
    expect(tail[1]?.taskFailedEventDetails).toEqual({ resourceType: 'lambda', resource: 'invoke.waitForTaskToken' });
  });
});
