import { digestOf } from '../../lambdas/core/digest.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { type PolicyRule, rulesPolicy } from '../../lambdas/core/gate/policy.ts';
import type { Tools } from '../../lambdas/core/provenance.ts';
import type { WriteTool } from '../../lambdas/core/tool.ts';
import type { WorkflowRelease } from '../../lambdas/core/workflow.ts';
import { jiraAssign, jiraGet, jiraRestoreComponents } from '../../lambdas/tools/jira/contract.ts';

/*
 * What the drill deploys: three workflows with limits so small that they are reached. `sends` uses a tool that may happen once, and
 * engines that cost something; `asks` has each of its actions approved by two people.
 */

export const WORKFLOWS = ['assigns', 'sends', 'asks'] as const;
export type Workflow = (typeof WORKFLOWS)[number];

/** How many people have to approve an action of `asks`. */
export const APPROVERS = 2;

const numberOf = (thing: string): number => Number(thing.split('-')[1]);
/** What an action costs: by its issue, so that some cost more than a run may spend. */
export const costOf = (thing: string): number => 10 * (1 + (numberOf(thing) % 5));
/** The most that an engine's answer may cost, and what it does cost. */
export const MOST = 12;
export const answerCostOf = (thing: string): number => 3 + 3 * (numberOf(thing) % 4);
export const isPaid = (workflow: string): boolean => workflow === 'sends';

export const RATE = { atMost: 2, per: 'minute' } as const;
export const LIMITS: WorkflowRelease['limits'] = {
  budgets: { runMicrousd: 60, workflowDayMicrousd: 150, tenantDayMicrousd: 120 },
  caps: [
    { rule: 'FEW_AN_HOUR', because: 'the drill wants it', by: [], counts: 'actions', atMost: 2, per: 'hour' },
    { rule: 'FEW_A_QUEUE', because: 'as well', by: ['component'], counts: 'actions', atMost: 3, per: 'day' },
  ],
  shards: { tenant: 2, workflow: 3 },
};

/** What is proposed, and what somebody proposes in its place. */
export const QUEUE = 'Network';
export const OTHER_QUEUE = 'Storage';

const toolNamed = (name: string, effect: WriteTool['effect']): WriteTool => ({
  ...(jiraAssign as unknown as WriteTool),
  name,
  effect,
  rate: RATE,
  costMicrousd: (input) => costOf(String(input.issueKey)),
});
const assigns = toolNamed('jira.assign', 'idempotent');
export const TOOLS = { assigns, sends: toolNamed('jira.send', 'once'), asks: assigns } as const;
export const RESTORES: WriteTool = { ...(jiraRestoreComponents as unknown as WriteTool), rate: RATE };
export const SCOPE = jiraAssign.scope;
export const tools: Tools = Object.fromEntries(
  [jiraGet, ...Object.values(TOOLS), RESTORES].map((tool) => [tool.name, tool as never])
);

const policyOf = (workflow: Workflow): readonly PolicyRule[] => {
  const when = [{ fact: 'action.tool', is: TOOLS[workflow].name }];
  const because = 'the drill wants it';
  return [
    { id: 'DRILL_ALLOWED', effect: 'permit', because, when },
    ...(workflow === 'asks' ? [{ id: 'DRILL_ASKS', effect: 'ask' as const, because, when, approvers: APPROVERS }] : []),
  ];
};

const releaseOf = (workflow: Workflow): WorkflowRelease => ({
  workflow,
  release: digestOf(`the drill's release of ${workflow}`),
  mode: 'autopilot',
  input: {
    fields: [
      { name: 'summary', needed: 'at-submission', maxLength: 100, expected: 'a line', isId: false },
      { name: 'issueKey', needed: 'at-submission', maxLength: 20, expected: 'an issue key', isId: true },
    ],
  },
  eligibility: { labels: ['eligible'], text: ['summary'], whenUnsure: 'eligible', engines: [] as never },
  proposal: {
    labels: [QUEUE, OTHER_QUEUE],
    text: [{ from: 'user', field: 'summary' }],
    engines: [] as never,
    tool: TOOLS[workflow].name,
    arguments: { issueKey: { from: 'user', field: 'issueKey' }, component: { from: 'composed' } },
  },
  policy: [...policyOf(workflow)],
  limits: LIMITS,
});

const each = <T>(make: (workflow: Workflow) => T): Readonly<Record<Workflow, T>> => ({
  assigns: make('assigns'),
  sends: make('sends'),
  asks: make('asks'),
});
export const RELEASES = each(releaseOf);
export const POLICIES = each((workflow) => rulesPolicy(RELEASES[workflow].policy));
export const WORDS = {
  route: rulesEngine('eligibility', [{ id: 'IN_GENERAL', label: 'eligible', anyOf: ['vpn'] }]),
  propose: rulesEngine('words', [{ id: 'ALWAYS', label: QUEUE, anyOf: ['vpn'] }]),
} as const;
