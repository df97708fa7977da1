import * as z from 'zod';
import { digestOf, sha256 } from '../digest.ts';
import { Digest, type RunRef, Tenant, WorkflowName } from '../names.ts';
import { TaskShape } from '../workflow.ts';

/** A release as the API serves it: what it takes, and the state machine version that its runs start with. */
export const Served = z.strictObject({ release: Digest, input: TaskShape, machine: z.string().startsWith('arn:') });
export type Served = z.infer<typeof Served>;

/** What is done without asking: taking back a candidate that is worse, and promoting one that is not. */
export const Automatic = z.strictObject({ rollback: z.boolean(), promote: z.boolean() });
export type Automatic = z.infer<typeof Automatic>;

/** Percent of the runs. All of them is what promoting is for. */
export const Share = z.int().min(1).max(99);
export const Cohort = z.array(Tenant).min(1).max(100);

export const Candidate = Served.extend({
  share: Share.optional(),
  tenants: Cohort.optional(),
  /** When it was put so: its comparison counts runs from then on. */
  since: z.iso.datetime(),
  automatic: Automatic,
});
export type Candidate = z.infer<typeof Candidate>;

export const Rollout = z.strictObject({
  workflow: WorkflowName,
  stable: Served,
  candidate: Candidate.optional(),
  /** What was stable before: the way back. */
  previous: Served.optional(),
  /** The last deployment that was taken note of. */
  deployed: Served,
  by: z.string(),
  at: z.iso.datetime(),
  reason: z.string(),
});
/** Which releases of a workflow new runs get. */
export type Rollout = z.infer<typeof Rollout>;

/** What a deployed release means: it serves all new runs, or a share of them until somebody promotes it. */
export const Policy = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('canary'), share: Share, automatic: Automatic }),
]);
export type Policy = z.infer<typeof Policy>;

/** The author of what nobody commanded. */
export const BY_ITSELF = 'writ';

const placeOf = (machine: string) => {
  const at = machine.lastIndexOf(':');
  return { machine: machine.slice(0, at), version: Number(machine.slice(at + 1)) };
};

/** Versions of one state machine count up. So a function of the deployment before, still warm, is told from a new one. */
const isOlder = (one: Served, other: Served): boolean => {
  const [a, b] = [placeOf(one.machine), placeOf(other.machine)];
  return a.machine === b.machine && a.version < b.version;
};

const isSame = (one: Served, other: Served): boolean =>
  one.release === other.release && one.machine === other.machine && digestOf(one.input) === digestOf(other.input);

/** How the rollout stands once this deployment is taken note of; undefined where it was, or a later one was. */
export const afterDeployment = (
  before: Rollout | undefined,
  workflow: string,
  deployed: Served,
  { policy, at }: { readonly policy: Policy; readonly at: string }
): Rollout | undefined => {
  const noted = { workflow, deployed, by: BY_ITSELF, at };
  if (before === undefined) return { ...noted, stable: deployed, reason: 'first deployment' };
  const last = before.deployed;
  if (isSame(deployed, last) || isOlder(deployed, last)) return undefined;
  const { stable, candidate, previous } = before;
  const kept = previous && { previous };
  if (deployed.release === stable.release)
    return { ...noted, ...kept, stable: deployed, reason: 'the stable release was deployed again' };
  if (deployed.release === candidate?.release)
    return {
      ...before,
      ...noted,
      candidate: { ...candidate, ...deployed },
      reason: 'the candidate was deployed again',
    };
  if (policy.kind === 'all')
    return { ...noted, stable: deployed, previous: stable, reason: 'deployed for all new runs' };
  const { share, automatic } = policy;
  return {
    ...noted,
    ...kept,
    stable,
    candidate: { ...deployed, share, automatic, since: at },
    reason: 'deployed as the candidate',
  };
};

/** A number below 1 that a run has for a release: the same every time, and another for another release. */
const lotOf = (salt: string, { tenant, run }: RunRef): number =>
  Number.parseInt(sha256(`${salt}#${tenant}#${run}`).slice(0, 12), 16) / 2 ** 48;

/** The release that a new run gets. */
export const servedTo = ({ stable, candidate }: Rollout, ref: RunRef): Served => {
  if (candidate === undefined) return stable;
  const { share = 0, tenants = [], release } = candidate;
  const isChosen = tenants.includes(ref.tenant) || lotOf(release, ref) < share / 100;
  const { since: _, automatic: __, share: ___, tenants: ____, ...served } = candidate;
  return isChosen ? served : stable;
};

export type Arm = 'stable' | 'candidate';

/** One canary, put so at one time. */
export interface Canary {
  readonly workflow: string;
  readonly release: string;
  readonly since: string;
}

/** A run that counts in a canary's comparison. */
export interface Sample extends Canary {
  readonly arm: Arm;
}

/** Where a new run counts, if it does: of the stable release as many as of the candidate are enough. */
export const sampleOf = (rollout: Rollout, release: string, ref: RunRef): Sample | undefined => {
  const { candidate, workflow } = rollout;
  if (candidate === undefined) return undefined;
  const canary = { workflow, release: candidate.release, since: candidate.since };
  if (release === candidate.release) return { ...canary, arm: 'candidate' };
  const { share, tenants } = candidate;
  const part = share === undefined || tenants !== undefined ? 1 : Math.min(1, share / (100 - share));
  return lotOf(`${candidate.release}#stable`, ref) < part ? { ...canary, arm: 'stable' } : undefined;
};
