import type { Limits } from '../../lambdas/core/limits/declared.ts';
import type { SharedLimits } from '../definition.ts';

/** What ticket triage may use up. Assigning an issue costs nothing: the budgets are for models that answer in it. */
export const limitsOf = ({ tenantDayMicrousd, shards }: SharedLimits): Limits => ({
  budgets: {
    runMicrousd: 300_000, // thirty cents: room for three tiers of Claude, each asked twice, about a ticket of 5,000 bytes
    workflowDayMicrousd: 200_000_000,
    tenantDayMicrousd,
  },
  caps: [
    {
      rule: 'ASSIGNMENTS_OF_ISSUE_DAY',
      because:
        'An issue that is assigned again and again is a loop of machines, or a quarrel of people: somebody should look.',
      by: ['issueKey'],
      counts: 'actions',
      atMost: 10,
      per: 'day',
    },
    {
      rule: 'ASSIGNMENTS_OF_TENANT_HOUR',
      because: 'More than any service desk has seen in its worst hour: beyond it something submits tickets by itself.',
      by: [],
      counts: 'actions',
      atMost: 20_000,
      per: 'hour',
    },
  ],
  shards,
});
