import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Json, JsonObject } from '../../../local/template/json.ts';
import { arnOf, type Bench, functionArn, invoking, machineOf, openBench, outputOf, until } from './harness.ts';

const asker = (more: JsonObject): JsonObject =>
  invoking('ask', {
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: functionArn('ask'), Payload: { token: '{% $states.context.Task.Token %}' } },
    Output: '{% $states.result %}',
    ...more,
  });

const asking = (more: JsonObject = {}) =>
  machineOf({ Ask: asker(more), ...('Catch' in more ? { End: { Type: 'Succeed' } } : {}) });

/** Asks, and asks again, whatever came of it. */
const twice = (first: JsonObject = {}) => machineOf({ Ask: asker({ ...first, Next: 'Again' }), Again: asker({}) });

const tokenOf = (payload: Json | undefined): string => String((payload as JsonObject).token);

/** An execution whose function has been called, and has answered. */
const asked = async (bench: Bench): Promise<{ arn: string; token: string }> => {
  const arn = await bench.start('run');
  await until(() => bench.types(arn).includes('TaskSubmitted'));
  return { arn, token: tokenOf(bench.calls[0]?.payload) };
};

afterEach(() => {
  vi.useRealTimers();
});

describe('a task that waits for its token', () => {
  it('ends with what is sent, not with what the function answers', async () => {
    const bench = await openBench(asking(), { ask: () => 'asked' });
    const { arn, token } = await asked(bench);
    expect(bench.states.describe(arn).status).toBe('RUNNING');
    await bench.states.sendTaskSuccess(token, '{"replied": 1}');
    expect(outputOf(await bench.ended(arn))).toEqual({ replied: 1 });
    expect(bench.types(arn).slice(2, 7)).toEqual([
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  it('has its answer on disk when that is acknowledged', async () => {
    const bench = await openBench(asking(), { ask: () => null });
    const { token } = await asked(bench);
    await bench.states.sendTaskSuccess(token, '"kept"');
    expect(await readFile(bench.journal, 'utf8')).toMatch(/"kind":"answered".*"kept"/);
  });

  it('takes an answer before the function has answered, which then says nothing more', async () => {
    const late = Promise.withResolvers<string>();
    let asks = 0;
    const bench = await openBench(twice(), {
      ask: () => {
        asks += 1;
        return asks === 1 ? late.promise : null;
      },
    });
    const arn = await bench.start('run');
    await until(() => bench.calls.length === 1);
    await bench.states.sendTaskSuccess(tokenOf(bench.calls[0]?.payload), '1');
    await until(() => bench.types(arn).includes('TaskSubmitted'));
    expect(bench.calls[0]?.signal.aborted).toBe(false);
    late.resolve('late');
    await late.promise;
    await bench.states.sendTaskSuccess(tokenOf(bench.calls[1]?.payload), '2');
    expect(outputOf(await bench.ended(arn))).toBe(2);
    expect(bench.types(arn).filter((type) => type === 'TaskSubmitted')).toHaveLength(1);
  });

  it('is not disturbed by an earlier task that was given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    let asks = 0;
    const bench = await openBench(
      twice({ TimeoutSeconds: 5, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Again' }] }),
      {
        ask: (_, { signal }) => {
          asks += 1;
          if (asks > 1) return null;
          return new Promise((__, reject) => {
            const late = (): void => {
              void until(() => asks === 2).then(() => reject(new Error('given up')));
            };
            signal.addEventListener('abort', late);
          });
        },
      }
    );
    const arn = await bench.start('run');
    await until(() => bench.calls.length === 1);
    await vi.advanceTimersByTimeAsync(5_000);
    await until(() => bench.types(arn).includes('TaskSubmitted'));
    await bench.states.sendTaskSuccess(tokenOf(bench.calls[1]?.payload), '2');
    expect(outputOf(await bench.ended(arn))).toBe(2);
  });

  it('fails as it is told to', async () => {
    const bench = await openBench(asking({ Catch: [{ ErrorEquals: ['No'], Next: 'End' }] }), { ask: () => null });
    const { arn, token } = await asked(bench);
    await bench.states.sendTaskFailure(token, 'No', 'because');
    expect(outputOf(await bench.ended(arn))).toEqual({ Error: 'No', Cause: 'because' });
  });

  it('takes one answer only', async () => {
    const bench = await openBench(asking(), { ask: () => null });
    const { arn, token } = await asked(bench);
    const answers = await Promise.allSettled([1, 2, 3].map((n) => bench.states.sendTaskSuccess(token, String(n))));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(outputOf(await bench.ended(arn))).toBe(1);
    await expect(bench.states.sendTaskHeartbeat(token)).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  it('gives each attempt a token of its own', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const bench = await openBench(asking({ Retry: [{ ErrorEquals: ['Again'] }] }), { ask: () => null });
    const { arn, token } = await asked(bench);
    await bench.states.sendTaskFailure(token, 'Again');
    await until(() => vi.getTimerCount() === 2); // the other one is the execution's, which has a year
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => bench.calls.length === 2);
    await expect(bench.states.sendTaskSuccess(token, '1')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await bench.states.sendTaskSuccess(tokenOf(bench.calls[1]?.payload), '2');
    expect(outputOf(await bench.ended(arn))).toBe(2);
  });

  it('is no longer waited for when the execution was stopped', async () => {
    const bench = await openBench(asking(), { ask: () => null });
    const { arn, token } = await asked(bench);
    await bench.states.stop(arn, 'Stopped', 'by hand');
    expect(bench.states.describe(arn)).toMatchObject({ status: 'ABORTED', error: 'Stopped', cause: 'by hand' });
    await expect(bench.states.sendTaskSuccess(token, '1')).rejects.toMatchObject({ name: 'TaskTimedOut' });
    expect(bench.types(arn).at(-1)).toBe('ExecutionAborted');
  });

  it.each([
    ['nonsense', '1', 'InvalidToken'],
    [Buffer.from('["a"]').toString('base64url'), '1', 'InvalidToken'],
    [Buffer.from(JSON.stringify([arnOf('gone'), 'x'])).toString('base64url'), '1', 'TaskDoesNotExist'],
    [Buffer.from(JSON.stringify([arnOf('run'), 'forged'])).toString('base64url'), '1', 'TaskTimedOut'],
  ])('is not ended by the token %s', async (token, output, name) => {
    const bench = await openBench(asking(), { ask: () => null });
    const { arn } = await asked(bench);
    await expect(bench.states.sendTaskSuccess(token, output)).rejects.toMatchObject({ name });
    expect(bench.states.describe(arn).status).toBe('RUNNING');
  });

  it.each(['', '{', 'x'.repeat(300_000), JSON.stringify('x'.repeat(300_000))])(
    'is not ended by an output that is none',
    async (output) => {
      const bench = await openBench(asking(), { ask: () => null });
      const { token } = await asked(bench);
      await expect(bench.states.sendTaskSuccess(token, output)).rejects.toMatchObject({ name: 'InvalidOutput' });
    }
  );
});

describe('heartbeats', () => {
  it('keep a task alive, and its silence ends it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const bench = await openBench(
      asking({
        HeartbeatSeconds: 10,
        TimeoutSeconds: 600,
        Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'End' }],
      }),
      { ask: () => null }
    );
    const { arn, token } = await asked(bench);
    for (let beats = 0; beats < 5; beats += 1) {
      await vi.advanceTimersByTimeAsync(9_000);
      await bench.states.sendTaskHeartbeat(token);
    }
    expect(bench.states.describe(arn).status).toBe('RUNNING');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outputOf(await bench.ended(arn))).toEqual({ Error: 'States.Timeout', Cause: '' });
    expect(bench.types(arn)).toContain('TaskTimedOut');
  });

  it('do not outlast the time-out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const bench = await openBench(asking({ HeartbeatSeconds: 10, TimeoutSeconds: 15 }), { ask: () => null });
    const { arn, token } = await asked(bench);
    await vi.advanceTimersByTimeAsync(9_000);
    await bench.states.sendTaskHeartbeat(token);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await bench.ended(arn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});
