import type { Failure } from './failure.ts';
import type { Retrier } from './program.ts';

const RUNTIME = 'States.Runtime';
/** Not what a task failed with: it was out of time, or an expression of its state failed, whatever the task had done. */
const NO_FAILURE_OF_TASKS: ReadonlySet<string | undefined> = new Set(['States.Timeout', 'States.QueryEvaluationError']);
/** No wildcard matches it. */
const TOO_LARGE = 'States.DataLimitExceeded';

/**
 * Whether a Retry or Catch with these ErrorEquals is meant by the failure. `States.ALL` is everything but the errors that are terminal,
 * `States.TaskFailed` all of that but `States.Timeout` and `States.QueryEvaluationError`; a missed heartbeat is a `States.Timeout` too;
 * `States.BranchFailed` is what failed a Parallel. `States.Runtime` ends the execution whatever is caught.
 */
export const matches = (failure: Failure, errors: readonly string[]): boolean => {
  if (failure.error === RUNTIME) return false;
  if (failure.error !== undefined && errors.includes(failure.error)) return true;
  if (failure.from === 'heartbeat' && errors.includes('States.HeartbeatTimeout')) return true;
  if (failure.error === TOO_LARGE) return false;
  if (failure.ofBranch && errors.includes('States.BranchFailed')) return true;
  return (
    errors.includes('States.ALL') || (!NO_FAILURE_OF_TASKS.has(failure.error) && errors.includes('States.TaskFailed'))
  );
};

/** Milliseconds before the retry that follows `attempts` earlier ones. `random` is in [0, 1). */
export const delayMs = (retrier: Retrier, attempts: number, random: () => number): number => {
  const seconds = Math.min(
    retrier.intervalSeconds * retrier.backoffRate ** attempts,
    retrier.maxDelaySeconds,
    99_999_999
  );
  return Math.round(1_000 * (retrier.jitter === 'FULL' ? random() * seconds : seconds));
};
