import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { type Asked, approvalDigest, approvalStanding, roundKey, together } from '../gate/approval.ts';
import { controlSubject, controlsOver } from '../gate/controls.ts';
import { judge } from '../gate/judge.ts';
import type { Policy } from '../gate/policy.ts';
import { type Refusal, Verdict } from '../gate/verdict.ts';
import type { Dossier } from '../ledger.ts';
import type { Counters } from '../limits/counters.ts';
import type { Standing } from '../limits/limit.ts';
import { acts, type Mode } from '../mode.ts';
import { RunId, type RunRef, Tenant } from '../names.ts';
import { readingsOf, type Tools } from '../provenance.ts';
import type { Plan, Writ } from '../records.ts';
import type { WriteTool } from '../tool.ts';
import { answerOf, approvalOf, modelOf, sourcesOf, stagesOf } from './evidence.ts';
import { countersBeforehand, type Noted, notedAs, spendingOf } from './spending.ts';
import { type Advance, advance, defineStep, type StepDeps } from './step.ts';

export interface DecideDeps extends StepDeps {
  readonly policy: Policy;
  readonly tools: Tools;
  readonly counters: Counters;
  /** Told of each budget that is at 80 % with what was authorised. */
  readonly warn: (run: RunRef, budget: Standing) => void;
}

/** The write tool that a release's actions use. Synthesis has checked it, so anything else is a broken deployment. */
export const writeToolOf = ({ release, tools }: Pick<DecideDeps, 'release' | 'tools'>): WriteTool => {
  const tool = tools[release.proposal.tool];
  if (tool === undefined || tool.effect === 'read')
    throw new Terminal(`release ${release.release} names ${release.proposal.tool}, which is not a write tool here`);
  return tool;
};

/**
 * Says what becomes of one proposed action. Only what the gate permits, in a mode that acts, and what its limits have room for,
 * gets a writ: in one transaction with the run, its audit record, the stops and mode that were found, and everything that it
 * uses up. What people have to approve first waits for them: then it is decided again, in the next round, and the approval is
 * found again in that transaction. A refusal is a value and final. An action that has its writ keeps it, whatever has been stopped or used up since.
 */
export const decide = defineStep({
  name: 'decide',
  input: z.strictObject({
    tenant: Tenant,
    run: RunId,
    action: z.int().positive(),
    /** The first, unless given: each time that people were asked is followed by one more. */
    round: z.int().positive().optional(),
  }),
  output: Verdict,
  run: async (deps: DecideDeps, { action, round = 1, ...ref }) => {
    const { release, policy, tools } = deps;
    const tool = writeToolOf(deps);
    const spender = { release, tool, ref, now: deps.now() };
    const wanted = {
      input: true,
      plan: action,
      readings: readingsOf(release, tools, round),
      writ: { scope: tool.scope, action },
      ...(round > 1 && { approvals: [{ action, round: round - 1 }] }),
      controls: controlsOver(ref.tenant, release.workflow, tool.scope).map(({ subject }) => subject),
      counters: countersBeforehand(spender),
    };
    let nearly: readonly Standing[] = [];

    const verdict = await advance(
      deps,
      ref,
      { key: roundKey('decide', { action, round }), wanted, output: Verdict },
      async (dossier, { full }): Promise<Advance<Verdict>> => {
        const { plan, writ: issued, approval: given } = dossier;
        if (plan === undefined) throw new Terminal(`run ${ref.run} has no proposal for action ${action}`);
        const tenant = dossier.controls.find(({ subject }) => subject === controlSubject('tenant', ref.tenant));
        const mode = tenant?.mode ?? release.mode;
        const event = {
          model: modelOf(plan),
          answer: answerOf(plan),
          mode,
          ...stagesOf(plan),
          args_redacted: redacted(tool, plan),
          provenance: plan.provenance,
          sources: sourcesOf(dossier),
          ...(given && { approval: approvalOf(given) }),
        };
        const before = notedAs('nearly-used', round === 1 ? (plan.nearly ?? []) : []);
        const answer = (
          output: Verdict,
          decision: string,
          { noted = [], costMicrousd = 0 }: { readonly noted?: readonly Noted[]; readonly costMicrousd?: number } = {}
        ): Advance<Verdict> => ({
          output,
          rules: output.rules,
          ...(round > 1 && { status: 'active' as const }),
          event: {
            ...event,
            tool: {
              name: tool.name,
              scope: tool.scope,
              dry_run: output.kind !== 'authorised',
              ...(costMicrousd > 0 && { cost_microusd: costMicrousd }),
            },
            ...(output.kind === 'authorised' && { writ: { action, digest: output.writ.digest } }),
            policy: { decision, rule_ids: output.rules, version: policy.version },
            result: { status: output.kind === 'refused' ? output.because : output.kind },
            ...(before.length + noted.length > 0 && { limits: [...before, ...noted] }),
          },
        });
        if (issued !== undefined) {
          const isSame = issued.digest === actionDigest(plan);
          return answer(isSame ? authorised(issued) : refused('taken', ['ACTION_HAS_ANOTHER_WRIT']), 'issued-before');
        }

        const judgement = judge(dossier, plan, { release, policy, tools, now: spender.now });
        const rules = [...judgement.rules];
        if (judgement.kind === 'refused') {
          const { because, limits = [] } = judgement;
          return answer(refused(because, rules, limits), 'refused', { noted: notedAs('refused', limits) });
        }
        const asked = together(judgement.asked, askedIn(mode));
        const bound = {
          digest: approvalDigest(dossier.run, plan, policy.version),
          needs: asked.needs,
          requester: dossier.run.user.id,
          now: deps.now(),
        };
        const standing = approvalStanding(given, bound);
        if (standing.kind === 'vetoed') return answer(refused('declined', [standing.rule]), 'refused');
        if (standing.kind === 'other') return answer(refused('not-approved', ['APPROVED_SOMETHING_ELSE']), 'refused');
        if (!acts(mode)) return answer({ kind: 'recorded', rules }, judgement.kind);
        if (asked.needs.length > 0 && standing.kind === 'open')
          return answer(
            {
              kind: 'approval-needed',
              rules: [...asked.rules],
              digest: bound.digest,
              policy: policy.version,
              needs: [...asked.needs],
            },
            'ask'
          );

        const spending = await spendingOf(deps.counters, spender, { dossier, plan, full });
        if (spending.kind === 'refused')
          return answer(refused(spending.because, spending.rules, spending.limits), 'refused', {
            noted: notedAs('refused', spending.limits),
          });
        nearly = spending.nearly;
        const writ = writOf(dossier, plan, tool, [...rules, ...asked.rules], spender.now);
        return {
          ...answer(authorised(writ), judgement.kind, spending),
          deed: {
            kind: 'issue',
            writ,
            modeOf: tenant?.mode,
            charges: spending.charges,
            ...(standing.kind === 'approved' && { approval: { ...bound, head: standing.head } }),
          },
        };
      }
    );
    if (verdict.kind === 'authorised') for (const budget of nearly) deps.warn(ref, budget);
    return verdict;
  },
});

/** What a mode asks by itself. */
const askedIn = (mode: Mode): Asked =>
  mode === 'supervised'
    ? { rules: ['MODE_SUPERVISED'], needs: [{ role: 'approver', approvers: 1 }] }
    : { rules: [], needs: [] };

const authorised = ({ scope, action, digest, rules }: Writ): Verdict => ({
  kind: 'authorised',
  writ: { scope, action, digest },
  rules,
});

const refused = (because: Refusal, rules: string[], limits: readonly Standing[] = []): Verdict => ({
  kind: 'refused',
  because,
  rules,
  ...(limits.length > 0 && { limits: [...limits] }),
});

/** What exactly a writ authorises. */
const actionDigest = ({ tool, arguments: args }: Plan): string => digestOf({ tool, arguments: args });

const writOf = ({ run, approval }: Dossier, plan: Plan, { scope }: WriteTool, rules: string[], now: Date): Writ => ({
  tenant: run.tenant,
  run: run.run,
  scope,
  action: plan.action,
  digest: actionDigest(plan),
  tool: plan.tool,
  arguments: plan.arguments,
  release: run.release,
  workflow: run.workflow,
  rules,
  user: run.user.id,
  // nobody of these refused: one refusal is final
  ...(approval && { approvals: approval.decisions.map(({ by, at }) => ({ by, at })) }),
  issuedAt: now.toISOString(),
});

/** Arguments that do not fit the contract are anybody's text: only their names reach the audit. */
const redacted = (tool: WriteTool, { arguments: args }: Plan): Readonly<Record<string, unknown>> => {
  const parsed = tool.input.safeParse(args);
  return parsed.success ? { ...tool.redact(parsed.data) } : Object.fromEntries(Object.keys(args).map((k) => [k, null]));
};
