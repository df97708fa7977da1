import * as z from 'zod';
import type { TaskShape } from '../../lambdas/core/workflow.ts';
import { DESCRIPTION_LIMIT, IssueKey } from '../../lambdas/tools/jira/contract.ts';

const SUMMARY_LIMIT = 1_000;
/** The longest key that the contract takes: ten characters of project, the dash, ten digits. */
const ISSUE_KEY_LIMIT = 21;

/** What a ticket to triage consists of. */
export const ticket: TaskShape = {
  fields: [
    {
      name: 'summary',
      needed: 'at-submission',
      maxLength: SUMMARY_LIMIT,
      expected: `what the ticket is about, at most ${SUMMARY_LIMIT} characters`,
      isId: false,
    },
    {
      name: 'description',
      needed: 'never',
      maxLength: DESCRIPTION_LIMIT,
      expected: `the ticket in full, at most ${DESCRIPTION_LIMIT} characters`,
      isId: false,
    },
    {
      name: 'issueKey',
      needed: 'before-routing',
      maxLength: ISSUE_KEY_LIMIT,
      pattern: z.toJSONSchema(IssueKey).pattern,
      expected: 'an issue key such as OPS-12',
      isId: true,
      ask: {
        rule: 'ISSUE_KEY_MISSING',
        question: 'Which Jira issue is this about? Please reply with its key, such as OPS-12.',
      },
    },
  ],
};
