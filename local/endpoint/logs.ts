import * as z from 'zod';
import { type LogEvent, readLog } from '../logs/events.ts';
import { compileTerms, UnknownPattern } from '../logs/pattern.ts';
import type { LambdaFunction } from '../template/functions.ts';
import type { JsonObject } from '../template/json.ts';
import type { LogGroup } from '../template/log-groups.ts';
import { ServiceError } from './exchange.ts';
import { type JsonService, operation } from './operation.ts';
import { pageOf } from './paging.ts';

const Token = z.string().optional();
const Limit = z.int().min(1).max(50).default(50);
const Events = z.int().min(1).max(10_000).default(10_000);
const Time = z.int().min(0).optional();
const OneGroup = z.object({ logGroupName: z.string().optional(), logGroupIdentifier: z.string().optional() });
const NotMasked = z.literal(false, 'nothing is masked here').optional();

const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message);

/** What an answer holds: 1 MB, as CloudWatch counts it. */
const MAX_PAGE_BYTES = 1024 * 1024;
const bytesOf = ({ message }: LogEvent): number => Buffer.byteLength(message) + 26;

/** As many of the first events as fit, at least one. */
const fitting = (events: readonly LogEvent[], limit: number): readonly LogEvent[] => {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += bytesOf(event);
    return index === limit || (index > 0 && bytes > MAX_PAGE_BYTES);
  });
  return end < 0 ? events : events.slice(0, end);
};

export interface LogsOptions {
  readonly groups: readonly LogGroup[];
  readonly functions: readonly LambdaFunction[];
  /** Where `<function>.log` lies. */
  readonly folder: string;
  /** What the ARNs of groups begin with. */
  readonly arnPrefix: string;
  readonly startedAt: number;
}

/** CloudWatch Logs, to be read: a stream for each function, in the group that the template names. */
export const logsService = ({ groups, functions, folder, arnPrefix, startedAt }: LogsOptions): JsonService => {
  const nameIn = ({ logGroupName, logGroupIdentifier }: z.infer<typeof OneGroup>): string => {
    if ((logGroupName === undefined) === (logGroupIdentifier === undefined))
      throw invalid('expected either logGroupName or logGroupIdentifier');
    const given = logGroupName ?? logGroupIdentifier ?? '';
    return given.startsWith(arnPrefix) ? given.slice(arnPrefix.length).replace(/:\*$/, '') : given;
  };
  /** As CloudWatch names what is asked for to policies. */
  const streamArn = (group: string, stream = ''): string => `${arnPrefix}${group}:log-stream:${stream}`;
  const resource = (input: z.infer<typeof OneGroup>): string => streamArn(nameIn(input));

  const streamsOf = (input: z.infer<typeof OneGroup>): readonly string[] => {
    const name = nameIn(input);
    if (!groups.some((group) => group.name === name))
      throw new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.');
    return functions.filter(({ logGroup }) => logGroup === name).map((lambda) => lambda.name);
  };
  const checked = (stream: string, streams: readonly string[]): string => {
    if (streams.includes(stream)) return stream;
    throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
  };

  const described = ({ name, retentionDays }: LogGroup): JsonObject => ({
    logGroupName: name,
    arn: `${arnPrefix}${name}:*`,
    logGroupArn: `${arnPrefix}${name}`,
    creationTime: startedAt,
    ...(retentionDays === undefined ? {} : { retentionInDays: retentionDays }),
    metricFilterCount: 0,
    logGroupClass: 'STANDARD',
  });

  const shown = ({ timestamp, message }: LogEvent): JsonObject => ({ timestamp, message, ingestionTime: timestamp });

  return {
    iamPrefix: 'logs',
    version: '1.1',
    anonymous: new Set(),
    operations: {
      DescribeLogGroups: operation(
        z.object({
          logGroupNamePrefix: z.string().optional(),
          logGroupNamePattern: z.string().optional(),
          logGroupIdentifiers: z.array(z.string()).optional(),
          logGroupClass: z.string().default('STANDARD'),
          includeLinkedAccounts: z.literal(false, 'there is one account here').optional(),
          limit: Limit,
          nextToken: Token,
        }),
        ({ logGroupNamePrefix = '' }) => streamArn(logGroupNamePrefix),
        ({
          logGroupNamePrefix = '',
          logGroupNamePattern = '',
          logGroupIdentifiers,
          logGroupClass,
          limit,
          nextToken,
        }) => {
          const named = logGroupIdentifiers?.map((logGroupIdentifier) => nameIn({ logGroupIdentifier }));
          const found = groups.filter(
            ({ name }) =>
              logGroupClass === 'STANDARD' &&
              name.startsWith(logGroupNamePrefix) &&
              name.includes(logGroupNamePattern) &&
              (named === undefined || named.includes(name))
          );
          const keyOf = ({ name }: LogGroup): string => name;
          const { items, next } = pageOf(found, keyOf, { limit, token: nextToken }, 'InvalidParameterException');
          return { logGroups: items.map(described), ...(next === undefined ? {} : { nextToken: next }) };
        }
      ),
      DescribeLogStreams: operation(
        OneGroup.extend({
          logStreamNamePrefix: z.string().optional(),
          orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
          descending: z.boolean().default(false),
          limit: Limit,
          nextToken: Token,
        }),
        resource,
        async ({ logStreamNamePrefix, orderBy, descending, limit, nextToken, ...group }) => {
          if (orderBy === 'LastEventTime' && logStreamNamePrefix !== undefined)
            throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
          const names = streamsOf(group)
            .filter((name) => name.startsWith(logStreamNamePrefix ?? ''))
            .toSorted();
          const read = await Promise.all(names.map(async (name) => ({ name, events: await readLog(folder, name) })));
          const streams = read.flatMap(({ name, events }) => {
            const [first, last] = [events[0], events.at(-1)];
            return first === undefined || last === undefined ? [] : [{ name, first, last }];
          });
          if (orderBy === 'LastEventTime') streams.sort((one, other) => one.last.timestamp - other.last.timestamp);
          if (descending) streams.reverse();
          const keyOf = ({ name }: (typeof streams)[number]): string => name;
          const { items, next } = pageOf(streams, keyOf, { limit, token: nextToken }, 'InvalidParameterException');
          const logStreams = items.map(({ name, first, last }) => ({
            logStreamName: name,
            arn: streamArn(nameIn(group), name),
            creationTime: first.timestamp,
            firstEventTimestamp: first.timestamp,
            lastEventTimestamp: last.timestamp,
            lastIngestionTime: last.timestamp,
            storedBytes: 0, // of streams, CloudWatch always says so
          }));
          return { logStreams, ...(next === undefined ? {} : { nextToken: next }) };
        }
      ),
      GetLogEvents: operation(
        OneGroup.extend({
          logStreamName: z.string(),
          startTime: Time,
          endTime: Time,
          startFromHead: z.boolean().default(false),
          limit: Events,
          nextToken: z
            .string()
            .regex(/^[fb]\/\d*$/, 'expected a token of an answer')
            .optional(),
          unmask: NotMasked,
        }),
        ({ logStreamName, ...group }) => streamArn(nameIn(group), logStreamName),
        async ({
          logStreamName,
          startTime = 0,
          endTime = Number.POSITIVE_INFINITY,
          startFromHead,
          limit,
          nextToken,
          ...group
        }) => {
          const events = await readLog(folder, checked(logStreamName, streamsOf(group)));
          const [direction = startFromHead ? 'f' : 'b', id = ''] = nextToken?.split('/') ?? [];
          const forward = direction === 'f';
          const isAsked = (event: LogEvent): boolean =>
            event.timestamp >= startTime &&
            event.timestamp < endTime &&
            (id === '' || (forward ? event.id > id : event.id < id));
          const found = events.filter(isAsked);
          const page = forward ? fitting(found, limit) : fitting(found.toReversed(), limit).toReversed();
          return {
            events: page.map(shown),
            nextForwardToken: `f/${page.at(-1)?.id ?? id}`,
            nextBackwardToken: `b/${page[0]?.id ?? id}`,
          };
        }
      ),
      FilterLogEvents: operation(
        OneGroup.extend({
          logStreamNames: z.array(z.string()).optional(),
          logStreamNamePrefix: z.string().optional(),
          startTime: Time,
          endTime: Time,
          filterPattern: z.string().max(1024).default(''),
          limit: Events,
          nextToken: z.string().regex(/^\d+$/, 'expected a token of an answer').default(''),
          unmask: NotMasked,
        }),
        resource,
        async ({ logStreamNames, logStreamNamePrefix, filterPattern, limit, nextToken, ...given }) => {
          const { startTime = 0, endTime = Number.POSITIVE_INFINITY, ...group } = given;
          if (logStreamNames !== undefined && logStreamNamePrefix !== undefined)
            throw invalid('expected logStreamNames or logStreamNamePrefix, not both');
          const all = streamsOf(group);
          const streams = logStreamNames?.map((name) => checked(name, all)) ?? all;
          const searched = streams.filter((name) => name.startsWith(logStreamNamePrefix ?? ''));
          const matches = termsIn(filterPattern);
          const events = (await Promise.all(searched.map((name) => readLog(folder, name)))).flat();
          const found = events
            .filter(
              ({ timestamp, id, message }) =>
                timestamp >= startTime && timestamp <= endTime && id > nextToken && matches(message)
            )
            .sort((one, other) => (one.id < other.id ? -1 : 1));
          const page = fitting(found, limit);
          return {
            events: page.map((event) => ({ ...shown(event), logStreamName: event.stream, eventId: event.id })),
            searchedLogStreams: [],
            ...(page.length < found.length ? { nextToken: page.at(-1)?.id } : {}),
          };
        }
      ),
    },
  };
};

const termsIn = (pattern: string): ((message: string) => boolean) => {
  try {
    return compileTerms(pattern);
  } catch (error) {
    throw error instanceof UnknownPattern ? invalid(error.message) : error;
  }
};
