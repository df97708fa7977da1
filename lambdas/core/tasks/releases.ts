import * as z from 'zod';
import { type AuditRecord, chain, type Head } from '../audit/record.ts';
import { faultOf } from '../audit/verify.ts';
import { Retryable } from '../errors.ts';
import { type Comparison, compare, dueOf, type Observation } from '../releases/compare.ts';
import {
  Automatic,
  afterDeployment,
  BY_ITSELF,
  type Canary,
  type Candidate,
  Cohort,
  type Policy,
  type Rollout,
  type Served,
  Share,
} from '../releases/rollout.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import type { Chain, Workflows } from './ports.ts';

export interface Found {
  readonly rollout?: Rollout;
  /** The last record of the rollout's chain in the audit. */
  readonly head: Head;
}

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

export const ReleaseChange = z.strictObject({
  action: z.enum(['canary', 'promote', 'rollback']),
  reason: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*\S[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'text on one line'),
  share: Share.optional(),
  tenants: Cohort.optional(),
  automatic: Automatic.optional(),
});
export type ReleaseChange = z.infer<typeof ReleaseChange>;

export type Changed =
  | { readonly kind: 'set'; readonly rollout: Rollout }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** What was asked for makes no sense as things stand. */
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'overtaken' };

/** The name of a rollout's chain in the audit. */
export const rolloutSubject = (workflow: string): string => `release:${workflow}`;

const saidOf = ({ release, machine }: Served) => ({ release, machine });
const cohortOf = ({ share, tenants, since, automatic }: Candidate) => ({
  ...(share !== undefined && { share }),
  ...(tenants !== undefined && { tenants: [...tenants] }),
  since,
  automatic,
});

const recordOf = (
  { traceId }: Pick<ReleaseDeps, 'traceId'>,
  { stable, candidate, previous, by, at, reason, workflow }: Rollout,
  { head, tenant, action }: { readonly head: Head; readonly tenant: string; readonly action: string }
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
): Promise<Found & { readonly rollout: Rollout }> => {
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

const fieldErrors = ({ action, share, tenants, automatic }: ReleaseChange): readonly FieldError[] =>
  action === 'canary'
    ? share === undefined && tenants === undefined
      ? [{ field: 'share', expected: 'a share of the runs in percent, or tenants', found: 'neither' }]
      : []
    : Object.entries({ share, tenants, automatic }).flatMap(([field, given]) =>
        given === undefined ? [] : [{ field, expected: 'nothing: only a canary has it', found: 'a value' }]
      );

type Words = Pick<Rollout, 'by' | 'at' | 'reason'>;

/** What a change makes of a rollout, or why it makes nothing. */
const changed = (
  before: Rollout,
  { action, share, tenants, automatic }: Omit<ReleaseChange, 'reason'>,
  words: Words
): Rollout | string => {
  const { candidate, stable, previous, ...rest } = before;
  const kept = { ...rest, ...words };
  const plain = ({ release, input, machine }: Served): Served => ({ release, input, machine });
  switch (action) {
    case 'canary': {
      const tried = candidate ?? rest.deployed;
      if (tried.release === stable.release)
        return 'The deployed release is the stable one: deploy another, with the rollout canary, to try it.';
      const next: Candidate = {
        ...plain(tried),
        ...(share !== undefined && { share }),
        ...(tenants !== undefined && { tenants }),
        since: words.at,
        automatic: automatic ?? candidate?.automatic ?? { rollback: true, promote: false },
      };
      return { ...kept, stable, candidate: next, ...(previous && { previous }) };
    }
    case 'promote':
      if (candidate === undefined) return 'There is no candidate to promote.';
      return { ...kept, stable: plain(candidate), previous: stable };
    case 'rollback':
      if (candidate !== undefined) return { ...kept, stable, ...(previous && { previous }) };
      if (previous === undefined) return 'There is no candidate, and no release before the stable one.';
      return { ...kept, stable: previous, previous: stable };
  }
};

/** Puts a release on trial, promotes it or takes it back. It holds for every task that is submitted once this has returned. */
export const changeRelease = async (
  deps: ReleaseDeps,
  { id, tenant, roles }: Identity,
  workflow: string,
  change: ReleaseChange
): Promise<Changed> => {
  if (tenant !== deps.operatorTenant || !roles.includes('operator')) return { kind: 'forbidden' };
  const deployed = deps.workflows.get(workflow);
  if (deployed === undefined) return { kind: 'unknown' };
  const errors = fieldErrors(change);
  if (errors.length > 0) return { kind: 'invalid', errors };
  const found = await rolloutNow(deps, workflow, deployed);
  const words = { by: id, at: deps.now().toISOString(), reason: change.reason };
  const rollout = changed(found.rollout, change, words);
  if (typeof rollout === 'string') return { kind: 'refused', because: rollout };
  const record = recordOf(deps, rollout, { head: found.head, tenant, action: change.action });
  return (await deps.rollouts.set(rollout, found, record)) ? { kind: 'set', rollout } : { kind: 'overtaken' };
};

export interface ReleaseView {
  readonly rollout: Rollout;
  readonly comparison?: Comparison;
  readonly head: Head;
  /** The first fault of its chain. */
  readonly fault?: string;
  readonly records: readonly AuditRecord[];
}

const comparisonOf = async ({ rollouts, now }: ReleaseDeps, { workflow, candidate }: Rollout) =>
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
