import { type AuditRecord, chain, type Head } from '../audit/record.ts';
import { Retryable } from '../errors.ts';
import type { Observation } from '../releases/compare.ts';
import {
  afterDeployment,
  type Canary,
  type Candidate,
  type Policy,
  type Rollout,
  type Served,
} from '../releases/rollout.ts';
import type { Chain, Workflows } from './ports.ts';

export interface Found {
  readonly rollout?: Rollout;
  /** The last record of the rollout's chain in the audit. */
  readonly head: Head;
}

/** How a rollout stands, once there is one. */
export type Standing = Found & { readonly rollout: Rollout };

/** Which releases serve, and the runs that a canary is compared by. Throws `Retryable` and `Terminal` only. */
export interface Rollouts {
  /** As it stands now. */
  of(workflow: string): Promise<Found>;
  /** Sets it and appends to its chain: both, or none and false where it has changed since `found`. */
  set(rollout: Rollout, found: Found, record: AuditRecord): Promise<boolean>;
  chain(workflow: string): Promise<Chain>;
  /** The first runs that count, in the order of submission. */
  observed(
    canary: Canary
  ): Promise<{ readonly stable: readonly Observation[]; readonly candidate: readonly Observation[] }>;
}

export interface ReleaseDeps {
  readonly rollouts: Rollouts;
  readonly workflows: Workflows;
  readonly policy: Policy;
  /** Its operators may change what serves. */
  readonly operatorTenant: string;
  /** When this process looked last at a workflow's canary. */
  readonly looked: Map<string, number>;
  readonly now: () => Date;
  readonly traceId: () => string;
}

/** The name of a rollout's chain in the audit. */
export const rolloutSubject = (workflow: string): string => `release:${workflow}`;

const saidOf = ({ release, machine }: Served) => ({ release, machine });
const cohortOf = ({ share, tenants, since, automatic }: Candidate) => ({
  ...(share !== undefined && { share }),
  ...(tenants !== undefined && { tenants: [...tenants] }),
  since,
  automatic,
});

/** A record of what a rollout has become; `request` is the digest of what was asked for, where that may be sent again. */
export const recordOf = (
  { traceId }: Pick<ReleaseDeps, 'traceId'>,
  { stable, candidate, previous, by, at, reason, workflow }: Rollout,
  {
    head,
    tenant,
    action,
    request,
  }: { readonly head: Head; readonly tenant: string; readonly action: string; readonly request?: string | undefined }
): AuditRecord =>
  chain(
    head,
    {
      step: 'rollout',
      args_redacted: {
        reason,
        stable: saidOf(stable),
        ...(candidate && { candidate: { ...saidOf(candidate), ...cohortOf(candidate) } }),
        ...(previous && { previous: saidOf(previous) }),
        ...(request !== undefined && { request }),
      },
      policy: { decision: action, rule_ids: [] },
      result: { status: candidate ? 'canary' : 'one release' },
    },
    { trace_id: traceId(), run_id: rolloutSubject(workflow), at, user: { id: by, tenant }, release: stable.release }
  );

const TRIES = 5;

/** How a workflow's releases stand, once this deployment is taken note of: whoever comes first writes it down. */
export const rolloutNow = async (
  deps: ReleaseDeps,
  workflow: string,
  { release, input, machine }: Served
): Promise<Standing> => {
  const deployed = { release, input, machine }; // a deployment says more of a workflow than is kept
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const found = await deps.rollouts.of(workflow);
    const at = deps.now().toISOString();
    const next = afterDeployment(found.rollout, workflow, deployed, { policy: deps.policy, at });
    if (next === undefined && found.rollout !== undefined) return { ...found, rollout: found.rollout };
    if (next === undefined) break;
    const record = recordOf(deps, next, { head: found.head, tenant: deps.operatorTenant, action: 'deploy' });
    if (await deps.rollouts.set(next, found, record))
      return { rollout: next, head: { seq: record.seq, hash: record.hash } };
  }
  throw new Retryable(`the releases of ${workflow} kept changing while they were read`);
};
