import type { Branch } from './branch.ts';
import type { Clock } from './clock.ts';

/** Resolves at `untilMs`; rejects with `Halted` if the branch ends before. */
export const sleepUntil = (branch: Branch, untilMs: number, { callAt }: Clock): Promise<void> =>
  branch.wait<void>((resolve) => ({ release: callAt(untilMs, resolve) }));
