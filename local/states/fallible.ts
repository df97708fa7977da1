import type { Host } from './attempt.ts';
import type { Branch } from './branch.ts';
import { bindingsOf, type Exit, exitBy, recorded } from './evaluation.ts';
import { type Failure, StateFailed } from './failure.ts';
import { delayMs, matches } from './matching.ts';
import type { MapState, ParallelState, TaskState } from './program.ts';
import { sleepUntil } from './sleep.ts';

export type FallibleState = TaskState | ParallelState | MapState;

/** The retrier that wants another attempt: the first that matches decides. */
const retrierFor = (branch: Branch, { retriers }: FallibleState, failure: Failure) => {
  const at = retriers.findIndex(({ errors }) => matches(failure, errors));
  const retrier = retriers[at];
  const made = branch.position.retries?.[at] ?? 0;
  return retrier === undefined || made >= retrier.maxAttempts ? undefined : { at, retrier, made };
};

/** The attempt has failed, with all that led there in the history. A Parallel or Map says so when it is not tried again. */
export const settleFailed = (branch: Branch, state: FallibleState, failure: Failure): void => {
  if (state.type !== 'Task' && retrierFor(branch, state, failure) === undefined)
    branch.record(`${state.type}StateFailed`);
  branch.move({ ...branch.position, phase: { kind: 'settled', outcome: { kind: 'failed', failure } } });
};

/** Waits, on disk, if a retrier wants another attempt; false if none does. */
const backOff = async (
  branch: Branch,
  state: FallibleState,
  failure: Failure,
  { now, chance }: Host
): Promise<boolean> => {
  const found = retrierFor(branch, state, failure);
  if (found === undefined) return false;
  const { at, retrier, made } = found;
  const retries = state.retriers.map((_, index) => (branch.position.retries?.[index] ?? 0) + (index === at ? 1 : 0));
  await branch.save({ kind: 'backing-off', untilMs: now() + delayMs(retrier, made, chance.random) }, retries);
  return true;
};

/** What Catch sees. AWS gives null for what a Fail state or a token left out, but a time-out an empty Cause. */
const errorOutputOf = ({ error, cause, from }: Failure) => ({
  Error: error ?? null,
  Cause: cause ?? (from === 'timeout' || from === 'heartbeat' ? '' : null),
});

/**
 * Runs a state to its exit, by its result or a Catch, with an `attempt` that leaves it settled or throws `StateFailed`. Throws
 * the `StateFailed` that neither Retry nor Catch takes.
 */
export const performFallible = async (
  branch: Branch,
  state: FallibleState,
  host: Host,
  attempt: () => Promise<void>
): Promise<Exit> => {
  for (;;) {
    const { phase } = branch.position;
    try {
      if (phase.kind === 'backing-off') await sleepUntil(branch, phase.untilMs, host);
      if (phase.kind !== 'settled') {
        await attempt();
        continue;
      }
      if (phase.outcome.kind === 'succeeded') {
        const { result } = phase.outcome;
        return await exitBy(branch, state, bindingsOf(branch, { result }), result);
      }
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error;
      settleFailed(branch, state, recorded(branch, error.failure));
      continue;
    }
    const { failure } = phase.outcome;
    if (await backOff(branch, state, failure, host)) continue;
    const catcher = state.catchers.find(({ errors }) => matches(failure, errors));
    if (catcher === undefined) throw new StateFailed(failure);
    const errorOutput = errorOutputOf(failure);
    return await exitBy(branch, catcher, bindingsOf(branch, { errorOutput }), errorOutput);
  }
};
