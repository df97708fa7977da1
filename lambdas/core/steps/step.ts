import type * as z from 'zod';
import { type AuditEvent, chain } from '../audit/record.ts';
import { Retryable, Terminal } from '../errors.ts';
import type { Deed, Dossier, Ledger, Unmade, Wanted } from '../ledger.ts';
import type { RunRef } from '../names.ts';
import type { Outcome, RunStatus } from '../run.ts';
import type { WorkflowRelease } from '../workflow.ts';

/** One step of a workflow: what it accepts, what it answers, and what it does. The runtime serves it as a function. */
export interface Step<Deps, Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly run: (deps: Deps, input: Input) => Promise<Output>;
}

export const defineStep = <Deps, Input, Output>(step: Step<Deps, Input, Output>): Step<Deps, Input, Output> => step;

/** What every step that moves a run needs. Clock and trace are handed in: core has neither. */
export interface StepDeps {
  readonly ledger: Ledger;
  readonly release: WorkflowRelease;
  readonly now: () => Date;
  readonly traceId: () => string;
}

/** What a step makes of a dossier. */
export interface Advance<Output> {
  readonly output: Output;
  readonly event: Omit<AuditEvent, 'step'>;
  readonly status?: RunStatus;
  readonly outcome?: Outcome;
  readonly deed?: Deed;
  /** What to record instead where the deed was refused; without it, a refused deed is a fault. */
  readonly whenUnmade?: (reason: Exclude<Unmade, 'stale'>) => Advance<Output>;
}

/** How often a move is tried when others move the same run at the same time. */
const TRIES = 8;

/**
 * Moves a run on by one step, once. A step that was recorded before answers what it answered then and does nothing; a
 * run that somebody moved meanwhile is looked at again. Throws `Terminal` where the run is closed, unknown, or pinned to
 * another release, `Retryable` where others keep moving it.
 */
export const advance = async <Output>(
  { ledger, release, now, traceId }: StepDeps,
  ref: RunRef,
  step: { readonly key: string; readonly wanted: Wanted; readonly output: z.ZodType<Output> },
  make: (dossier: Dossier) => Promise<Advance<Output>>
): Promise<Output> => {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const dossier = await ledger.look(ref, step.wanted);
    if (dossier === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);
    const { run } = dossier;
    if (Object.hasOwn(run.steps, step.key)) return step.output.parse(run.steps[step.key]);
    if (run.status === 'closed') throw new Terminal(`run ${ref.run} is closed: ${step.key} comes too late`);
    if (run.release !== release.release)
      throw new Terminal(`run ${ref.run} is pinned to release ${run.release}, this step serves ${release.release}`);

    let next = await make(dossier);
    const circumstances = {
      trace_id: traceId(),
      run_id: ref.run,
      at: now().toISOString(),
      user: { id: run.user.id, tenant: ref.tenant },
      release: run.release,
    };
    const tryMove = async ({ output, event, status, outcome, deed }: Advance<Output>) =>
      ledger.move(
        run,
        {
          key: step.key,
          output,
          ...(status && { status }),
          ...(outcome && { outcome }),
          record: chain(run.head, { step: step.key, ...event }, circumstances),
        },
        deed
      );

    let unmade = await tryMove(next);
    if (unmade !== undefined && unmade !== 'stale' && next.whenUnmade) {
      next = next.whenUnmade(unmade);
      unmade = await tryMove(next);
    }
    if (unmade === undefined) return next.output;
    if (unmade !== 'stale') throw new Retryable(`${step.key} of run ${ref.run} was not recorded: ${unmade}`);
  }
  throw new Retryable(`run ${ref.run} kept moving while ${step.key} was to be recorded`);
};
