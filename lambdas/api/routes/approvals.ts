import * as z from 'zod';
import { APPROVER_ROLES, Need } from '../../core/gate/approval.ts';
import { ApprovalId, ApprovalList, Decision, decideApproval, listApprovals } from '../../core/tasks/approve.ts';
import { defineEndpoint } from '../endpoint.ts';
import { invalid, problem } from '../problem.ts';
import { approvalExample } from './examples.ts';
import { cursor, limit } from './pages.ts';

export const listTenantApprovals = defineEndpoint({
  id: 'listApprovals',
  method: 'get',
  path: '/v1/approvals',
  summary: "List what the tenant's people are asked to approve.",
  description:
    'What expires first comes first. Each shows the action with its arguments and where they come from, the rules that ask, who submitted the task, and how many more must approve: `missing` of each role, and `missingPeople` different people at least, as nobody counts for two roles. One may appear a moment after it was asked; how it stands is always up to date. A page may be short: `next` is there as long as there may be more.',
  roles: APPROVER_ROLES,
  request: z.object({ query: z.strictObject({ limit, cursor }) }),
  answer: { status: 200, name: 'ApprovalList', schema: ApprovalList, example: { approvals: [approvalExample] } },
  problems: ['invalid'],
  run: async (deps, { tenant }, { query }) => {
    const list = await listApprovals(deps, tenant, query);
    return 'errors' in list ? invalid(list.errors) : { body: list };
  },
});

const Kept = z.strictObject({
  id: ApprovalId,
  decision: Decision.shape.decision,
  /** Who must approve besides, by role. */
  missing: z.array(Need).readonly(),
  /** How many different people that takes at least; nobody, where the run goes on. */
  missingPeople: z.int().nonnegative(),
});

export const answerApproval = defineEndpoint({
  id: 'answerApproval',
  method: 'post',
  path: '/v1/approvals/{id}',
  summary: 'Approve or refuse an action.',
  description:
    'Quote the `digest` of what was shown: the decision is of exactly that, and counts for nothing else. One refusal is enough to refuse. The last approval that is needed lets the run go on, which then decides again: an approval by itself authorises nothing. Everybody decides once; the same decision may be sent again, and should be after a fault. Whoever submitted the task cannot approve it, and no machine can. A comment stays with the tenant: the audit has its digest alone.',
  roles: APPROVER_ROLES,
  request: z.object({ params: z.object({ id: ApprovalId }), body: Decision }),
  requestExample: { decision: 'approve', digest: approvalExample.digest, comment: 'Agreed with the network team' },
  answer: {
    status: 200,
    name: 'AnsweredApproval',
    schema: Kept,
    example: { id: approvalExample.id, decision: 'approve', missing: [], missingPeople: 0 },
  },
  problems: ['malformed', 'not-found', 'conflict', 'gone', 'body-too-large', 'unsupported-media-type', 'invalid'],
  run: async (deps, identity, { params: { id }, body }) => {
    const deciding = await decideApproval(deps, identity, id, body);
    switch (deciding.kind) {
      case 'decided': {
        const { roles, people } = deciding.missing;
        return { body: { id, decision: body.decision, missing: roles, missingPeople: people } };
      }
      case 'unknown':
        return problem('not-found', 'Your tenant is asked for no approval with this id.');
      case 'machine':
        return problem('forbidden', 'A machine cannot decide this: approvals are for people.');
      case 'own':
        return problem('forbidden', 'You submitted this task: somebody else has to decide.');
      case 'lacks-role':
        return problem('forbidden', `This takes one of the roles ${deciding.roles.join(', ')}.`);
      case 'other-digest':
        return problem('conflict', 'The digest is not of what is asked here: look at it again, then decide.');
      case 'said-otherwise':
        return problem('conflict', 'You decided otherwise before, and that stands.');
      case 'settled':
        return problem('conflict', 'Others have decided this already.');
      case 'expired':
        return problem('gone', 'Nobody decided in time: the approval has expired.');
      case 'closed':
        return problem('gone', 'The run is closed: no decision reaches it any more.');
      case 'not-waiting':
        return problem(
          'conflict',
          'Your decision is kept, and the run does not wait at this moment. If it still asks, send the same again.'
        );
    }
  },
});
