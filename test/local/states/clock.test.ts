import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock, virtualClock } from '../../../local/states/clock.ts';

const { callAt } = systemClock();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it.each([-5_000, 0, 1, 86_400_000, 400 * 86_400_000])('calls after %i ms, not before, once', (afterMs) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const due = vi.fn();
  callAt(Date.now() + afterMs, due);
  if (afterMs > 1) vi.advanceTimersByTime(afterMs - 1);
  expect(due).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(due).toHaveBeenCalledTimes(1);
  vi.runAllTimers();
  expect(due).toHaveBeenCalledTimes(1);
  // Node fires at once what is longer
  for (const [, delay] of timers.mock.calls) expect(delay).toBeLessThan(2 ** 31);
});

it('does not call what was cancelled, in its first leg or a later one', () => {
  const due = vi.fn();
  const [first, later] = [callAt(Date.now() + 1_000, due), callAt(Date.now() + 60 * 86_400_000, due)];
  first();
  vi.advanceTimersByTime(30 * 86_400_000);
  later();
  vi.runAllTimers();
  expect(due).not.toHaveBeenCalled();
});

it('leaps, in a virtual time, to what is due next, when nothing else can happen', async () => {
  const clock = virtualClock(1_000);
  const seen: [string, number][] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const see = (name: string) => (): void => {
    seen.push([name, clock.now()]);
  };
  clock.callAt(500, see('past'));
  const cancel = clock.callAt(40_000_000_000_000, see('cancelled'));
  clock.callAt(31_536_001_000, () => {
    see('year')();
    clock.callAt(0, resolve);
  });
  const setLater = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    clock.callAt(3_000, see('set by what a promise led to'));
  };
  clock.callAt(2_000, () => {
    see('second')();
    cancel();
    void setLater();
  });
  clock.callAt(2_000, see('second, later'));
  await over;
  expect(seen).toEqual([
    ['past', 1_000],
    ['second', 2_000],
    ['second, later', 2_000],
    ['set by what a promise led to', 3_000],
    ['year', 31_536_001_000],
  ]);
});
