import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder } from './assembly.ts';
import { clientOptions } from './calls.ts';
import { output, sample, start } from './sample.ts';

describe('Step Functions of a local stack', () => {
  const seen = join(aFolder(), 'seen');
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(sample(seen));
  });
  afterAll(() => stack.close());

  const end = (sfn: SFNClient, executionArn: string) =>
    vi.waitUntil(
      async () => {
        const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
        return execution.status !== 'RUNNING' && execution;
      },
      { timeout: 20_000, interval: 20 }
    );
  const run = async (sfn: SFNClient, input: object) => {
    const stateMachineArn = output(stack, 'MachineArn');
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) })
    );
    return end(sfn, executionArn ?? '');
  };

  it('runs a function and keeps the history', async () => {
    const sfn = new SFNClient(clientOptions(stack));
    const execution = await run(sfn, { do: 'echo', n: 7 });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify({ do: 'echo', n: 7 }) });
    expect(Math.abs(Date.now() - (execution.startDate?.getTime() ?? 0))).toBeLessThan(60_000);
    const { executionArn } = execution;
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 2 }));
    expect(events?.map(({ type }) => type)).toEqual(['ExecutionStarted', 'TaskStateEntered']);
    const { stateMachines } = await sfn.send(new ListStateMachinesCommand());
    expect(stateMachines?.map(({ name }) => name)).toEqual(['work']);
  });

  it.each([
    [{ do: 'fail' }, 'Retryable'],
    [{ do: 'crash' }, 'Runtime.ExitError'],
    [{ do: 'hang' }, 'Sandbox.Timedout'],
  ])('fails with the error that %o ends in', async (event, error) => {
    expect(await run(new SFNClient(clientOptions(stack)), event)).toMatchObject({ status: 'FAILED', error });
  });

  it('tells the rule of a failure, again while its function fails', async () => {
    const { executionArn } = await run(new SFNClient(clientOptions(stack)), { do: 'fail', marked: 'for the rule' });
    const told = await vi.waitUntil(
      () => {
        const events = readFileSync(seen, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        const isRepeated = new Set(events.map(({ id }) => id)).size < events.length; // the function failed at its first event
        const own = events.find(({ detail }) => detail.executionArn === executionArn);
        return isRepeated && own;
      },
      { timeout: 20_000, interval: 20 }
    );
    expect(told).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { status: 'FAILED', error: 'Retryable', input: JSON.stringify({ do: 'fail', marked: 'for the rule' }) },
    });
    expect(readFileSync(seen, 'utf8')).not.toContain('SUCCEEDED');
  });

  it('names its errors', async () => {
    const sfn = new SFNClient(clientOptions(stack));
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:absent';
    await expect(sfn.send(new ListExecutionsCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });
});
