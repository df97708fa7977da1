import type { AuditRecord, Head } from '../audit/record.ts';
import { faultOf } from '../audit/verify.ts';
import { type Comparison, compare } from '../releases/compare.ts';
import type { Rollout } from '../releases/rollout.ts';
import type { Identity } from './identity.ts';
import { type ReleaseDeps, rolloutNow, rolloutSubject } from './releases.ts';

export interface ReleaseView {
  readonly rollout: Rollout;
  readonly comparison?: Comparison;
  readonly head: Head;
  /** The first fault of its chain. */
  readonly fault?: string;
  readonly records: readonly AuditRecord[];
}

/** How the candidate compares with the stable release, as things are now; undefined where there is no candidate. */
export const comparisonOf = async ({ rollouts, now }: ReleaseDeps, { workflow, candidate }: Rollout) =>
  candidate &&
  compare(await rollouts.observed({ workflow, release: candidate.release, since: candidate.since }), now());

/** Which releases serve, how the candidate compares, and who decided so; `unknown` where there is no such workflow. */
export const viewReleases = async (
  deps: ReleaseDeps,
  { tenant }: Identity,
  workflow: string
): Promise<ReleaseView | 'forbidden' | 'unknown'> => {
  if (tenant !== deps.operatorTenant) return 'forbidden';
  const deployed = deps.workflows.get(workflow);
  if (deployed === undefined) return 'unknown';
  const { rollout, head } = await rolloutNow(deps, workflow, deployed);
  const [{ records, unreadable }, comparison] = await Promise.all([
    deps.rollouts.chain(workflow),
    comparisonOf(deps, rollout),
  ]);
  const upTo = records.slice(0, head.seq + 1); // what came since is of the next look
  const fault =
    unreadable === undefined
      ? faultOf(upTo, head, rolloutSubject(workflow))
      : `record ${unreadable} is not a record of an audit`;
  return { rollout, head, records: upTo, ...(comparison && { comparison }), ...(fault !== undefined && { fault }) };
};
