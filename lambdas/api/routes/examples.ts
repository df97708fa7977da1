// What the documentation shows. Tests hold each against its schema.
const user = '00000000-0000-4000-8000-000000000000';
const run = 'abcdefghijklmnopqrstuvwxyz';
const release = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';
const hash = '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a';
const at = '2030-01-02T03:04:05.000Z';

export const summaryExample = {
  run,
  workflow: 'ticket-triage',
  release,
  status: 'waiting' as const,
  rules: ['ISSUE_KEY_MISSING'],
  user,
  createdAt: at,
  updatedAt: at,
};

export const runExample = {
  ...summaryExample,
  question: { round: 0, field: 'issueKey', text: 'Which Jira issue is this about?' },
};

/** What an approver is shown. */
export const approvalExample = {
  id: `${run}-1-1`,
  run,
  workflow: 'ticket-triage',
  digest: hash,
  action: {
    action: 1,
    tool: 'jira.assign',
    arguments: { issueKey: 'OPS-12', component: 'Network' },
    provenance: { issueKey: 'user' as const, component: 'composed' as const },
    confidence: 0.93,
    engine: { kind: 'classifier' as const, name: 'queue', version: release },
  },
  rules: ['MODE_SUPERVISED'],
  requester: user,
  at,
  expiresAt: '2030-01-03T03:04:05.000Z',
  needs: [{ role: 'approver' as const, approvers: 1 }],
  missing: [{ role: 'approver' as const, approvers: 1 }],
  missingPeople: 1,
  approved: [],
};

/** A run that goes on when somebody has approved its action. */
export const pendingExample = {
  ...summaryExample,
  rules: ['MODE_SUPERVISED'],
  proposal: {
    tool: approvalExample.action.tool,
    arguments: approvalExample.action.arguments,
    confidence: approvalExample.action.confidence,
    abstained: false,
    engine: approvalExample.action.engine,
  },
  approval: approvalExample,
};

/** A run of which nobody knows whether its action happened: a person looks. */
export const inDoubtExample = {
  ...summaryExample,
  status: 'closed' as const,
  outcome: 'escalated' as const,
  rules: ['JIRA_WRITE_ALLOWED_TICKETOPS'],
  escalation: {
    because: 'in-doubt',
    rules: ['JIRA_WRITE_ALLOWED_TICKETOPS'],
    evidence: [`WRIT#jira:write#acme#${run}/1`, `CLAIM#jira:write#acme#${run}/1`],
    doubts: [
      {
        action: 1,
        tool: 'jira.assign',
        scope: 'jira:write',
        seenBy: 'jira.get',
        arguments: { issueKey: 'OPS-12', component: 'Network' },
        marker: `${run}-1`,
        claim: 'in-doubt' as const,
        since: at,
        leaseUntil: '2030-01-02T03:04:20.000Z',
      },
    ],
    at,
  },
};

/** A run that a budget had no room for: a person has it now. */
export const overBudgetExample = {
  ...summaryExample,
  status: 'closed' as const,
  outcome: 'escalated' as const,
  rules: ['BUDGET_TENANT_DAY'],
  escalation: { because: 'over-budget', rules: ['BUDGET_TENANT_DAY'], evidence: [`PLAN#acme#${run}/1`], at },
  limits: [
    {
      rule: 'BUDGET_TENANT_DAY',
      unit: 'microusd' as const,
      atMost: 50_000_000,
      used: 49_999_400,
      asked: 1_200,
      resetsAt: '2030-01-03T00:00:00.000Z',
    },
  ],
};

export const auditExample = {
  run,
  head: { seq: 0, hash },
  records: [
    {
      step: 'submit',
      result: { status: 'accepted' },
      sources: [{ ref: `INPUT#acme#${run}`, sha256: release }],
      trace_id: 'untraced',
      run_id: run,
      seq: 0,
      at,
      user: { id: user, tenant: 'acme' },
      release,
      prev_hash: '0'.repeat(64),
      hash,
    },
  ],
};

/** A run that wrote, told from its audit. */
export const storyExample = {
  run,
  tenant: 'acme',
  user,
  workflow: 'ticket-triage',
  release,
  outcome: 'completed',
  cost_microusd: 0,
  knows_release: true,
  head: { seq: 4, hash },
  statements: [
    {
      about: 'decided' as const,
      text: 'The gate authorised it in mode autopilot. It was charged to 1 limit: BUDGET_RUN.',
      at,
      proof: { seq: 2, hash },
      rules: [
        {
          id: 'JIRA_WRITE_ALLOWED_TICKETOPS',
          because: 'A submitter may have the very issue that they named put into a queue.',
        },
      ],
      mode: 'autopilot',
    },
    {
      about: 'authorised' as const,
      text: 'The writ of action 1 has digest 6e340b9cffb3.',
      at,
      proof: { seq: 2, hash },
      writ: { action: 1, digest: release },
    },
  ],
};
