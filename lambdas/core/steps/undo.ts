import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { controlSubject, controlsOver, stopAmong } from '../gate/controls.ts';
import { judgeUndo, type Reversal, ruleOf, STILL_OURS, type UndoRefusal, UndoVerdict } from '../gate/undo.ts';
import { Verdict } from '../gate/verdict.ts';
import type { Standing } from '../limits/limit.ts';
import { acts } from '../mode.ts';
import { RunId, Tenant } from '../names.ts';
import { Arguments, type Writ } from '../records.ts';
import type { Run } from '../run.ts';
import { type DecideDeps, decide, writeToolOf } from './decide.ts';
import { sourcesOf } from './evidence.ts';
import { earlierUndos, hasMismatch, lookBack } from './look-back.ts';
import { notedAs, rateSpendingOf } from './spending.ts';
import { type Advance, advance, defineStep } from './step.ts';

const Input = z.strictObject({
  tenant: Tenant,
  run: RunId,
  /** The number of the undo, as an action of this run. */
  action: z.int().positive(),
  /** The action that is to be undone: of this run, or of the one that this run was made to undo. */
  undoes: z.int().positive(),
});

/**
 * Says whether an action is undone, and gives the undo a writ of its own: in one transaction with the run, its audit record, the rate of
 * the tool that restores, and, where no operator asked for it, the stops and the mode. An operator may undo what is stopped:
 * who it was and why is in the audit. Budgets and caps of the workflow do not hold an undo up.
 */
const decideUndo = async (
  deps: DecideDeps,
  { action, undoes, ...ref }: z.infer<typeof Input>
): Promise<UndoVerdict> => {
  const { release, tools } = deps;
  const { scope, seenBy } = writeToolOf(deps);
  const seer = tools[seenBy];
  if (seer === undefined) throw new Terminal(`what ${scope} writes is seen by ${seenBy}, which is not a tool here`);
  const known = await deps.ledger.look(ref, {});
  if (known === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);
  const byOperator = known.run.undo !== undefined;
  const now = byOperator
    ? { scope: seer.scope, tool: seer.name, call: 'now' as const, action: undoes }
    : { scope: seer.scope, tool: seer.name, call: 'after' as const, action: undoes };
  const wanted = {
    readings: [now],
    writ: { scope, action },
    controls: controlsOver(ref.tenant, release.workflow, scope).map(({ subject }) => subject),
  };
  return advance(deps, ref, { key: `decide#${action}`, wanted, output: UndoVerdict }, async (dossier, { full }) => {
    const of = { tenant: ref.tenant, run: dossier.run.undo?.of ?? ref.run };
    const past = await lookBack(deps, of, undoes);
    const earlier = byOperator
      ? await earlierUndos(deps, past.run, { action: undoes, by: ref.run })
      : { attempts: [], sources: [] }; // a run makes one undo of its own action, and makes it first
    const sources = [...sourcesOf(dossier), ...past.sources, ...earlier.sources];
    const [seen] = dossier.readings;
    const refused = (because: UndoRefusal, rules = [ruleOf(because)], limits: readonly Standing[] = []) => ({
      output: { kind: 'refused' as const, because, rules, ...(limits.length > 0 && { limits: [...limits] }) },
      rules,
      event: {
        policy: { decision: 'refused', rule_ids: rules },
        result: { status: because },
        sources,
        ...(limits.length > 0 && { limits: [...notedAs('refused', limits)] }),
      },
    });
    if (dossier.writ !== undefined) return issued(dossier.writ, sources);
    if (!byOperator && !hasMismatch(dossier.run, undoes)) return refused('not-asked');
    if (seen === undefined) throw new Terminal(`run ${ref.run} has not read the record of action ${undoes} again`);
    const judged = judgeUndo(past, seen, { tools, afterMismatch: !byOperator, earlier: earlier.attempts });
    if (judged.kind === 'refused') return refused(judged.because);

    const tenant = dossier.controls.find(({ subject }) => subject === controlSubject('tenant', ref.tenant));
    const over = controlsOver(ref.tenant, release.workflow, scope);
    const stop = stopAmong(dossier.controls, over, { now: deps.now() });
    if (!byOperator && stop !== undefined) return refused('stopped', [ruleOf('stopped'), stop]);
    if (!byOperator && !acts(tenant?.mode ?? release.mode)) return refused('mode');

    const at = deps.now();
    const spending = await rateSpendingOf(deps.counters, { release, tool: judged.tool, ref, now: at }, full);
    if (spending.kind === 'refused') return refused('over-rate', spending.rules, spending.limits);
    const writ = writOf(dossier.run, { action, judged, undoes: { run: of.run, action: undoes }, seenAt: seen.at, at });
    return {
      ...issued(writ, sources, judged.tool.redact(judged.input)),
      deed: { kind: 'issue', writ, modeOf: tenant?.mode, charges: spending.charges },
    };
  });
};

const issued = (
  { scope, action, digest, rules, tool }: Writ,
  sources: ReturnType<typeof sourcesOf>,
  redacted: Readonly<Record<string, unknown>> = {}
): Advance<UndoVerdict> => ({
  output: { kind: 'authorised', writ: { scope, action, digest }, rules },
  rules,
  event: {
    tool: { name: tool, scope, dry_run: false },
    args_redacted: { ...redacted },
    writ: { action, digest },
    policy: { decision: 'undo', rule_ids: rules },
    result: { status: 'authorised' },
    sources,
  },
});

const writOf = (
  run: Run,
  {
    action,
    judged,
    undoes,
    seenAt,
    at,
  }: { action: number; judged: Reversal; undoes: NonNullable<Writ['undoes']>; seenAt: string; at: Date }
): Writ => {
  const args = Arguments.parse(judged.input);
  return {
    tenant: run.tenant,
    run: run.run,
    scope: judged.tool.scope,
    action,
    // what is authorised is this undo of this action, and no other write that happens to look the same
    digest: digestOf({ tool: judged.tool.name, arguments: args, undoes }),
    tool: judged.tool.name,
    arguments: args,
    release: run.release,
    workflow: run.workflow,
    rules: [STILL_OURS],
    user: run.user.id,
    issuedAt: at.toISOString(),
    undoes,
    seenAt,
  };
};

/** What Decide's function serves: a ruling on what was proposed, and one on an undo. */
export const decideOrUndo = defineStep({
  name: 'decide',
  input: z.union([Input, decide.input]),
  output: z.union([Verdict, UndoVerdict]),
  run: (deps: DecideDeps, input): Promise<Verdict | UndoVerdict> =>
    'undoes' in input ? decideUndo(deps, input) : decide.run(deps, input),
});
