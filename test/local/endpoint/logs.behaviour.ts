import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { clientOptions, invoke } from '../calls.ts';
import { sample, start } from '../sample.ts';

const GROUP = '/aws/lambda/worker';
const ARN = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;

describe('CloudWatch Logs at the endpoint', () => {
  let stack: LocalStack;
  let logs: CloudWatchLogsClient;
  const filter = async (more: Partial<FilterLogEventsCommandInput>) =>
    (await logs.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...more }))).events ?? [];
  beforeAll(async () => {
    stack = await start(sample());
    logs = new CloudWatchLogsClient(clientOptions(stack));
    await invoke(stack, { do: 'print', lines: Array.from({ length: 6 }, (_, n) => `line ${n}\n`).join('') });
    await vi.waitUntil(async () => (await filter({ filterPattern: '"line 5"' })).length === 1);
  });
  afterAll(() => stack.close());

  it('lists the groups of the template and of Lambda', async () => {
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand());
    expect(logGroups?.map(({ logGroupName }) => logGroupName)).toEqual([
      '/aws/lambda/token',
      '/aws/lambda/watcher',
      GROUP,
      'web',
    ]);
    const found = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: 'we' }));
    expect(found.logGroups).toMatchObject([{ logGroupName: 'web', retentionInDays: 30 }]);
  });

  it('has a stream for each function that has printed something', async () => {
    const { logStreams } = await logs.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    expect(logStreams).toMatchObject([{ logStreamName: 'worker', arn: `${ARN}:log-stream:worker` }]);
    const none = await logs.send(new DescribeLogStreamsCommand({ logGroupName: 'web' }));
    expect(none.logStreams).toEqual([]);
  });

  it('reads a stream forward and backward, in pages, to its ends', async () => {
    const read = async (startFromHead: boolean): Promise<readonly (string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      let nextToken: string | undefined;
      for (;;) {
        const of = { logGroupIdentifier: ARN, logStreamName: 'worker', startFromHead, limit: 4, nextToken };
        const page = await logs.send(new GetLogEventsCommand(of));
        const messages = (page.events ?? []).map(({ message }) => message);
        found.splice(startFromHead ? found.length : 0, 0, ...messages);
        const next = startFromHead ? page.nextForwardToken : page.nextBackwardToken;
        if (next === nextToken) return found;
        nextToken = next;
      }
    };
    const forward = await read(true);
    expect(forward.filter((message) => message?.includes('line '))).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => expect.stringContaining(`line ${n}`))
    );
    expect(await read(false)).toEqual(forward);
  });

  it('finds events by terms and by time, each once and with an id of its own', async () => {
    const messages = async (more: Partial<FilterLogEventsCommandInput>) =>
      (await filter(more)).map(({ message }) => /line \d/.exec(message ?? '')?.[0]);
    expect(await messages({ filterPattern: '?"line 1" ?"line 4"' })).toEqual(['line 1', 'line 4']);
    const events = await filter({ filterPattern: 'line' });
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(6);
    const last = events.at(-1)?.timestamp ?? 0;
    expect(await filter({ startTime: last + 1, filterPattern: 'line' })).toEqual([]);
    expect(await messages({ startTime: events[0]?.timestamp, endTime: last, filterPattern: 'line' })).toHaveLength(6);
    const first = await logs.send(new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: 'line', limit: 4 }));
    expect(await messages({ filterPattern: 'line', nextToken: first.nextToken })).toEqual(['line 4', 'line 5']);
  });

  it.each([
    ['ResourceNotFoundException', () => filter({ logGroupName: 'absent' })],
    ['ResourceNotFoundException', () => filter({ logStreamNames: ['http'] })],
    ['InvalidParameterException', () => filter({ filterPattern: '{ $.level = "ERROR" }' })],
    ['InvalidParameterException', () => filter({ logGroupIdentifier: GROUP })],
    ['InvalidParameterException', () => filter({ logStreamNames: ['worker'], logStreamNamePrefix: 'w' })],
    ['InvalidParameterException', () => logs.send(new DescribeLogGroupsCommand({ nextToken: 'no' }))],
  ])('answers with %s what cannot be done (%#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
