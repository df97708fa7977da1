import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../../local/functions/messages.ts';
import { createPool as createTracedPool, type PoolOptions } from '../../../local/functions/pool.ts';
import type { FunctionProcess } from '../../../local/functions/process.ts';
import type { LambdaFunction } from '../../../local/template/functions.ts';

const aFunction = (name: string, concurrency?: number): LambdaFunction => ({
  name,
  arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  roleArn: 'role',
  folder: '/',
  handler: 'index.handler',
  runtime: 'nodejs24.x',
  architectures: ['arm64'],
  description: '',
  isTraced: false,
  logGroup: `/aws/lambda/${name}`,
  tags: [],
  versions: [],
  environment: {},
  timeoutSeconds: 3,
  memoryMegabytes: 128,
  concurrency,
  asyncRetries: 2,
});

const createPool = (options: Omit<PoolOptions, 'trace'>) =>
  createTracedPool({ ...options, trace: () => ({ header: '', began: () => {}, ended: () => {} }) });

/** Processes that answer when they are told to. */
const scripted = () => {
  const events: string[] = [];
  const pending: { readonly name: string; readonly payload: string; readonly finish: () => void }[] = [];
  let live = 0;
  let most = 0;
  const start = async ({ name }: LambdaFunction): Promise<FunctionProcess> => {
    live += 1;
    most = Math.max(most, live);
    events.push(`start ${name}`);
    const gone = Promise.withResolvers<void>();
    const answers = new Set<(answer: Answer) => void>();
    return {
      exited: gone.promise,
      loading: { startMs: 0, endMs: 0 },
      cpuMs: () => 0,
      kill: async () => {
        live -= 1;
        events.push(`end ${name}`);
        for (const answer of answers) answer({ failed: true, payload: '{"errorType":"killed"}' });
        gone.resolve();
      },
      invoke: ({ payload }) =>
        new Promise((resolve) => {
          answers.add(resolve);
          const finish = (): void => {
            answers.delete(resolve);
            resolve({ failed: false, payload });
          };
          pending.push({ name, payload, finish });
        }),
    };
  };
  const begun = (count: number): Promise<unknown> => vi.waitUntil(() => pending.length >= count);
  return { start, events, pending, begun, most: () => most };
};

describe('a pool of function processes', () => {
  it('lends a process to one invocation at a time, and serves those who wait in their order', async () => {
    const { start, pending, begun, events } = scripted();
    const pool = createPool({ functions: [aFunction('a')], start, perFunction: 1 });
    const answers = ['1', '2', '3'].map((payload) => pool.invoke('a', payload));
    for (const count of [1, 2, 3]) {
      await begun(count);
      expect(pending).toHaveLength(count);
      pending[count - 1]?.finish();
    }
    expect((await Promise.all(answers)).map(({ payload }) => payload)).toEqual(['1', '2', '3']);
    expect(events).toEqual(['start a']);
    expect(pool.counters()).toEqual({ a: 3 });
  });

  it('gives company to a process that is slow, and none to one that is quick', async () => {
    const { start, pending, begun, events } = scripted();
    const pool = createPool({ functions: [aFunction('quick'), aFunction('slow')], start });
    const burst = Array.from({ length: 50 }, () => pool.invoke('quick', '1'));
    for (let count = 1; count <= burst.length; count += 1) {
      await begun(count);
      pending[count - 1]?.finish();
    }
    await Promise.all(burst);
    expect(events).toEqual(['start quick']);

    const slow = [pool.invoke('slow', '1'), pool.invoke('slow', '2')];
    await begun(52); // the second begins though the first has not ended
    expect(events).toEqual(['start quick', 'start slow', 'start slow']);
    for (const { finish } of pending) finish();
    await Promise.all(slow);
    await pool.close();
  });

  it('keeps to the processes of a function, to its reserved concurrency and to the total', async () => {
    const { start, begun, most, events } = scripted();
    const functions = [aFunction('a'), aFunction('b', 1), aFunction('c')];
    const pool = createPool({ functions, start, perFunction: 2, total: 4 });
    const calls = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: 5 }, () => pool.invoke(name, '1')));
    await begun(4);
    await pool.close();
    await Promise.all(calls);
    expect(most()).toBe(4);
    expect(events.filter((event) => event === 'start a').length).toBeLessThanOrEqual(2);
    expect(events.filter((event) => event === 'start b').length).toBeLessThanOrEqual(1);
  });

  it('ends the process that has been idle for longest to make room for another function', async () => {
    const { start, pending, begun, events } = scripted();
    const pool = createPool({ functions: ['a', 'b', 'c'].map((name) => aFunction(name)), start, total: 2 });
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const answer = pool.invoke(name, '1');
      await begun(index + 1);
      pending[index]?.finish();
      await answer;
    }
    expect(events).toEqual(['start a', 'start b', 'end a', 'start c']);
  });

  it('replaces a process that is gone', async () => {
    const { start, pending, begun, events } = scripted();
    let first: FunctionProcess | undefined;
    const pool = createPool({
      functions: [aFunction('a')],
      start: async (lambda) => {
        const process = await start(lambda);
        first ??= process;
        return process;
      },
      perFunction: 1,
    });
    const lost = pool.invoke('a', '1');
    await begun(1);
    await first?.kill();
    expect((await lost).failed).toBe(true);
    const next = pool.invoke('a', '2');
    await begun(2);
    pending[1]?.finish();
    expect((await next).payload).toBe('2');
    expect(events).toEqual(['start a', 'end a', 'start a']);
  });

  it('answers whoever waits longest when the function cannot be loaded', async () => {
    const unusable: Answer = { failed: true, payload: '{"errorType":"SyntaxError","errorMessage":"odd"}' };
    const pool = createPool({ functions: [aFunction('a')], start: async () => unusable });
    expect(await Promise.all([pool.invoke('a', '1'), pool.invoke('a', '2')])).toEqual([unusable, unusable]);
    await expect(pool.warm()).rejects.toThrow('function a cannot be loaded: SyntaxError: odd');
  });

  it('lets go of one who no longer wants to wait', async () => {
    const { start, pending, begun } = scripted();
    const pool = createPool({ functions: [aFunction('a')], start, perFunction: 1 });
    const first = pool.invoke('a', '1');
    await begun(1);
    const patience = new AbortController();
    const second = pool.invoke('a', '2', { signal: patience.signal });
    patience.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    const third = pool.invoke('a', '3');
    pending[0]?.finish();
    await begun(2);
    pending[1]?.finish();
    expect([(await first).payload, (await third).payload]).toEqual(['1', '3']);
  });

  it('refuses those who wait and those who come once nothing is reserved for a function, and lets what runs end', async () => {
    const { start, pending, begun } = scripted();
    const pool = createPool({ functions: [aFunction('a')], start, perFunction: 1 });
    const [running, waiting] = [pool.invoke('a', '1'), pool.invoke('a', '2')];
    await begun(1);
    pool.reserve('a', 0);
    await expect(waiting).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await expect(pool.invoke('a', '3')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    pending[0]?.finish();
    expect((await running).payload).toBe('1');
    pool.reserve('a', undefined);
    const next = pool.invoke('a', '4');
    await begun(2);
    pending[1]?.finish();
    expect((await next).payload).toBe('4');
  });

  it('runs no more at once than is reserved, although more processes are there', async () => {
    const { start, pending, begun } = scripted();
    const pool = createPool({ functions: [aFunction('a')], start, perFunction: 2 });
    const both = [pool.invoke('a', '1'), pool.invoke('a', '2')];
    await begun(2); // the first is slow
    for (const { finish } of pending) finish();
    await Promise.all(both);
    pool.reserve('a', 1);
    const next = [pool.invoke('a', '3'), pool.invoke('a', '4')];
    await begun(3);
    expect(pending).toHaveLength(3);
    pending[2]?.finish();
    await begun(4);
    expect(pending.map(({ payload }) => payload)).toEqual(['1', '2', '3', '4']);
    pending[3]?.finish();
    expect((await Promise.all(next)).map(({ payload }) => payload)).toEqual(['3', '4']);
  });

  it.each([
    ['an unknown function', 'x', '1', 'ResourceNotFoundException'],
    ['a function without concurrency', 'none', '1', 'TooManyRequestsException'],
    ['an event over 6 MB', 'a', '1'.repeat(6_291_557), 'RequestTooLargeException'],
  ])('refuses %s', async (_, name, payload, error) => {
    const pool = createPool({ functions: [aFunction('a'), aFunction('none', 0)], start: scripted().start });
    await expect(pool.invoke(name, payload)).rejects.toMatchObject({ name: error });
  });

  it('runs new code from its next invocation on, while what is in flight ends with the old', async () => {
    const { start, pending, begun, events } = scripted();
    const folders: string[] = [];
    const pool = createPool({
      functions: [aFunction('a'), aFunction('b')],
      start: (lambda) => {
        folders.push(`${lambda.name} ${lambda.folder}`);
        return start(lambda);
      },
      perFunction: 2,
    });
    await pool.warm();
    const inFlight = pool.invoke('a', 'old');
    await begun(1);
    await pool.reload('a', '/new');
    const after = pool.invoke('a', 'new');
    await begun(2);
    pending[1]?.finish();
    expect((await after).payload).toBe('new');
    expect(events).toEqual(['start a', 'start b', 'start a']);
    pending[0]?.finish();
    expect((await inFlight).payload).toBe('old');
    await vi.waitUntil(() => events.includes('end a'));
    expect(events).toEqual(['start a', 'start b', 'start a', 'end a']);
    expect(folders).toEqual(['a /', 'b /', 'a /new']);
    const last = pool.invoke('a', 'last');
    await begun(3);
    pending[2]?.finish();
    expect((await last).failed).toBe(false);
    expect(folders).toHaveLength(3);
  });

  it('keeps the old code where the new one cannot be loaded', async () => {
    const { start, pending, begun, events } = scripted();
    const unusable: Answer = { failed: true, payload: '{"errorType":"SyntaxError","errorMessage":"out of place"}' };
    const pool = createPool({
      functions: [aFunction('a')],
      start: async (lambda) => (lambda.folder === '/new' ? unusable : start(lambda)),
    });
    await pool.warm();
    await expect(pool.reload('a', '/new')).rejects.toThrow('function a cannot be loaded: SyntaxError: out of place');
    const answer = pool.invoke('a', 'still');
    await begun(1);
    pending[0]?.finish();
    expect((await answer).payload).toBe('still');
    expect(events).toEqual(['start a']);
  });

  it('answers those who run and those who wait when it closes, and takes nobody after', async () => {
    const { start, begun } = scripted();
    const pool = createPool({ functions: [aFunction('a')], start, perFunction: 1 });
    const [running, waiting] = [pool.invoke('a', '1'), pool.invoke('a', '2')];
    await begun(1);
    await pool.close();
    expect([(await running).failed, (await waiting).failed]).toEqual([true, true]);
    await expect(pool.invoke('a', '3')).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  });
});
