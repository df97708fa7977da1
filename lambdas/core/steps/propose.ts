import * as z from 'zod';
import { digestOf } from '../digest.ts';
import type { Engine } from '../engine/engine.ts';
import { Terminal } from '../errors.ts';
import { controlsOverRun, type StopRule, stopAmong } from '../gate/controls.ts';
import type { Dossier } from '../ledger.ts';
import { Digest, RunId, Tenant } from '../names.ts';
import { readingsOf, type Tools, valueAt } from '../provenance.ts';
import type { Plan } from '../records.ts';
import { askWithinBudget, type PayingDeps, settleLeft } from './paid.ts';
import { defineStep, type StepDeps } from './step.ts';

export interface ProposeDeps extends StepDeps, PayingDeps {
  readonly proposer: Engine;
  readonly tools: Tools;
}

/**
 * Has the workflow's engine propose one action, and keeps the proposal. Proposing authorises nothing: whatever is
 * written here, Decide checks. A repeated Propose returns the first proposal.
 */
export const propose = defineStep({
  name: 'propose',
  input: z.strictObject({ tenant: Tenant, run: RunId, action: z.int().positive() }),
  output: z.strictObject({
    kind: z.literal('proposed'),
    digest: Digest,
    confidence: z.number().min(0).max(1),
    abstained: z.boolean(),
  }),
  run: async (deps: ProposeDeps, { action, ...ref }) => {
    const { ledger, release, proposer, tools } = deps;
    const over = controlsOverRun(ref.tenant, release.workflow);
    const dossier = await ledger.look(ref, {
      input: true,
      plan: action,
      readings: readingsOf(release, tools),
      controls: over.map(({ subject }) => subject),
    });
    if (dossier === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);
    if (dossier.run.release !== release.release)
      throw new Terminal(
        `run ${ref.run} is pinned to release ${dossier.run.release}, this step serves ${release.release}`
      );
    // an earlier attempt kept its answer, and may have ended before it settled what the answer cost
    if (dossier.plan && proposer.mostMicrousd && deps.purse)
      await settleLeft({ ...deps.purse, now: deps.now }, ref, { of: ['propose'], plan: dossier.plan });
    const plan = dossier.plan ?? (await makePlan(deps, dossier, action, over));
    return {
      kind: 'proposed' as const,
      digest: digestOf(plan),
      confidence: plan.confidence,
      abstained: plan.abstained,
    };
  },
});

const makePlan = async (
  deps: ProposeDeps,
  dossier: Dossier,
  action: number,
  over: readonly { readonly subject: string; readonly rule: StopRule }[]
): Promise<Plan> => {
  const { ledger, proposer, tools, now } = deps;
  // what was not read is not there to propose from, also where the stop has ended since
  const unread = dossier.readings.find(({ stopped }) => stopped !== undefined)?.stopped;
  const stopped = unread ?? stopAmong(dossier.controls, over, { now: now(), of: 'everything' });
  if (stopped !== undefined) return ledger.plan(dossier.run, { ...nothing(deps, action), stopped }, now());
  const { tenant, run } = dossier.run;
  const { proposal } = deps.release;
  // the same words are often submitted and read: an engine should not see them twice
  const pieces = new Set(proposal.text.map((place) => valueAt(dossier, tools, place)?.value.trim() ?? ''));
  const text = [...pieces].filter((piece) => piece !== '').join('\n');
  const paid = await askWithinBudget(deps, { tenant, run, step: 'propose' }, proposer, {
    text,
    labels: proposal.labels,
  });
  if (paid.kind === 'over-budget')
    return ledger.plan(dossier.run, { ...nothing(deps, action), overBudget: [...paid.limits] }, now());

  const { label, confidence, abstained, engine, rule, reason, cachedAt, usage, stages } = paid.answer;
  const values = Object.entries(proposal.arguments).flatMap(([name, source]) => {
    const composed = label === undefined ? undefined : { value: label, provenance: 'composed' as const };
    const found = source.from === 'composed' ? composed : valueAt(dossier, tools, source);
    return found ? [[name, found] as const] : [];
  });
  const plan = await ledger.plan(
    dossier.run,
    {
      action,
      tool: proposal.tool,
      arguments: Object.fromEntries(values.map(([name, { value }]) => [name, value])),
      provenance: Object.fromEntries(values.map(([name, { provenance }]) => [name, provenance])),
      confidence,
      abstained,
      engine,
      ...(rule !== undefined && { rule }),
      ...(reason !== undefined && { reason }),
      ...(cachedAt !== undefined && { cachedAt }),
      ...(stages && { stages: [...stages] }),
      ...(usage && { usage }),
      ...(paid.hold !== undefined && { hold: paid.hold }),
      ...(paid.nearly.length > 0 && { nearly: [...paid.nearly] }),
    },
    now()
  );
  await paid.settle();
  return plan;
};

/** A proposal of nothing: no engine was asked. */
const nothing = ({ release, proposer }: ProposeDeps, action: number): Plan => ({
  action,
  tool: release.proposal.tool,
  arguments: {},
  provenance: {},
  confidence: 0,
  abstained: true,
  engine: proposer.id,
});
