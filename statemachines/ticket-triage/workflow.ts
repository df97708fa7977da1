import { jiraAssign, jiraGet, jiraRestoreComponents } from '../../lambdas/tools/jira/contract.ts';
import type { Example, WorkflowDefinition } from '../definition.ts';
import { stateMachine } from '../segments/asl.ts';
import { escalate, respond } from '../segments/ends.ts';
import { govern } from '../segments/govern.ts';
import { propose } from '../segments/propose.ts';
import { read } from '../segments/read.ts';
import { id, route } from '../segments/route.ts';
import { eligibilityRules } from './eligibility-rules.ts';
import { ticket } from './input.ts';
import { limitsOf } from './limits.ts';
import { policyOf } from './policy.ts';
import { queuePrompt } from './prompts/queue.ts';

const NAME = 'ticket-triage';
const DAY_SECONDS = 86_400;

const ELIGIBLE = 'eligible';
const NOT_ELIGIBLE = 'not-eligible';

/** What a model has to say of itself for its queue to be taken. Its word is no calibrated probability: so a high one. */
const SURE_ENOUGH = 0.8;

const isTicket = ({ label }: Example): boolean => label !== NOT_ELIGIBLE;
const issue = { tool: jiraGet, input: { issueKey: id('issueKey') } };

/**
 * Reads a Jira issue, proposes the queue that should have it, and makes that queue its component. What is no ticket for the
 * service desk is answered so; what nothing is sure of goes to a person.
 */
export const ticketTriage: WorkflowDefinition = {
  name: NAME,
  tools: [jiraGet, jiraAssign, jiraRestoreComponents],
  actions: [{ action: 1, write: jiraAssign, seenBy: jiraGet }],

  classifiers: (examples) => [
    ...(examples.every(isTicket)
      ? []
      : [
          {
            step: 'route' as const,
            name: 'eligibility',
            examples: examples.map((example) => ({ ...example, label: isTicket(example) ? ELIGIBLE : NOT_ELIGIBLE })),
          },
        ]),
    // also of what is no ticket: a text that looks like none is then unlike any queue, and goes to a person
    { step: 'propose', name: 'queue', examples, wrongCost: 1.8 },
  ],

  data: ({ mode, shared, examples, trainedFor, tiers, render }) => {
    const queues = [...new Set(examples.filter(isTicket).map(({ label }) => label))].sort();
    const prompt = render(queuePrompt, { queues });
    return {
      workflow: NAME,
      mode,
      input: ticket,
      eligibility: {
        text: ['summary', 'description'],
        labels: [ELIGIBLE, NOT_ELIGIBLE],
        engines: [{ kind: 'rules', name: 'eligibility-rules', rules: [...eligibilityRules] }, ...trainedFor('route')],
        // examples of tickets alone teach nothing about what is none: then the rules have the only say
        whenUnsure: examples.every(isTicket) ? ELIGIBLE : 'unsure',
      },
      proposal: {
        text: [
          { from: 'user', field: 'summary' },
          { from: 'user', field: 'description' },
          { from: 'record', tool: jiraGet.name, field: 'summary' },
          { from: 'record', tool: jiraGet.name, field: 'description' },
        ],
        labels: queues,
        engines: [
          ...trainedFor('propose'),
          ...tiers.map((tier) => ({
            kind: 'model' as const,
            name: `queue-${tier}`,
            tier,
            threshold: SURE_ENOUGH,
            prompt,
          })),
        ],
        tool: jiraAssign.name,
        arguments: { issueKey: { from: 'user', field: 'issueKey' }, component: { from: 'composed' } },
      },
      policy: policyOf(NAME, queues),
      limits: limitsOf(shared),
    };
  },

  machine: (callees) =>
    stateMachine({
      Comment: 'Gives a Jira issue to the queue that should have it.',
      StartAt: 'Route',
      TimeoutSeconds: 17 * DAY_SECONDS, // two questions may wait a week each, two approvals a day each
      States: {
        ...route(callees, 'Read'),
        ...read(callees, issue, 'Propose'),
        ...propose(callees, 1, 'Decide'),
        ...govern(callees, { action: 1, write: jiraAssign, proposedFrom: issue, readBack: issue }),
        ...respond(callees),
        ...escalate(callees),
      },
    }),
};
