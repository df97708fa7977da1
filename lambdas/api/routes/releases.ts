import * as z from 'zod';
import { AuditRecord, Head } from '../../core/audit/record.ts';
import { Digest } from '../../core/names.ts';
import { Comparison } from '../../core/releases/compare.ts';
import { Automatic, type Candidate, Cohort, type Rollout, type Served, Share } from '../../core/releases/rollout.ts';
import { changeRelease, ReleaseChange } from '../../core/tasks/change-release.ts';
import { viewReleases } from '../../core/tasks/view-releases.ts';
import { defineEndpoint } from '../endpoint.ts';
import { invalid, problem } from '../problem.ts';

const ShownRelease = z.strictObject({ release: Digest, machine: z.string() });

const Releases = z.strictObject({
  workflow: z.string(),
  stable: ShownRelease,
  candidate: ShownRelease.extend({
    share: Share.optional(),
    tenants: Cohort.optional(),
    since: z.iso.datetime(),
    automatic: Automatic,
  }).optional(),
  previous: ShownRelease.optional(),
  by: z.string(),
  at: z.iso.datetime(),
  reason: z.string(),
});

const shownRelease = ({ release, machine }: Served) => ({ release, machine });

const shownCandidate = ({ input: _, ...candidate }: Candidate) => candidate;

const shown = ({ workflow, stable, candidate, previous, by, at, reason }: Rollout): z.infer<typeof Releases> => {
  return {
    workflow,
    stable: shownRelease(stable),
    ...(candidate && { candidate: shownCandidate(candidate) }),
    ...(previous && { previous: shownRelease(previous) }),
    by,
    at,
    reason,
  };
};

const example = {
  workflow: 'ticket-triage',
  stable: { release: 'a'.repeat(64), machine: 'arn:aws:states:eu-central-1:123456789012:stateMachine:ticket-triage:7' },
  candidate: {
    release: 'b'.repeat(64),
    machine: 'arn:aws:states:eu-central-1:123456789012:stateMachine:ticket-triage:8',
    share: 10,
    since: '2030-01-02T03:04:05.000Z',
    automatic: { rollback: true, promote: false },
  },
  by: '00000000-0000-4000-8000-000000000000',
  at: '2030-01-02T03:04:05.000Z',
  reason: 'A shorter prompt, on trial',
};

const NOT_THERE = 'No workflow of this name is deployed here.';
const OPERATORS_ALONE = 'Releases are the business of the operating tenant.';
const params = z.object({ workflow: z.string() });

export const getReleases = defineEndpoint({
  id: 'getReleases',
  method: 'get',
  path: '/v1/releases/{workflow}',
  summary: 'See which releases of a workflow serve, and how the candidate compares.',
  description:
    "A candidate is compared with the stable release by runs submitted since it was put so, each as it stood an hour after its submission, when 50, 100, 200, 400, 800 and 1,600 runs of each are known: completion, escalation and failure by Fisher's exact test, time and cost by Mann–Whitney's. Over all looks and measures the test calls equal releases different once in 20 canaries at most. Tenants that were chosen are no random sample: `share` alone is. `records` say who decided what, and why.",
  roles: ['operator', 'auditor'],
  request: z.object({ params }),
  answer: {
    status: 200,
    name: 'ReleaseView',
    schema: Releases.extend({
      comparison: Comparison.optional(),
      head: Head,
      fault: z.string().optional(),
      records: z.array(AuditRecord).readonly(),
    }),
    example: { ...example, head: { seq: 3, hash: 'c'.repeat(64) }, records: [] },
  },
  problems: ['not-found'],
  run: async (deps, identity, { params: { workflow } }) => {
    const view = await viewReleases(deps, identity, workflow);
    if (view === 'forbidden') return problem('forbidden', OPERATORS_ALONE);
    if (view === 'unknown') return problem('not-found', NOT_THERE);
    const { rollout, ...rest } = view;
    return { body: { ...shown(rollout), ...rest } };
  },
});

export const setReleases = defineEndpoint({
  id: 'setReleases',
  method: 'put',
  path: '/v1/releases/{workflow}',
  summary: 'Put a release on trial, promote it, or take it back.',
  description:
    '`canary` gives the candidate, or the deployed release where there is none, a share of new runs in percent, or those of some tenants, or both, and begins its comparison anew. `promote` makes the candidate stable. `rollback` takes the candidate back; where there is none, the release before becomes stable again. It holds for every task that is submitted after the answer; a run keeps the release that it has. Sent again, a `rollback` takes back something else. So let `expects` be `head.hash` as you saw it: the same request may then be sent again after a fault or a lost answer, and is a conflict where somebody else changed the releases meanwhile. With `automatic`, a candidate that is worse in completion, escalation or failure is taken back without asking (unless told otherwise), and one that is better promoted (if told so).',
  roles: ['operator'],
  request: z.object({ params, body: ReleaseChange }),
  requestExample: { action: 'canary', share: 10, reason: 'A shorter prompt, on trial', expects: 'c'.repeat(64) },
  answer: { status: 200, name: 'Releases', schema: Releases, example },
  problems: [
    'malformed',
    'not-found',
    'conflict',
    'body-too-large',
    'unsupported-media-type',
    'invalid',
    'outcome-unknown',
  ],
  insteadOfRepeating: ({ body: { expects } }) =>
    expects === undefined
      ? 'Nobody knows whether the releases were changed: see how they stand before you send it again. With `expects` the same request may be sent again.'
      : undefined,
  run: async (deps, identity, { params: { workflow }, body }) => {
    const changed = await changeRelease(deps, identity, workflow, body);
    switch (changed.kind) {
      case 'set':
        return { body: shown(changed.rollout) };
      case 'forbidden':
        return problem('forbidden', OPERATORS_ALONE);
      case 'unknown':
        return problem('not-found', NOT_THERE);
      case 'invalid':
        return invalid(changed.errors);
      case 'refused':
        return problem('conflict', changed.because);
      case 'overtaken':
        return problem(
          'conflict',
          'Somebody else changed the releases meanwhile: see how they stand, then decide again.'
        );
    }
  },
});
