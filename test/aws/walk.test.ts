import type { TestStateCommandOutput, TestStateInput } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { Case, isWalkable, walk } from './walk.ts';

const LAMBDA = 'arn:aws:states:::lambda:invoke';
const task = { Type: 'Task', Resource: LAMBDA };

const aCase = (more: object): Case =>
  Case.parse({
    name: 'a case',
    asl: { StartAt: 'T', States: { T: task, B: { Type: 'Pass' } } },
    expect: { status: 'SUCCEEDED' },
    ...more,
  });

/** Answers as told, one after the other, and remembers what it was asked. */
const scripted = (...answers: readonly Partial<TestStateCommandOutput>[]) => {
  const asked: TestStateInput[] = [];
  const testState = async (input: TestStateInput): Promise<TestStateCommandOutput> => {
    const answer = answers[asked.push(input) - 1];
    if (answer === undefined) throw new Error('nothing more is scripted');
    return { $metadata: {}, ...answer };
  };
  return { asked, testState };
};

describe('a walk through a machine', () => {
  it('hands output and variables on, and ends where no state is next', async () => {
    const { asked, testState } = scripted(
      { status: 'SUCCEEDED', output: '{"a":1}', nextState: 'B', inspectionData: { variables: '{"v":2}' } },
      { status: 'SUCCEEDED', output: '"end"' }
    );
    const walked = await walk(aCase({ input: { i: 0 }, lambda: { f: { return: 7 } } }), testState);
    expect(walked).toEqual({ status: 'SUCCEEDED', output: 'end', entered: ['T', 'B'] });
    expect(asked.map(({ stateName, input, variables }) => [stateName, input, variables])).toEqual([
      ['T', '{"i":0}', '{}'],
      ['B', '{"a":1}', '{"v":2}'],
    ]);
    expect(JSON.parse(asked[0]?.mock?.result ?? '')).toMatchObject({ Payload: 7, StatusCode: 200 });
    expect(asked[1]?.mock).toBeUndefined();
  });

  it('tries again with the next answer, and counts the tries', async () => {
    const { asked, testState } = scripted({ status: 'RETRIABLE' }, { status: 'FAILED', error: 'Bad', cause: 'why' });
    const lambda = { f: [{ throw: 'Retryable' }, { throw: 'Bad', message: 'why' }] };
    expect(await walk(aCase({ lambda }), testState)).toEqual({
      status: 'FAILED',
      error: 'Bad',
      cause: 'why',
      entered: ['T'],
    });
    expect(
      asked.map(({ mock, stateConfiguration }) => [mock?.errorOutput?.error, stateConfiguration?.retrierRetryCount])
    ).toEqual([
      ['Retryable', 0],
      ['Bad', 1],
    ]);
  });

  it('goes on from an error that is caught, and gives up where it goes in circles', async () => {
    const caught = { status: 'CAUGHT_ERROR', output: '{}', nextState: 'T' } as const;
    const { testState } = scripted(...Array.from({ length: 60 }, () => caught));
    await expect(walk(aCase({ lambda: { f: { throw: 'Bad' } } }), testState)).rejects.toThrow('after 50 states');
  });

  it.each<[boolean, string, object]>([
    [true, 'tasks of one function', { lambda: { f: { return: 1 } } }],
    [false, 'tasks of two functions', { lambda: { f: { return: 1 }, g: { return: 2 } } }],
    [false, 'a Map', { asl: { StartAt: 'M', States: { M: { Type: 'Map' } } } }],
    [false, 'a Wait', { asl: { StartAt: 'W', States: { W: { Type: 'Wait' } } } }],
    [false, 'a token', { asl: { StartAt: 'T', States: { T: { ...task, Resource: `${LAMBDA}.waitForTaskToken` } } } }],
  ])('is possible: %s, with %s', (possible, _, more) => {
    expect(isWalkable(aCase(more))).toBe(possible);
  });
});
