import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PutFunctionConcurrencyCommand,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { aFolder } from '../assembly.ts';
import { clientOptions } from '../calls.ts';
import { sample, start } from '../sample.ts';

const WORKER = 'arn:aws:lambda:us-east-1:000000000000:function:worker';

describe('Lambda at the endpoint', () => {
  const [assembly, data] = [sample(), aFolder()];
  let stack: LocalStack;
  let lambda: LambdaClient;
  const open = async (): Promise<void> => {
    stack = await start(assembly, { data });
    lambda = new LambdaClient(clientOptions(stack));
  };
  beforeAll(open);
  afterAll(() => stack.close());

  const invoke = async (event: unknown, more: Partial<InvokeCommandInput> = {}) => {
    const input = { FunctionName: 'worker', Payload: JSON.stringify(event), ...more };
    const { Payload, $metadata: _, ...rest } = await lambda.send(new InvokeCommand(input));
    const text = Payload?.transformToString() ?? '';
    return { ...rest, answer: text === '' ? undefined : JSON.parse(text) };
  };

  it.each([
    ['worker', {}, '$LATEST', WORKER],
    [WORKER, {}, '$LATEST', WORKER],
    ['000000000000:function:worker', {}, '$LATEST', WORKER],
    ['worker:1', {}, '1', `${WORKER}:1`],
    [`${WORKER}:1`, {}, '1', `${WORKER}:1`],
    ['worker', { Qualifier: '1' }, '1', `${WORKER}:1`],
    ['worker', { Qualifier: '$LATEST' }, '$LATEST', `${WORKER}:$LATEST`],
  ])('invokes %s %o', async (FunctionName, more, version, arn) => {
    const { ExecutedVersion, answer } = await invoke({ do: 'context' }, { FunctionName, ...more });
    expect([ExecutedVersion, answer.invokedFunctionArn]).toEqual([version, arn]);
  });

  it('hands on what the client says of itself', async () => {
    const ClientContext = Buffer.from('{"client":{"app":"a"}}').toString('base64');
    expect((await invoke({ do: 'context' }, { ClientContext })).answer.clientContext).toEqual({ client: { app: 'a' } });
  });

  it('says of a function that failed that it did', async () => {
    expect(await invoke({ do: 'fail' })).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      answer: { errorType: 'Retryable' },
    });
  });

  it('invokes later, or not at all, if it is asked to', async () => {
    const before = stack.counters().invocations.worker ?? 0;
    expect((await invoke({ do: 'echo' }, { InvocationType: 'DryRun' })).StatusCode).toBe(204);
    expect((await invoke({ do: 'echo' }, { InvocationType: 'Event' })).StatusCode).toBe(202);
    await vi.waitUntil(() => stack.counters().invocations.worker === before + 1);
  });

  it('describes functions and their versions', async () => {
    const { Configuration, Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'worker' }));
    expect(Code?.RepositoryType).toBe('S3');
    expect(Configuration).toMatchObject({
      FunctionName: 'worker',
      FunctionArn: WORKER,
      Version: '$LATEST',
      Timeout: 2,
      MemorySize: 256,
      State: 'Active',
      Environment: { Variables: { TABLE: 'things' } },
      LoggingConfig: { LogGroup: '/aws/lambda/worker' },
      CodeSha256: expect.stringMatching(/^[\w+/]{43}=$/),
    });
    const version = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'worker', Qualifier: '1' }));
    expect(version).toMatchObject({ FunctionArn: `${WORKER}:1`, Version: '1', CodeSha256: Configuration?.CodeSha256 });
    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: 'worker' }));
    expect(Versions?.map(({ Version }) => Version)).toEqual(['$LATEST', '1']);
    expect((await lambda.send(new ListAliasesCommand({ FunctionName: 'worker' }))).Aliases).toEqual([]);
  });

  it('lists functions page by page, and with their versions', async () => {
    const names: (string | undefined)[] = [];
    for await (const { Functions = [] } of paginateListFunctions({ client: lambda, pageSize: 3 }, {}))
      names.push(...Functions.map(({ FunctionName }) => FunctionName));
    expect(names).toEqual(['worker', 'http', 'token', 'watcher']);
    const { Functions } = await lambda.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));
    expect(Functions?.map(({ FunctionArn }) => FunctionArn)).toContain(`${WORKER}:1`);
  });

  it('shows the policy that the permissions of the template make', async () => {
    const { Policy = '' } = await lambda.send(new GetPolicyCommand({ FunctionName: 'http' }));
    expect(JSON.parse(Policy).Statement).toMatchObject([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Principal: { Service: 'apigateway.amazonaws.com' } },
    ]);
  });

  it('keeps a function stopped, also from one start to the next, until it is let go', async () => {
    const of = { FunctionName: 'worker' };
    await lambda.send(new PutFunctionConcurrencyCommand({ ...of, ReservedConcurrentExecutions: 0 }));
    await expect(invoke({ do: 'echo' })).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await stack.close();
    await open();
    expect(await lambda.send(new GetFunctionConcurrencyCommand(of))).toMatchObject({ ReservedConcurrentExecutions: 0 });
    await expect(invoke({ do: 'echo' })).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    await lambda.send(new DeleteFunctionConcurrencyCommand(of));
    const { ReservedConcurrentExecutions } = await lambda.send(new GetFunctionConcurrencyCommand(of));
    expect(ReservedConcurrentExecutions).toBeUndefined();
    expect((await invoke({ do: 'echo' })).answer).toEqual({ do: 'echo' });
  });

  it.each([
    ['ResourceNotFoundException', () => invoke({}, { FunctionName: 'absent' })],
    ['ResourceNotFoundException', () => invoke({}, { FunctionName: 'worker:2' })],
    ['ResourceNotFoundException', () => invoke({}, { FunctionName: WORKER.replace('us-east-1', 'eu-west-1') })],
    ['InvalidParameterValueException', () => invoke({}, { FunctionName: 'worker:1', Qualifier: '2' })],
    ['InvalidParameterValueException', () => invoke({}, { LogType: 'Tail' })],
    ['InvalidParameterValueException', () => invoke({}, { TenantId: 'a' })],
    ['InvalidRequestContentException', () => invoke({}, { Payload: 'not json' })],
    ['InvalidRequestContentException', () => invoke({}, { ClientContext: 'bm8=' })],
    ['RequestTooLargeException', () => invoke('x'.repeat(1_100_000), { InvocationType: 'Event' })],
    ['RequestTooLargeException', () => invoke('x'.repeat(6_300_000))],
    ['ResourceNotFoundException', () => lambda.send(new GetPolicyCommand({ FunctionName: 'worker' }))],
    ['ResourceNotFoundException', () => lambda.send(new GetFunctionCommand({ FunctionName: 'absent' }))],
    ['InvalidParameterValueException', () => lambda.send(new ListFunctionsCommand({ Marker: 'no' }))],
  ])('answers with %s what cannot be done (%#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
