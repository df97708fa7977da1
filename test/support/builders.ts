import { chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
import { digestOf, sha256 } from '../../lambdas/core/digest.ts';
import type { PromptFile } from '../../lambdas/core/engine/model/prompt-file.ts';
import type { Dossier } from '../../lambdas/core/ledger.ts';
import type { Plan, Reading, Writ } from '../../lambdas/core/records.ts';
import type { Run } from '../../lambdas/core/run.ts';
import type { WorkflowRelease } from '../../lambdas/core/workflow.ts';

/*
 * Things of the domain with everything that a test does not care about filled in. A test names what matters to it.
 */

export const AT = new Date('2030-01-02T03:04:05.000Z');

let runs = 0;
/** A run id that no other test has. */
export const aRunId = (): string => {
  runs += 1;
  const digits = `${process.pid}x${runs}`.replace(/[^a-z]/g, (digit) => 'abcdefghij'[Number(digit)] ?? 'x');
  return digits.padEnd(26, 'z').slice(0, 26);
};

export const RELEASE = digestOf('a release');

/** What a workflow says of its labels, as a model engine gets it. */
export const aPrompt = (text = 'Network: cables and vpn. Hardware: what breaks when it falls.'): PromptFile => ({
  name: 'queue',
  digest: sha256(text),
  text,
});

export const aRelease = (given: Partial<WorkflowRelease> = {}): WorkflowRelease => ({
  workflow: 'ticket-triage',
  release: RELEASE,
  mode: 'autopilot',
  input: {
    fields: [
      { name: 'summary', needed: 'at-submission', maxLength: 1_000, expected: 'a line', isId: false },
      {
        name: 'issueKey',
        needed: 'before-routing',
        maxLength: 20,
        expected: 'an issue key such as OPS-12',
        isId: true,
        ask: { rule: 'ISSUE_KEY_MISSING', question: 'Which Jira issue is this about?' },
      },
    ],
  },
  eligibility: {
    labels: ['eligible', 'not-eligible'],
    text: ['summary'],
    whenUnsure: 'eligible',
    engines: [
      {
        kind: 'rules',
        name: 'words',
        rules: [{ id: 'OFF_TOPIC', label: 'not-eligible', anyOf: ['lunch menu'] }],
      },
    ],
  },
  proposal: {
    labels: ['Network', 'Hardware'],
    text: [{ from: 'user', field: 'summary' }],
    engines: [
      {
        kind: 'rules',
        name: 'words',
        rules: [
          { id: 'SAYS_VPN', label: 'Network', anyOf: ['vpn'] },
          { id: 'SAYS_LAPTOP', label: 'Hardware', anyOf: ['laptop'] },
        ],
      },
    ],
    tool: 'jira.assign',
    arguments: { issueKey: { from: 'user', field: 'issueKey' }, component: { from: 'composed' } },
  },
  policy: [
    {
      id: 'ASSIGN_ALLOWED',
      effect: 'permit',
      because: 'a test wants it',
      when: [{ fact: 'action.tool', is: 'jira.assign' }],
    },
  ],
  limits: {
    budgets: { runMicrousd: 10_000, workflowDayMicrousd: 1_000_000, tenantDayMicrousd: 100_000 },
    caps: [],
    shards: { tenant: 4, workflow: 4 },
  },
  ...given,
});

/** A run just created, and the audit record that created it. */
export const aRun = (given: Partial<Run> = {}) => {
  const run = given.run ?? aRunId();
  const tenant = given.tenant ?? 'acme';
  const record = chain(
    GENESIS,
    { step: 'submit' },
    { trace_id: 'untraced', run_id: run, at: AT.toISOString(), user: { id: 'u-1', tenant }, release: RELEASE }
  );
  const made: Run = {
    tenant,
    run,
    workflow: 'ticket-triage',
    release: RELEASE,
    status: 'active',
    rules: [],
    user: { id: 'u-1', roles: ['submitter'] },
    taskDigest: digestOf('a task'),
    steps: {},
    head: headOf(record),
    createdAt: AT.toISOString(),
    updatedAt: AT.toISOString(),
    ...given,
  };
  return { run: made, record };
};

export const aPlan = (given: Partial<Plan> = {}): Plan => ({
  action: 1,
  tool: 'jira.assign',
  arguments: { issueKey: 'OPS-1', component: 'Network' },
  provenance: { issueKey: 'user', component: 'composed' },
  confidence: 0.9,
  abstained: false,
  engine: { kind: 'rules', name: 'words', version: digestOf('rules') },
  ...given,
});

export const aWrit = (given: Partial<Writ> = {}): Writ => {
  const plan = aPlan();
  return {
    tenant: 'acme',
    run: aRunId(),
    scope: 'jira:write',
    action: 1,
    digest: digestOf({ tool: plan.tool, arguments: plan.arguments }),
    tool: plan.tool,
    arguments: plan.arguments,
    release: RELEASE,
    workflow: 'ticket-triage',
    rules: ['ASSIGN_ALLOWED'],
    user: 'u-1',
    issuedAt: AT.toISOString(),
    ...given,
  };
};

export const aReading = (given: Partial<Reading> = {}): Reading => {
  const output = given.output ?? { issueKey: 'OPS-1', components: ['Network'], statusCategory: 'new' };
  return {
    tool: 'jira.get',
    scope: 'jira:read',
    call: 'before',
    output,
    sha256: digestOf(output),
    at: AT.toISOString(),
    ...given,
  };
};

export const aDossier = (given: Partial<Dossier> = {}): Dossier => ({
  run: aRun().run,
  input: { fields: { summary: 'the vpn drops', issueKey: 'OPS-1' }, replies: [] },
  plan: aPlan(),
  readings: [],
  controls: [],
  counters: [],
  ...given,
});
