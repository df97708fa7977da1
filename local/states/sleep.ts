import type { Branch } from './branch.ts';
import { callAt } from './clock.ts';

/** Resolves at `untilMs`; rejects with `Halted` if the branch ends before. */
export const sleepUntil = (branch: Branch, untilMs: number, now: () => number): Promise<void> =>
  branch.wait<void>((resolve) => ({ release: callAt(untilMs, now, resolve) }));
