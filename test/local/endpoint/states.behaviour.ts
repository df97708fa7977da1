import {
  DescribeExecutionCommand,
  DescribeStateMachineAliasCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachineAliasesCommand,
  ListStateMachinesCommand,
  ListStateMachineVersionsCommand,
  ListTagsForResourceCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { clientOptions } from '../calls.ts';
import { sample, start } from '../sample.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:work';
const VERSION = `${MACHINE}:1`;
const ALIAS = `${MACHINE}:live`;
const executionArn = (name: string): string => `arn:aws:states:us-east-1:000000000000:execution:work:${name}`;
const token = (arn: string): string => Buffer.from(JSON.stringify([arn, 'nonce'])).toString('base64url');

describe('Step Functions at the endpoint', () => {
  let stack: LocalStack;
  let sfn: SFNClient;
  const run = async (stateMachineArn: string, name: string, input: object = { do: 'echo' }): Promise<void> => {
    const more = { traceHeader: 'Root=1-00000000-000000000000000000000001;Sampled=0' };
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input), ...more }));
    const describing = new DescribeExecutionCommand({ executionArn: executionArn(name) });
    await vi.waitUntil(async () => (await sfn.send(describing)).status !== 'RUNNING', {
      timeout: 20_000,
      interval: 10,
    });
  };
  beforeAll(async () => {
    stack = await start(sample());
    sfn = new SFNClient(clientOptions(stack));
    await run(MACHINE, 'by-machine');
    await run(VERSION, 'by-version', { do: 'fail' });
    await run(ALIAS, 'by-alias');
  });
  afterAll(() => stack.close());

  it.each([
    [MACHINE, MACHINE, undefined],
    [VERSION, VERSION, 'The first'],
    [ALIAS, VERSION, 'The first'],
  ])('describes what %s stands for', async (asked, arn, description) => {
    const machine = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: asked }));
    expect(machine).toMatchObject({
      stateMachineArn: arn,
      name: 'work',
      status: 'ACTIVE',
      type: 'STANDARD',
      loggingConfiguration: { level: 'ERROR', includeExecutionData: false },
      tracingConfiguration: { enabled: true },
      revisionId: '1',
    });
    expect(machine.description).toBe(description);
    expect(machine.creationDate).toBeInstanceOf(Date);
    expect(JSON.parse(machine.definition ?? '')).toHaveProperty('StartAt', 'Work');
    const without = new DescribeStateMachineCommand({ stateMachineArn: asked, includedData: 'METADATA_ONLY' });
    expect((await sfn.send(without)).definition).toBe('{}');
  });

  it('lists machines, versions and aliases, and what they are tagged with', async () => {
    expect((await sfn.send(new ListStateMachinesCommand())).stateMachines).toMatchObject([
      { stateMachineArn: MACHINE },
    ]);
    const of = { stateMachineArn: MACHINE };
    const { stateMachineVersions } = await sfn.send(new ListStateMachineVersionsCommand(of));
    expect(stateMachineVersions).toMatchObject([{ stateMachineVersionArn: VERSION }]);
    for (const stateMachineArn of [MACHINE, VERSION]) {
      const { stateMachineAliases } = await sfn.send(new ListStateMachineAliasesCommand({ stateMachineArn }));
      expect(stateMachineAliases).toMatchObject([{ stateMachineAliasArn: ALIAS }]);
    }
    expect(await sfn.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn: ALIAS }))).toMatchObject({
      name: 'live',
      description: 'What runs',
      routingConfiguration: [{ stateMachineVersionArn: VERSION, weight: 100 }],
    });
    const { tags } = await sfn.send(new ListTagsForResourceCommand({ resourceArn: MACHINE }));
    expect(tags).toEqual([{ key: 'team', value: 'north' }]);
  });

  it.each([
    ['by-machine', undefined, undefined],
    ['by-version', VERSION, undefined],
    ['by-alias', VERSION, ALIAS],
  ])('describes the execution %s with what it was started by', async (name, version, alias) => {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(name) }));
    expect(execution).toMatchObject({
      stateMachineArn: MACHINE,
      inputDetails: { included: true },
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      traceHeader: 'Root=1-00000000-000000000000000000000001;Sampled=0',
    });
    expect([execution.stateMachineVersionArn, execution.stateMachineAliasArn]).toEqual([version, alias]);
    const machine = new DescribeStateMachineForExecutionCommand({ executionArn: executionArn(name) });
    expect(await sfn.send(machine)).toMatchObject({ name: 'work', stateMachineArn: version ?? MACHINE });
  });

  it.each([
    [MACHINE, undefined, ['by-alias', 'by-version', 'by-machine']],
    [VERSION, undefined, ['by-alias', 'by-version']],
    [ALIAS, undefined, ['by-alias']],
    [MACHINE, 'FAILED', ['by-version']],
    [MACHINE, 'RUNNING', []],
  ] as const)('lists the executions of %s, those that are %s', async (stateMachineArn, statusFilter, expected) => {
    const { executions } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter }));
    expect(executions?.map(({ name }) => name)).toEqual(expected);
  });

  it('gives lists page by page, to the end, whatever starts meanwhile', async () => {
    const names: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = new ListExecutionsCommand({ stateMachineArn: VERSION, maxResults: 1, nextToken });
      const { executions = [], nextToken: next } = await sfn.send(page);
      names.push(...executions.map(({ name }) => name));
      if (nextToken === undefined) await run(MACHINE, 'meanwhile');
      nextToken = next;
    } while (nextToken !== undefined);
    expect(names).toEqual(['by-alias', 'by-version']);
  });

  it('gives the history in either order, in pages, with its data or without', async () => {
    const ids = async (reverseOrder: boolean): Promise<readonly (number | undefined)[]> => {
      const found: (number | undefined)[] = [];
      let nextToken: string | undefined;
      do {
        const of = { executionArn: executionArn('by-alias'), reverseOrder, maxResults: 2, nextToken };
        const page = await sfn.send(new GetExecutionHistoryCommand(of));
        found.push(...(page.events ?? []).map(({ id }) => id));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return found;
    };
    const forward = await ids(false);
    expect(forward).toEqual(forward.map((_, index) => index + 1));
    expect(await ids(true)).toEqual(forward.toReversed());
    const bare = { executionArn: executionArn('by-alias'), includeExecutionData: false };
    const { events } = await sfn.send(new GetExecutionHistoryCommand(bare));
    const [started] = events ?? [];
    expect(started?.executionStartedEventDetails).toMatchObject({ roleArn: expect.stringContaining('role/') });
    expect(JSON.stringify(events)).not.toContain('echo');
  });

  it.each([
    ['InvalidArn', () => sfn.send(new DescribeStateMachineCommand({ stateMachineArn: 'work' }))],
    ['StateMachineDoesNotExist', () => sfn.send(new DescribeStateMachineCommand({ stateMachineArn: `${MACHINE}:2` }))],
    [
      'ResourceNotFound',
      () => sfn.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn: `${MACHINE}:other` })),
    ],
    ['ResourceNotFound', () => sfn.send(new ListTagsForResourceCommand({ resourceArn: `${MACHINE}s` }))],
    ['ExecutionDoesNotExist', () => sfn.send(new DescribeExecutionCommand({ executionArn: executionArn('none') }))],
    ['ExecutionDoesNotExist', () => sfn.send(new GetExecutionHistoryCommand({ executionArn: executionArn('none') }))],
    ['ExecutionDoesNotExist', () => sfn.send(new StopExecutionCommand({ executionArn: executionArn('none') }))],
    ['InvalidArn', () => sfn.send(new DescribeExecutionCommand({ executionArn: MACHINE }))],
    [
      'ExecutionAlreadyExists',
      () => sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, name: 'by-alias', input: '{}' })),
    ],
    ['InvalidName', () => sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, name: 'a b' }))],
    ['InvalidExecutionInput', () => sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE, input: '{' }))],
    ['StateMachineDoesNotExist', () => sfn.send(new StartExecutionCommand({ stateMachineArn: `${MACHINE}:9` }))],
    [
      'ValidationException',
      () => sfn.send(new StopExecutionCommand({ executionArn: executionArn('by-alias'), error: 'x'.repeat(257) })),
    ],
    [
      'ValidationException',
      () => sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, statusFilter: 'PENDING_REDRIVE' })),
    ],
    ['ValidationException', () => sfn.send(new ListExecutionsCommand({ mapRunArn: `${MACHINE}/Map:1` }))],
    ['ValidationException', () => sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 1001 }))],
    ['InvalidToken', () => sfn.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, nextToken: 'no' }))],
    ['InvalidToken', () => sfn.send(new SendTaskSuccessCommand({ taskToken: 'no', output: '{}' }))],
    ['TaskDoesNotExist', () => sfn.send(new SendTaskFailureCommand({ taskToken: token(executionArn('none')) }))],
    ['TaskTimedOut', () => sfn.send(new SendTaskHeartbeatCommand({ taskToken: token(executionArn('by-alias')) }))],
    [
      'InvalidOutput',
      () => sfn.send(new SendTaskSuccessCommand({ taskToken: token(executionArn('by-alias')), output: '{' })),
    ],
  ])('answers with %s what cannot be done (%#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({
      name,
      message: expect.stringMatching(/./),
    });
  });
});
