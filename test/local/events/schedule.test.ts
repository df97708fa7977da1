import { describe, expect, it } from 'vitest';
import { createEvents } from '../../../local/events/bus.ts';
import { scheduleOf } from '../../../local/events/schedule.ts';
import type { FunctionPool } from '../../../local/functions/pool.ts';
import { virtualClock } from '../../../local/states/clock.ts';
import type { LambdaFunction } from '../../../local/template/functions.ts';

const MADE = Date.parse('2030-01-02T03:04:05Z');
const next = (expression: string, after: string): string | undefined => {
  const at = scheduleOf(expression, MADE)(Date.parse(after));
  return at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', '');
};

describe('a schedule', () => {
  it.each([
    ['cron(17 * * * ? *)', '2030-01-02T03:16:59Z', '2030-01-02T03:17'],
    ['cron(17 * * * ? *)', '2030-01-02T03:17:00Z', '2030-01-02T04:17'],
    ['cron(17 * * * ? *)', '2030-12-31T23:17:00Z', '2031-01-01T00:17'],
    ['cron(0/15 8-9 ? * MON-FRI *)', '2030-01-04T09:45:00Z', '2030-01-07T08:00'],
    ['cron(0 0 29 2 ? *)', '2030-01-01T00:00:00Z', '2032-02-29T00:00'],
    ['cron(5,35 0 1 JAN,jul ? 2031)', '2030-01-01T00:00:00Z', '2031-01-01T00:05'],
    ['cron(0 0 1 1 ? 2030)', '2030-01-01T00:00:00Z', undefined],
    ['cron(0 12 ? * 1 *)', '2030-01-05T00:00:00Z', '2030-01-06T12:00'], // 1 is Sunday
    ['rate(1 hour)', '2030-01-02T03:30:00Z', '2030-01-02T04:04:05.000Z'],
    ['rate(5 minutes)', '2030-01-02T03:09:05Z', '2030-01-02T03:14:05.000Z'],
    ['rate(2 days)', '2030-01-02T03:04:05Z', '2030-01-04T03:04:05.000Z'],
  ])('%s after %s is due at %s', (expression, after, due) => {
    expect(next(expression, after)).toBe(due);
  });

  it.each([
    ['rate(1 hours)', 'does not know the schedule'],
    ['rate(5 minute)', 'does not know the schedule'],
    ['rate(0 minutes)', 'does not know the schedule'],
    ['rate(1 week)', 'does not know the schedule'],
    ['at(2030-01-01T00:00:00)', 'does not know the schedule'],
    ['cron(0 0 * * *)', 'six fields'],
    ['cron(0 0 * * * *)', 'has ? as its day of month or as its day of week'],
    ['cron(0 0 ? * ? *)', 'has ? as its day of month or as its day of week'],
    ['cron(60 0 * * ? *)', '"60" as the minutes'],
    ['cron(0 0 L * ? *)', '"L" as the day of month'],
    ['cron(0 0 ? * 2#1 *)', '"2#1" as the day of week'],
    ['cron(0/0 0 * * ? *)', '"0/0" as the minutes'],
  ])('%s is refused', (expression, message) => {
    expect(() => scheduleOf(expression, MADE)).toThrow(message);
  });
});

describe('a rule with a schedule', () => {
  const lambda = { name: 'archiver', arn: 'arn:f', asyncRetries: 0 } as LambdaFunction;
  const eventsWith = (
    mayInvoke: () => boolean,
    invoked: { readonly at: string; readonly event: unknown }[],
    until: number
  ) => {
    const clock = virtualClock(MADE);
    const done = Promise.withResolvers<void>();
    const pool = {
      invoke: async (_: string, payload: string) => {
        invoked.push({ at: new Date(clock.now()).toISOString(), event: JSON.parse(payload) });
        if (invoked.length === until) {
          events.close();
          done.resolve();
        }
        return { failed: false, payload: 'null' };
      },
    } as unknown as FunctionPool;
    const rules = [{ at: 'S/R', arn: 'arn:rule', on: { schedule: 'cron(17 * * * ? *)' }, targets: ['arn:f'] }];
    const about = { account: '1', region: 'r', log: () => undefined };
    const events = createEvents({ rules, functions: [lambda], pool, mayInvoke, clock, ...about });
    return { done: done.promise, clock, events };
  };

  it('invokes its target each time it is due, as EventBridge does, until it is closed', async () => {
    const invoked: { readonly at: string; readonly event: unknown }[] = [];
    await eventsWith(() => true, invoked, 3).done;
    expect(invoked.map(({ at }) => at.slice(11, 16))).toEqual(['03:17', '04:17', '05:17']);
    expect(invoked[0]?.event).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      time: '2030-01-02T03:17:00.000Z',
      resources: ['arn:rule'],
      detail: {},
    });
  });

  it('invokes nothing that does not let it', async () => {
    const invoked: { readonly at: string; readonly event: unknown }[] = [];
    const { clock, events } = eventsWith(() => false, invoked, 1);
    await new Promise<void>((resolve) => void clock.callAt(MADE + 3 * 3_600_000, resolve));
    events.close();
    expect(invoked).toEqual([]);
  });

  it('is refused where its schedule is not known, by its place', () => {
    const rules = [{ at: 'S/R', arn: 'arn:rule', on: { schedule: 'rate(1 week)' }, targets: ['arn:f'] }];
    const options = { functions: [lambda], pool: {} as FunctionPool, mayInvoke: () => true, clock: virtualClock(MADE) };
    expect(() => createEvents({ rules, ...options, account: '1', region: 'r', log: () => undefined })).toThrow(
      'S/R: the local stack does not know the schedule "rate(1 week)"'
    );
  });
});
