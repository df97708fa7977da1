import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Digest } from '../names.ts';
import { Automatic, type Candidate, Cohort, type Rollout, type Served, Share } from '../releases/rollout.ts';
import { ControlChange } from './control.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import { type ReleaseDeps, recordOf, rolloutNow } from './releases.ts';
import { isSentAgain } from './sent-again.ts';

export const ReleaseChange = z.strictObject({
  action: z.enum(['canary', 'promote', 'rollback']),
  reason: ControlChange.shape.reason,
  share: Share.optional(),
  tenants: Cohort.optional(),
  automatic: Automatic.optional(),
  /** The last record of the chain that whoever asks has seen. With it the same request may be sent again. */
  expects: Digest.optional(),
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
export const changed = (
  before: Rollout,
  { action, share, tenants, automatic }: Omit<ReleaseChange, 'reason' | 'expects'>,
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

/**
 * Puts a release on trial, promotes it or takes it back. It holds for every task that is submitted once this has returned. A rollback takes
 * something else back each time. So a change that says what it `expects` is made of just that: sent again, it is answered as it was, and changes nothing.
 */
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
  const request = change.expects === undefined ? undefined : digestOf(change);
  if (request !== undefined && change.expects !== found.head.hash)
    return isSentAgain(await deps.rollouts.chain(workflow), found.head, { by: id, request })
      ? { kind: 'set', rollout: found.rollout }
      : { kind: 'overtaken' };
  const words = { by: id, at: deps.now().toISOString(), reason: change.reason };
  const rollout = changed(found.rollout, change, words);
  if (typeof rollout === 'string') return { kind: 'refused', because: rollout };
  const record = recordOf(deps, rollout, { head: found.head, tenant, action: change.action, request });
  return (await deps.rollouts.set(rollout, found, record)) ? { kind: 'set', rollout } : { kind: 'overtaken' };
};
