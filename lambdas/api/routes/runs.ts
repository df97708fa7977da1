import * as z from 'zod';
import { Story } from '../../core/audit/story.ts';
import { ROLES, RunId } from '../../core/names.ts';
import { reply } from '../../core/tasks/reply.ts';
import { UndoRequest, undoRun } from '../../core/tasks/undo.ts';
import { auditRun, listRuns, RunAudit, RunList, RunView, viewRun } from '../../core/tasks/view.ts';
import { explainRun } from '../../core/tasks/why.ts';
import { defineEndpoint } from '../endpoint.ts';
import { invalid, type Problem, problem } from '../problem.ts';
import {
  auditExample,
  inDoubtExample,
  overBudgetExample,
  pendingExample,
  runExample,
  storyExample,
  summaryExample,
} from './examples.ts';
import { cursor, limit } from './pages.ts';

const params = z.object({ run: RunId });

/** Said of another tenant's run and of one that never was alike. */
const noRun = (): Problem => problem('not-found', 'Your tenant has no run with this id.');

export const listTenantRuns = defineEndpoint({
  id: 'listRuns',
  method: 'get',
  path: '/v1/runs',
  summary: "List the tenant's runs.",
  description:
    'Newest first. A run may appear a moment after it was created; how it stands is always up to date. `next` is there as long as there may be more.',
  roles: ROLES,
  request: z.object({
    query: z.strictObject({ limit, cursor }),
  }),
  answer: { status: 200, name: 'RunList', schema: RunList, example: { runs: [summaryExample] } },
  problems: ['invalid'],
  run: async (deps, { tenant }, { query }) => {
    const list = await listRuns(deps, tenant, query);
    return 'errors' in list ? invalid(list.errors) : { body: list };
  },
});

export const getRun = defineEndpoint({
  id: 'getRun',
  method: 'get',
  path: '/v1/runs/{run}',
  summary: 'See one run.',
  description:
    'How the run stands, what was proposed, what it asks, what has to be approved before it goes on, and why it was handed to people. `escalation.doubts` names each action of which nobody knows whether it took effect: under which name the call was made, until when it may have arrived, and which tool shows it; `unclaimed` is one that was authorised and not begun when its execution ended, and may be begun until then. `limits` are those that had no room for it: what they allow, what was used and what was asked, in micro-dollars or by number, and when they begin anew. Who is a submitter alone sees their own runs.',
  roles: ROLES,
  request: z.object({ params }),
  answer: {
    status: 200,
    name: 'RunView',
    schema: RunView,
    example: runExample,
    more: { inDoubt: inDoubtExample, overBudget: overBudgetExample, waitsForApproval: pendingExample },
  },
  problems: ['not-found'],
  run: async (deps, identity, { params: { run } }) => {
    const view = await viewRun(deps, identity, { tenant: identity.tenant, run });
    return view ? { body: view } : noRun();
  },
});

export const getRunAudit = defineEndpoint({
  id: 'getRunAudit',
  method: 'get',
  path: '/v1/runs/{run}/audit',
  summary: "See one run's audit.",
  description:
    'Every record of the run, and where its chain ends. `fault` says what is wrong with the chain, and is absent where nothing is. Who is a submitter alone sees their own runs.',
  roles: ROLES,
  request: z.object({ params }),
  answer: { status: 200, name: 'RunAudit', schema: RunAudit, example: auditExample },
  problems: ['not-found'],
  run: async (deps, identity, { params: { run } }) => {
    const audit = await auditRun(deps, identity, { tenant: identity.tenant, run });
    return audit ? { body: audit } : noRun();
  },
});

export const getRunWhy = defineEndpoint({
  id: 'getRunWhy',
  method: 'get',
  path: '/v1/runs/{run}/why',
  summary: 'Ask why a run did what it did.',
  description:
    "Who asked, what was read, proposed, decided, approved, authorised, written and verified, what it cost and how it ended: each statement with the record of the run's audit that proves it. `fault` says what is wrong with the chain: then nothing is proved. Who is a submitter alone sees their own runs.",
  roles: ROLES,
  request: z.object({ params }),
  answer: { status: 200, name: 'Story', schema: Story, example: storyExample },
  problems: ['not-found'],
  run: async (deps, identity, { params: { run } }) => {
    const story = await explainRun(deps, identity, { tenant: identity.tenant, run });
    return story ? { body: story } : noRun();
  },
});

const Replied = z.strictObject({ run: RunId, round: z.int().nonnegative() });

export const replyToRun = defineEndpoint({
  id: 'replyToRun',
  method: 'post',
  path: '/v1/runs/{run}/reply',
  summary: "Answer a run's question.",
  description:
    'Gives the one field that the run asks for, in the words of whoever submitted the task: nobody else may. The same reply may be sent again, and should be after a fault; another one is a conflict.',
  roles: ['submitter'],
  request: z.object({ params, body: z.strictObject({ fields: z.record(z.string(), z.string()) }) }),
  requestExample: { fields: { issueKey: 'OPS-12' } },
  answer: {
    status: 202,
    name: 'AcceptedReply',
    schema: Replied,
    example: { run: 'abcdefghijklmnopqrstuvwxyz', round: 0 },
  },
  problems: ['malformed', 'not-found', 'conflict', 'gone', 'body-too-large', 'unsupported-media-type', 'invalid'],
  run: async (deps, identity, { params: { run }, body }) => {
    const replied = await reply(deps, identity, { tenant: identity.tenant, run }, body.fields);
    switch (replied.kind) {
      case 'accepted':
        return { body: { run, round: replied.round } };
      case 'unknown-run':
        return noRun();
      case 'not-theirs':
        return problem('forbidden', 'A run is told what it asks by whoever submitted its task, and nobody else.');
      case 'invalid':
        return invalid(replied.errors);
      case 'nothing-asked':
        return problem('conflict', 'The run waits for no reply.');
      case 'conflict':
        return problem('conflict', 'Another reply to this question was accepted before.');
      case 'not-waiting':
        return problem(
          'conflict',
          'The run does not wait at this moment. If it still asks, send the same reply again.'
        );
      case 'closed':
        return problem('gone', 'The run is closed: no reply reaches it any more.');
    }
  },
});

export const undoTenantRun = defineEndpoint({
  id: 'undoRun',
  method: 'post',
  path: '/v1/runs/{run}/undo',
  summary: 'Undo what a run did.',
  description:
    'Starts a run that undoes each action of this one, newest first, where the record is still as the action left it and nobody has changed it since. Asked again, it gives the same undo, and starts it where it was accepted and not started; a new one where that ended with people, or has a report that may be otherwise by now: `changed`, `nothing-to-undo`, `newer-stands`, `over-rate`, `unsettled`. No action is reversed twice. It may be asked for while things are stopped. `undone` of the run that is answered says what became of each action.',
  roles: ['operator'],
  request: z.object({ params, body: UndoRequest }),
  requestExample: { reason: 'The queue was renamed this morning.' },
  answer: {
    status: 202,
    name: 'AcceptedUndo',
    schema: z.strictObject({ run: RunId, undoes: RunId }),
    example: { run: 'zyxwvutsrqponmlkjihgfedcba', undoes: 'abcdefghijklmnopqrstuvwxyz' },
  },
  problems: ['malformed', 'not-found', 'conflict', 'gone', 'body-too-large', 'unsupported-media-type', 'invalid'],
  run: async (deps, identity, { params: { run }, body }) => {
    const undoing = await undoRun(deps, identity, { tenant: identity.tenant, run }, body);
    switch (undoing.kind) {
      case 'accepted':
        return { body: { run: undoing.run.run, undoes: run } };
      case 'unknown-run':
        return noRun();
      case 'open':
        return problem('conflict', 'The run is not closed: stop what it may still do, and undo it when it has ended.');
      case 'is-undo':
        return problem('conflict', 'The run is an undo itself: submit the task again instead.');
      case 'release-gone':
        return problem('gone', 'The workflow, or the release of this undo, is no longer deployed.');
    }
  },
});
