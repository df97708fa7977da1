import * as z from 'zod';
import { Terminal } from '../errors.ts';
import { APPROVAL_ROUNDS, ROUNDS_AFTER_APPROVAL } from '../gate/approval.ts';
import type { Dossier } from '../ledger.ts';
import { RuleId, RunId, Tenant } from '../names.ts';
import type { Tools } from '../provenance.ts';
import { readingsOf } from '../provenance.ts';
import type { Outcome, Run } from '../run.ts';
import { writeToolOf } from './decide.ts';
import { doubtAs, doubtOf, usesOf } from './doubt.ts';
import { approvalOf, sourcesOf, useOf } from './evidence.ts';
import { reportsOf, STANDS_NO_MORE } from './report.ts';
import { type Advance, advance, defineStep, type StepDeps } from './step.ts';

/*
 * The two ways in which a machine ends its run; where it ends without, the reaper does. A closed run never opens again, so whichever comes first
 * has the last word.
 */

const Closed = z.strictObject({
  kind: z.literal('closed'),
  outcome: z.enum(['completed', 'not-eligible', 'recorded', 'refused']),
});

/** Closes a run whose outcome is known. `reported`, of an undo: completed where nothing of what it was to undo stands, else refused. */
export const respond = defineStep({
  name: 'respond',
  input: z.strictObject({
    tenant: Tenant,
    run: RunId,
    outcome: Closed.shape.outcome.or(z.literal('reported')),
    rules: z.array(RuleId),
  }),
  output: Closed,
  run: (deps: StepDeps, { outcome: said, rules: given, ...ref }) =>
    advance(deps, ref, { key: 'respond', wanted: {}, output: Closed }, ({ run }) => {
      if ((said === 'reported') !== (run.undo !== undefined))
        throw new Terminal(`run ${ref.run} cannot be closed as ${said}`);
      const { outcome, rules } = said === 'reported' ? outcomeOfUndo(run) : { outcome: said, rules: given };
      return {
        output: { kind: 'closed' as const, outcome },
        rules,
        status: 'closed' as const,
        outcome,
        event: { policy: { decision: outcome, rule_ids: rules }, result: { status: outcome } },
      };
    }),
});

const outcomeOfUndo = (run: Run) => {
  const reports = reportsOf(run).map(({ report }) => report);
  const isWhole = reports.length > 0 && reports.every((report) => STANDS_NO_MORE.includes(report));
  const rules = [...new Set(reports)].map((report) => `UNDO_${report.toUpperCase().replaceAll('-', '_')}`);
  return { outcome: isWhole ? ('completed' as const) : ('refused' as const), rules };
};

/** Why a run is handed to people. */
export const Because = z.enum([
  'unsure',
  'mismatch',
  'in-doubt',
  'no-reply',
  'no-approval',
  'refused',
  'stopped',
  'over-budget',
  'over-rate',
  'over-cap',
  'fault',
]);

const Escalated = z.strictObject({ kind: z.literal('escalated') });

export interface CloseDeps extends StepDeps {
  readonly tools: Tools;
}

/** The record that an action is about, as it was before it, before an undo of it, and ever after. */
const SEEN = ['before', 'now', 'after', 'undone'] as const;

/** Everything that a person may want to see of a run's first action. */
export const evidenceOf = (deps: CloseDeps) => {
  const { scope, seenBy } = writeToolOf(deps);
  const seer = deps.tools[seenBy];
  const again = ROUNDS_AFTER_APPROVAL.map((round) => ({ call: 'before' as const, round }));
  const looks = [...SEEN.map((call) => ({ call })), ...again];
  const seen = seer ? looks.map((look) => ({ scope: seer.scope, tool: seer.name, ...look })) : [];
  const proposedFrom = readingsOf(deps.release, deps.tools).filter(({ tool }) => tool !== seer?.name);
  return {
    input: true,
    plan: 1,
    readings: [...proposedFrom, ...seen],
    writ: { scope, action: 1 },
    claim: { scope, action: 1 },
    approvals: APPROVAL_ROUNDS.map((round) => ({ action: 1, round })),
  };
};

/** Closes a run with what people need to go on: where everything lies, and what of it is in doubt. */
export const handOver = <Output>(
  deps: CloseDeps,
  dossier: Dossier,
  {
    output,
    because,
    rules,
    outcome,
    uses,
  }: {
    readonly output: Output;
    readonly because: string;
    readonly rules: readonly string[];
    readonly outcome: Outcome;
    /** Every writ of the run, with what became of it. */
    readonly uses: readonly Dossier[];
  }
): Advance<Output> => {
  const sources = uses.flatMap(sourcesOf);
  const at = deps.now().toISOString();
  const abandonedAt = outcome === 'failed' ? at : undefined;
  const doubts = uses.map((use) => doubtOf(use, deps.tools, abandonedAt)).filter((doubt) => doubt !== undefined);
  const isInDoubt = doubts.length > 0;
  return {
    output,
    rules,
    status: 'closed',
    outcome,
    event: {
      policy: { decision: 'escalate', rule_ids: [...rules] },
      ...(dossier.approval && { approval: approvalOf(dossier.approval) }),
      ...useOf(dossier),
      ...(isInDoubt && { doubts: doubts.map(doubtAs) }),
      result: { status: because, ...(dossier.claim && { retries: dossier.claim.attempt - 1 }) },
      sources,
    },
    deed: {
      kind: 'escalate',
      escalation: {
        because,
        rules: [...rules],
        evidence: sources.map(({ ref }) => ref),
        ...(isInDoubt && { doubts }),
        at,
      },
    },
  };
};

/** Hands a run to people, with its evidence. */
export const escalate = defineStep({
  name: 'escalate',
  input: z.strictObject({ tenant: Tenant, run: RunId, because: Because, rules: z.array(RuleId) }),
  output: Escalated,
  run: (deps: CloseDeps, { because, rules, ...ref }) =>
    advance(deps, ref, { key: 'escalate', wanted: evidenceOf(deps), output: Escalated }, async (dossier) => {
      const output = { kind: 'escalated' as const };
      return handOver(deps, dossier, {
        output,
        because,
        rules,
        outcome: 'escalated',
        uses: await usesOf(deps, dossier),
      });
    }),
});
