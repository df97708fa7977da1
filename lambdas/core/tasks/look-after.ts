import { dueOf } from '../releases/compare.ts';
import { BY_ITSELF, type Rollout } from '../releases/rollout.ts';
import { changed } from './change-release.ts';
import { type ReleaseDeps, recordOf } from './releases.ts';
import { comparisonOf } from './view-releases.ts';

/** A process looks at a canary once in so long at most. */
const LOOK_EVERY_MS = 60_000;

/**
 * Looks how a candidate does, and takes it back or promotes it where that is done without asking. Called when a run was given
 * to the candidate, so that where no run comes nothing is asked. Answers what it did.
 */
export const lookAfter = async (deps: ReleaseDeps, rollout: Rollout): Promise<'rollback' | 'promote' | undefined> => {
  const { workflow, candidate } = rollout;
  if (candidate === undefined) return undefined;
  const now = deps.now();
  if (now.getTime() - (deps.looked.get(workflow) ?? Number.NEGATIVE_INFINITY) < LOOK_EVERY_MS) return undefined;
  deps.looked.set(workflow, now.getTime());
  const comparison = await comparisonOf(deps, rollout);
  const action = comparison && dueOf(comparison);
  if (comparison === undefined || action === undefined || !candidate.automatic[action]) return undefined;
  const found = await deps.rollouts.of(workflow);
  const { candidate: still } = found.rollout ?? {};
  if (found.rollout === undefined || still?.since !== candidate.since || still.release !== candidate.release)
    return undefined; // somebody was faster
  const measures = comparison.measured.filter(({ finding }) => finding !== 'no-difference');
  const reason = `${comparison.verdict} at ${comparison.look} runs each: ${
    measures.map(({ measure, finding }) => `${measure} ${finding}`).join(', ') || 'nothing differs'
  }`;
  const next = changed(found.rollout, { action }, { by: BY_ITSELF, at: now.toISOString(), reason });
  if (typeof next === 'string') return undefined;
  const record = recordOf(deps, next, { head: found.head, tenant: deps.operatorTenant, action });
  return (await deps.rollouts.set(next, found, record)) ? action : undefined;
};
