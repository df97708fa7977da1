import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { clientOptions, invoke } from './calls.ts';
import { output, sample, start } from './sample.ts';

describe('functions of a local stack', () => {
  const assembly = sample();
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(assembly);
  });
  afterAll(() => stack.close());

  it('run with the environment of the template and of Lambda, and nothing of the parent', async () => {
    vi.stubEnv('PARENT_SECRET', 'do not leak');
    const { body } = await invoke(stack, { do: 'environment' });
    vi.unstubAllEnvs();
    expect(body).toMatchObject({
      TABLE: 'things',
      AWS_LAMBDA_FUNCTION_NAME: 'worker',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: stack.endpointUrl,
      LAMBDA_TASK_ROOT: join(assembly, 'asset.worker'),
    });
    expect(body).not.toHaveProperty('PARENT_SECRET');
    expect(body).not.toHaveProperty('HOME');
  });

  it('get a context and the trace of their invocation', async () => {
    const root = 'Root=1-00000000-000000000000000000000001';
    const { body } = await invoke(stack, { do: 'context' }, { 'x-amzn-trace-id': `${root};Sampled=0` });
    expect(body).toMatchObject({ functionName: 'worker', invokedFunctionArn: output(stack, 'WorkerArn') });
    expect(body.trace).toMatch(new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=0$`));
    expect(body.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.left).toBeGreaterThan(0);
    expect(body.left).toBeLessThanOrEqual(2_000);
  });

  it('keep their process from one invocation to the next', async () => {
    const [one, other] = [await invoke(stack, { do: 'process' }), await invoke(stack, { do: 'process' })];
    expect(other.body.pid).toBe(one.body.pid);
    expect(other.body.calls).toBe(one.body.calls + 1);
  });

  it('call AWS under their own role', async () => {
    expect((await invoke(stack, { do: 'put', key: 'by-function' })).body).toEqual({ put: 'by-function' });
    const { body } = await invoke(stack, { do: 'environment' });
    const own = { accessKeyId: body.AWS_ACCESS_KEY_ID, secretAccessKey: 'x', sessionToken: body.AWS_SESSION_TOKEN };
    const { Arn } = await new STSClient(clientOptions(stack, own)).send(new GetCallerIdentityCommand());
    expect(Arn).toMatch(/^arn:aws:sts::000000000000:assumed-role\/App-Role-\w+\/worker$/);
  });

  it.each([
    ['what it throws', { do: 'fail' }, 'Retryable', 'out of order'],
    ['that it crashed', { do: 'crash' }, 'Runtime.ExitError', 'exit status 3'],
    ['that it took too long', { do: 'hang' }, 'Sandbox.Timedout', 'Task timed out after 2.00 seconds'],
    ['that it blocked its process', { do: 'spin' }, 'Sandbox.Timedout', 'Task timed out after 2.00 seconds'],
    ['that its answer is too large', { do: 'huge' }, 'Function.ResponseSizeTooLarge', '7000002 bytes'],
    ['that its answer is no JSON, but a cycle', { do: 'cycle' }, 'Runtime.MarshalError', 'Unable to stringify'],
    ['that its answer is no JSON, but a BigInt', { do: 'bigint' }, 'Runtime.MarshalError', 'Unable to stringify'],
    ['a rejection that nobody handles', { do: 'reject' }, 'Runtime.UnhandledPromiseRejection', 'nobody waits for this'],
    ['an error that nobody catches', { do: 'raise' }, 'RangeError', 'nobody catches this'],
    ['that it ran out of memory', { do: 'exhaust' }, 'Runtime.ExitError', 'signal: SIGABRT'],
    ['that it was killed', { do: 'die' }, 'Runtime.ExitError', 'signal: SIGKILL'],
  ])('report %s, and serve the next call', async (_, event, errorType, message) => {
    const { status, error, body } = await invoke(stack, event);
    expect([status, error, body.errorType]).toEqual([200, 'Unhandled', errorType]);
    expect(body.errorMessage).toContain(message);
    expect((await invoke(stack, { do: 'echo', n: 1 })).body).toEqual({ do: 'echo', n: 1 });
  });

  it('answer null for nothing', async () => {
    expect((await invoke(stack, { do: 'nothing' })).body).toBeNull();
  });

  it.each([
    ['half a surrogate pair', 'surrogate', 'a\ud800b'],
    ['megabytes that it printed', 'flood', 'printed'],
  ])('answer in spite of %s, and serve the next call', async (_, what, answer) => {
    expect((await invoke(stack, { do: what })).body).toBe(answer);
    expect((await invoke(stack, { do: 'echo', n: 1 })).body).toEqual({ do: 'echo', n: 1 });
  });

  it('answer in spite of a failure after their answer, which may yet meet the next call, as in Lambda', async () => {
    expect((await invoke(stack, { do: 'late' })).body).toBe('answered');
    const next = async (): Promise<unknown> => (await invoke(stack, { do: 'echo', n: 1 })).body;
    await expect.poll(next, { timeout: 20_000 }).toEqual({ do: 'echo', n: 1 });
  });

  it('are refused an event over 6 MB', async () => {
    const { status } = await invoke(stack, { do: 'echo', text: 'x'.repeat(6_400_000) });
    expect(status).toBe(413);
  });

  it('serve many calls at once, each with its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => invoke(stack, { do: 'echo', n })));
    expect(answers.map(({ body }) => body.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });
});
