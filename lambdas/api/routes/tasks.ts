import * as z from 'zod';
import { RunId, WorkflowName } from '../../core/names.ts';
import { Outcome, RunStatus } from '../../core/run.ts';
import { submit } from '../../core/tasks/submit.ts';
import { defineEndpoint } from '../endpoint.ts';
import { invalid, problem } from '../problem.ts';

const Accepted = z.strictObject({
  run: RunId,
  workflow: WorkflowName,
  status: RunStatus,
  outcome: Outcome.optional(),
});

export const submitTask = defineEndpoint({
  id: 'submitTask',
  method: 'post',
  path: '/v1/tasks',
  summary: 'Submit a task.',
  description:
    'Accepts a task and starts its run. With an `Idempotency-Key` the same key and body always mean the same run: after a fault or a lost answer, send both again. Without one each submission is another run, and after such a fault it is unknown whether there is one. Another body under a key that was used is a conflict, and so is a key that somebody else of the tenant has used: let keys be such that nobody guesses them. Which fields a workflow takes is told by the answer to what does not fit.',
  roles: ['submitter'],
  request: z.object({
    headers: z.object({
      'Idempotency-Key': z
        .string()
        .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters')
        .optional()
        .describe("Names the run, within the caller's tenant."),
    }),
    body: z.strictObject({
      workflow: z.string().min(1).max(40),
      input: z.record(z.string(), z.string()),
    }),
  }),
  requestExample: {
    workflow: 'ticket-triage',
    input: { summary: 'VPN drops every ten minutes', issueKey: 'OPS-12' },
  },
  answer: {
    status: 202,
    name: 'AcceptedTask',
    schema: Accepted,
    example: { run: 'abcdefghijklmnopqrstuvwxyz', workflow: 'ticket-triage', status: 'active' },
  },
  problems: [
    'malformed',
    'conflict',
    'body-too-large',
    'unsupported-media-type',
    'invalid',
    'stopped',
    'outcome-unknown',
  ],
  insteadOfRepeating: ({ headers }) =>
    headers['Idempotency-Key'] === undefined
      ? 'Nobody knows whether the task was accepted: look among your runs before you submit it again, which would make another run. With an Idempotency-Key the same may be sent again.'
      : undefined,
  run: async (deps, identity, { headers, body }) => {
    const submission = await submit(deps, identity, { ...body, key: headers['Idempotency-Key'] });
    switch (submission.kind) {
      case 'accepted': {
        const { run, workflow, status, outcome } = submission.run;
        return {
          body: { run, workflow, status, ...(outcome && { outcome }) },
          headers: { location: `/v1/runs/${run}` },
        };
      }
      case 'invalid':
        return invalid(submission.errors);
      case 'conflict':
        return problem(
          'conflict',
          'This idempotency key was used before, with another body or by somebody else: use a new key for a new task.'
        );
      case 'stopped':
        return problem(
          'stopped',
          `An operator has stopped everything (${submission.rule}): nothing was accepted, and no run was made. Submit the same again when the stop has ended.`
        );
      case 'release-gone':
        return problem(
          'conflict',
          `Run ${submission.run.run} was accepted under a release that is no longer deployed, and nothing shows that it began. If it still stands as it does when you look again, submit the task with a new key.`
        );
    }
  },
});
