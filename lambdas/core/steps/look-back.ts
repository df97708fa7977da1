import { Terminal } from '../errors.ts';
import { ROUNDS_AFTER_APPROVAL } from '../gate/approval.ts';
import { type Attempt, type Left, undoActionOf } from '../gate/undo.ts';
import type { RunRef } from '../names.ts';
import type { Tools } from '../provenance.ts';
import type { Run } from '../run.ts';
import { writeToolOf } from './decide.ts';
import { sourcesOf } from './evidence.ts';
import { reportOf, writsNamed } from './report.ts';
import type { StepDeps } from './step.ts';

type Sources = ReturnType<typeof sourcesOf>;

/** A run is `failed` where its execution ended under it; that nobody moves it any more makes the time the one at which it was closed. */
const abandonedAt = ({ outcome, updatedAt }: Run): string | undefined => (outcome === 'failed' ? updatedAt : undefined);

/** What a run left behind of one action, with where each piece of it lies. */
export const lookBack = async (
  deps: Pick<StepDeps, 'ledger' | 'release'> & { readonly tools: Tools },
  of: RunRef,
  action: number
): Promise<Left & { readonly run: Run; readonly sources: Sources }> => {
  const { scope, seenBy } = writeToolOf(deps);
  const seer = deps.tools[seenBy];
  if (seer === undefined) throw new Terminal(`what ${scope} writes is seen by ${seenBy}, which is not a tool here`);
  const found = await deps.ledger.look(of, {
    readings: [undefined, ...ROUNDS_AFTER_APPROVAL].map((round) => ({
      scope: seer.scope,
      tool: seer.name,
      call: 'before' as const,
      round,
    })),
    writ: { scope, action },
    claim: { scope, action },
  });
  if (found === undefined) throw new Terminal(`there is no run ${of.run} of tenant ${of.tenant} to undo`);
  const { run, writ, claim, readings } = found;
  const named = writsNamed(run.steps).find((each) => each.action === action);
  if (named !== undefined && writ === undefined)
    throw new Terminal(
      `the writ of action ${action} of run ${of.run} lies in scope ${named.scope}, and is not found in ${scope}: undo it by hand, or with a release whose actions have that scope`
    );
  // as it was when the action was decided, not when people began to think about it
  const before = readings.find(({ round = 1 }) => round === (named?.round ?? 1));
  return { run, writ, claim, before, abandonedAt: abandonedAt(run), sources: sourcesOf(found) };
};

/**
 * How far earlier undos of an action came, before the run `by`: the run's own after a mismatch, and those that operators asked for. The next is
 * made only where the one before is closed, so every other one is at its end.
 */
export const earlierUndos = async (
  deps: Pick<StepDeps, 'ledger' | 'release'> & { readonly tools: Tools },
  of: Run,
  { action, by }: { readonly action: number; readonly by: string }
): Promise<{ readonly attempts: readonly Attempt[]; readonly sources: Sources }> => {
  const { scope } = writeToolOf(deps);
  const places = [
    { run: of.run, own: undoActionOf(action) },
    ...(of.undoneBy ?? []).filter((run) => run !== by).map((run) => ({ run, own: action })),
  ];
  const looks = places.map(async ({ run, own }) => {
    const found = await deps.ledger.look(
      { tenant: of.tenant, run },
      { writ: { scope, action: own }, claim: { scope, action: own } }
    );
    if (found?.writ === undefined) return []; // the run made no undo of it, or was refused one
    const isSeen = reportOf(found.run.steps, action, own) === 'undone';
    const attempt = { claim: found.claim, isSeen, abandonedAt: abandonedAt(found.run) };
    return [{ attempt, sources: sourcesOf(found) }];
  });
  const made = (await Promise.all(looks)).flat();
  return { attempts: made.map(({ attempt }) => attempt), sources: made.flatMap(({ sources }) => sources) };
};

/** Whether Verify has found that an action of the run does not show. */
export const hasMismatch = ({ steps }: Pick<Run, 'steps'>, action: number): boolean => {
  const answer = steps[`verify#${action}`];
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'mismatch';
};
