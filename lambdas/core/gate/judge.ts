import type { Dossier } from '../ledger.ts';
import type { Standing } from '../limits/limit.ts';
import { type Tools, valueAt } from '../provenance.ts';
import type { Plan } from '../records.ts';
import type { WriteTool } from '../tool.ts';
import type { WorkflowRelease } from '../workflow.ts';
import { type Asked, together } from './approval.ts';
import { controlsOver, stopAmong } from './controls.ts';
import { factsOf } from './facts.ts';
import type { Policy, Ruling } from './policy.ts';
import type { Refusal } from './verdict.ts';

/** What the gate makes of a proposal, before mode and ledger. */
export type Judgement =
  /** `asked` is what the policy, or the tool, wants people to approve first, whatever the mode. */
  | { readonly kind: 'permitted'; readonly rules: readonly string[]; readonly asked: Asked }
  | {
      readonly kind: 'refused';
      readonly because: Refusal;
      readonly rules: readonly string[];
      readonly limits?: readonly Standing[];
    };

const refused = (because: Refusal, ...rules: readonly string[]): Judgement => ({ kind: 'refused', because, rules });

/** Whether each argument stands where the workflow says it comes from, and is what stands there. */
const isAsDeclared = (dossier: Dossier, plan: Plan, { proposal }: WorkflowRelease, tools: Tools): boolean => {
  if (plan.tool !== proposal.tool) return false;
  const names = new Set([...Object.keys(proposal.arguments), ...Object.keys(plan.arguments)]);
  return [...names].every((name) => {
    const source = Object.hasOwn(proposal.arguments, name) ? proposal.arguments[name] : undefined;
    const value = plan.arguments[name];
    const provenance = plan.provenance[name];
    if (source === undefined || value === undefined) return false;
    if (source.from === 'composed') return provenance === 'composed' && proposal.labels.includes(value);
    const found = valueAt(dossier, tools, source);
    return found !== undefined && found.value === value && found.provenance === provenance;
  });
};

/** What cannot be undone is asked for, whatever the policy says and in every mode that acts: there is no way around it. */
const CANNOT_BE_UNDONE: Asked = { rules: ['IRREVERSIBLE'], needs: [{ role: 'approver', approvers: 1 }] };

const askedFor = (ruling: Ruling, { undo }: WriteTool): Asked =>
  together(
    ...(ruling.decision === 'ask' ? [ruling.asked] : []),
    ...(undo === 'irreversible' ? [CANNOT_BE_UNDONE] : [])
  );

/**
 * Judges one proposal by everything that is known: whether anything was read, and an engine asked and paid for → its own doubt → schema → provenance → policy → stops. The first
 * that speaks against it decides. Pure; writes nothing.
 */
export const judge = (
  dossier: Dossier,
  plan: Plan,
  {
    release,
    policy,
    tools,
    now,
  }: { readonly release: WorkflowRelease; readonly policy: Policy; readonly tools: Tools; readonly now: Date }
): Judgement => {
  const unread = dossier.readings.find(({ stopped }) => stopped !== undefined)?.stopped;
  const stoppedBefore = plan.stopped ?? unread;
  if (stoppedBefore !== undefined) return refused('stopped', stoppedBefore);
  if (plan.overBudget !== undefined)
    return {
      kind: 'refused',
      because: 'over-budget',
      rules: plan.overBudget.map(({ rule }) => rule),
      limits: plan.overBudget,
    };
  if (plan.abstained) return refused('unsure', 'ENGINE_ABSTAINED');

  const contract = tools[plan.tool];
  if (contract === undefined || contract.effect === 'read') return refused('schema', 'NOT_A_WRITE_TOOL');
  if (!contract.input.safeParse(plan.arguments).success) return refused('schema', 'ARGUMENTS_DO_NOT_FIT');
  if (!isAsDeclared(dossier, plan, release, tools)) return refused('provenance', 'PROVENANCE_NOT_AS_DECLARED');

  const ruling = policy.judge(factsOf(dossier, plan, tools));
  if (ruling.decision === 'forbid') return refused('forbidden', ...ruling.rules);
  if (ruling.decision === 'escalate') return refused('unsure', ...ruling.rules);

  const over = controlsOver(dossier.run.tenant, dossier.run.workflow, contract.scope);
  const stop = stopAmong(dossier.controls, over, { now });
  if (stop !== undefined) return refused('stopped', stop);
  return { kind: 'permitted', rules: ruling.rules, asked: askedFor(ruling, contract) };
};
