import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { controlSubject, controlsOver } from '../gate/controls.ts';
import { judge } from '../gate/judge.ts';
import type { Policy } from '../gate/policy.ts';
import { Verdict } from '../gate/verdict.ts';
import type { Dossier } from '../ledger.ts';
import { RunId, Tenant } from '../names.ts';
import { readingsOf, type Tools } from '../provenance.ts';
import type { Plan, Writ } from '../records.ts';
import type { WriteTool } from '../tool.ts';
import { modelOf, sourcesOf } from './evidence.ts';
import { type Advance, advance, defineStep, type StepDeps } from './step.ts';

export interface DecideDeps extends StepDeps {
  readonly policy: Policy;
  readonly tools: Tools;
}

/** The write tool that a release's actions use. Synthesis has checked it, so anything else is a broken deployment. */
export const writeToolOf = ({ release, tools }: Pick<DecideDeps, 'release' | 'tools'>): WriteTool => {
  const tool = tools[release.proposal.tool];
  if (tool === undefined || tool.effect === 'read')
    throw new Terminal(`release ${release.release} names ${release.proposal.tool}, which is not a write tool here`);
  return tool;
};

/**
 * Says what becomes of one proposed action. Only what the gate permits, in a mode that acts, gets a writ: in one
 * transaction with the run, its audit record, and the stops and mode that were found. A refusal is a value and final.
 */
export const decide = defineStep({
  name: 'decide',
  input: z.strictObject({ tenant: Tenant, run: RunId, action: z.int().positive() }),
  output: Verdict,
  run: (deps: DecideDeps, { action, ...ref }) => {
    const { release, policy, tools } = deps;
    const tool = writeToolOf(deps);
    const controls = controlsOver(ref.tenant, release.workflow, tool.scope).map(({ subject }) => subject);
    const wanted = { input: true, plan: action, readings: readingsOf(release, tools), controls };

    return advance(deps, ref, { key: `decide#${action}`, wanted, output: Verdict }, (dossier): Advance<Verdict> => {
      const { plan } = dossier;
      if (plan === undefined) throw new Terminal(`run ${ref.run} has no proposal for action ${action}`);
      const tenant = dossier.controls.find(({ subject }) => subject === controlSubject('tenant', ref.tenant));
      const mode = tenant?.mode ?? release.mode;

      const judgement = judge(dossier, plan, { release, policy, tools });
      const rules = [...judgement.rules];
      const writ = writOf(dossier, plan, tool, rules, deps.now());
      const acts = judgement.kind === 'permitted' && mode === 'autopilot';
      const output: Verdict =
        judgement.kind === 'refused'
          ? { kind: 'refused', because: judgement.because, rules }
          : acts
            ? { kind: 'authorised', writ: { scope: writ.scope, action, digest: writ.digest }, rules }
            : { kind: 'recorded', rules };
      return {
        output,
        rules,
        event: {
          model: modelOf(plan),
          tool: { name: tool.name, scope: tool.scope, dry_run: !acts },
          args_redacted: redacted(tool, plan),
          provenance: plan.provenance,
          policy: { decision: judgement.kind, rule_ids: rules, version: policy.version },
          result: { status: output.kind === 'refused' ? output.because : output.kind },
          sources: sourcesOf(dossier),
        },
        ...(acts && { deed: { kind: 'issue', writ, modeOf: tenant?.mode } }),
      };
    });
  },
});

const writOf = ({ run }: Dossier, plan: Plan, { scope }: WriteTool, rules: string[], now: Date): Writ => ({
  tenant: run.tenant,
  run: run.run,
  scope,
  action: plan.action,
  digest: digestOf({ tool: plan.tool, arguments: plan.arguments }),
  tool: plan.tool,
  arguments: plan.arguments,
  release: run.release,
  workflow: run.workflow,
  rules,
  user: run.user.id,
  issuedAt: now.toISOString(),
});

/** Arguments that do not fit the contract are anybody's text: only their names reach the audit. */
const redacted = (tool: WriteTool, { arguments: args }: Plan): Readonly<Record<string, unknown>> => {
  const parsed = tool.input.safeParse(args);
  return parsed.success ? { ...tool.redact(parsed.data) } : Object.fromEntries(Object.keys(args).map((k) => [k, null]));
};
