import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { answerOf, modelOf } from '../../../lambdas/core/steps/evidence.ts';
import { aPlan } from '../../support/builders.ts';
import { eventOf, type givenRun } from '../../support/run.ts';

export type Made = Awaited<ReturnType<typeof givenRun>>;

let tenants = 0;
/** A tenant whose controls and counters no other test of its file touches. */
export const aTenant = (): string => {
  tenants += 1;
  return `ruled-${tenants}`;
};

/** Of exactly the action that the engine proposes to a run that was just submitted. */
export const actionDigest = (): string => digestOf({ tool: 'jira.assign', arguments: aPlan().arguments });

/** The tool of an event: of what is authorised, and of what is not. */
export const written = { name: 'jira.assign', scope: 'jira:write', dry_run: false } as const;
export const spared = { ...written, dry_run: true } as const;

/** What the rate of the tool is charged, as the audit has it. */
export const rateSpent = {
  state: 'spent',
  rule: 'RATE_TOOL_MINUTE',
  unit: 'actions',
  at_most: 6_000,
  asked: 1,
  resets_at: '2030-01-02T03:05:00.000Z',
} as const;

/** How a ruling on the proposal of a run is told: the last one, and what is expected of it. */
export const rulingsOf = ({ state, ref, deps, kept }: Made) => {
  const planned = async () => (await state.get(keys.plan(ref, 1)))?.content as ReturnType<typeof aPlan>;
  const told = async (step = 'decide#1') => eventOf((await kept()).records.find((record) => record.step === step));
  /** What every ruling tells of the proposal, with what the run has besides. */
  const expected = async (
    { decision, rules, sources = [] }: { decision: string; rules: readonly string[]; sources?: readonly object[] },
    more: object
  ) => {
    const plan = await planned();
    const fields = { summary: 'the vpn drops', issueKey: plan.arguments.issueKey };
    return {
      step: 'decide#1',
      model: modelOf(plan),
      answer: answerOf(plan),
      mode: 'autopilot',
      args_redacted: { issueKey: 'OPS-1', component: 'Network' },
      provenance: { issueKey: 'user', component: 'composed' },
      policy: { decision, rule_ids: rules, version: deps.policy.version },
      sources: [
        { ref: `INPUT#${ref.tenant}#${ref.run}`, sha256: digestOf({ fields, replies: [] }) },
        { ref: `PLAN#${ref.tenant}#${ref.run}/1`, sha256: digestOf(plan) },
        ...sources,
      ],
      ...more,
    };
  };
  return { planned, told, expected };
};
