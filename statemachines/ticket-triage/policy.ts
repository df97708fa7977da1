import type { PolicyRule } from '../../lambdas/core/gate/policy.ts';
import { jiraAssign } from '../../lambdas/tools/jira/contract.ts';

/** When ticket triage may write to Jira. What no rule permits is refused. */
export const policyOf = (workflow: string, queues: readonly string[]): PolicyRule[] => [
  {
    id: 'TICKET_ALREADY_CLOSED',
    effect: 'forbid',
    because: 'A closed ticket is history: routing it again would put it before people as if it were work.',
    when: [{ fact: 'record.statusCategory', is: 'done' }],
  },
  {
    id: 'QUEUE_NOT_OF_THIS_WORKFLOW',
    effect: 'forbid',
    because: 'A queue that the examples do not know has never been checked by anybody.',
    when: [{ fact: 'args.component', notIn: [...queues] }],
  },
  {
    id: 'JIRA_WRITE_ALLOWED_TICKETOPS',
    effect: 'permit',
    because: 'A submitter may have the very issue that they named put into a queue of ours, and nothing else done.',
    when: [
      { fact: 'action.tool', is: jiraAssign.name },
      { fact: 'action.workflow', is: workflow },
      { fact: 'user.roles', has: 'submitter' },
      { fact: 'provenance.issueKey', is: 'user' },
      { fact: 'provenance.component', is: 'composed' },
    ],
  },
];
