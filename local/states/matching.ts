import type { Failure } from './failure.ts';
import type { Retrier } from './program.ts';

/** Errors after which an execution cannot go on in a known state: no wildcard matches them. */
const TERMINAL: ReadonlySet<string> = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/**
 * Whether a Retry or Catch with these ErrorEquals is meant by the failure. `States.TaskFailed` is what the task itself
 * reported, whatever its name; a missed heartbeat is a `States.Timeout` too; `States.ALL` is everything but the errors
 * that are terminal.
 */
export const matches = (failure: Failure, errors: readonly string[]): boolean =>
  (failure.error !== undefined && errors.includes(failure.error)) ||
  (failure.from === 'heartbeat' && errors.includes('States.HeartbeatTimeout')) ||
  (!TERMINAL.has(failure.error ?? '') &&
    (errors.includes('States.ALL') || (failure.from === 'task' && errors.includes('States.TaskFailed'))));

/** Milliseconds before the retry that follows `attempts` earlier ones. `random` is in [0, 1). */
export const delayMs = (retrier: Retrier, attempts: number, random: () => number = Math.random): number => {
  const seconds = Math.min(
    retrier.intervalSeconds * retrier.backoffRate ** attempts,
    retrier.maxDelaySeconds,
    99_999_999
  );
  return Math.round(1_000 * (retrier.jitter === 'FULL' ? random() * seconds : seconds));
};
