import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { callAt } from '../../../local/states/clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it.each([-5_000, 0, 1, 86_400_000, 400 * 86_400_000])('calls after %i ms, not before, once', (afterMs) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const due = vi.fn();
  callAt(Date.now() + afterMs, Date.now, due);
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
  const [first, later] = [
    callAt(Date.now() + 1_000, Date.now, due),
    callAt(Date.now() + 60 * 86_400_000, Date.now, due),
  ];
  first();
  vi.advanceTimersByTime(30 * 86_400_000);
  later();
  vi.runAllTimers();
  expect(due).not.toHaveBeenCalled();
});
