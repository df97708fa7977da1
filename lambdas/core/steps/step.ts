import type * as z from 'zod';
import { type AuditEvent, chain } from '../audit/record.ts';
import { Retryable, Terminal } from '../errors.ts';
import type { Deed, Dossier, Ledger, Wanted } from '../ledger.ts';
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

interface Advancing<Output> {
  /** Which step, in which round: the run records each once. */
  readonly key: string;
  readonly wanted: Wanted;
  readonly output: z.ZodType<Output>;
  /** The reaper closes what any release left open; every other step serves its own release alone. */
  readonly anyRelease?: boolean;
}

/** What a step makes of a dossier. */
export interface Advance<Output> {
  readonly output: Output;
  /** The rules that decided. */
  readonly rules: readonly string[];
  readonly event: Omit<AuditEvent, 'step'>;
  readonly status?: RunStatus;
  readonly outcome?: Outcome;
  readonly deed?: Deed;
}

/** How often a move is tried when others move the same run, or its controls, at the same time. */
const TRIES = 8;

/**
 * Moves a run on by one step, once. A step that was recorded before answers what it answered then and does nothing; where
 * anything moved since it was looked at, it is looked at again and decided again: `full` says that a counter had less room than
 * it was taken to have. Throws `Terminal` where the run is closed,
 * unknown, or pinned to another release, `Retryable` where others keep moving it.
 */
export const advance = async <Output>(
  { ledger, release, now, traceId }: StepDeps,
  ref: RunRef,
  { key, wanted, output, anyRelease = false }: Advancing<Output>,
  make: (dossier: Dossier, found: { readonly full: boolean }) => Advance<Output> | Promise<Advance<Output>>
): Promise<Output> => {
  let full = false;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const dossier = await ledger.look(ref, wanted);
    if (dossier === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);
    const { run } = dossier;
    if (Object.hasOwn(run.steps, key)) {
      const answered = output.safeParse(run.steps[key]);
      if (answered.success) return answered.data;
      throw new Terminal(`what ${key} of run ${ref.run} answered before is no answer of it`, { cause: answered.error });
    }
    if (run.status === 'closed') throw new Terminal(`run ${ref.run} is closed: ${key} comes too late`);
    if (run.release !== release.release && !anyRelease)
      throw new Terminal(`run ${ref.run} is pinned to release ${run.release}, this step serves ${release.release}`);

    const { event, deed, ...next } = await make(dossier, { full });
    const record = chain(
      run.head,
      { step: key, ...event },
      {
        trace_id: traceId(),
        run_id: ref.run,
        at: now().toISOString(),
        user: { id: run.user.id, tenant: ref.tenant },
        release: run.release,
      }
    );
    const moved = await ledger.move(run, { key, ...next, record }, deed);
    if (moved === 'moved') return next.output;
    full = moved === 'full';
  }
  throw new Retryable(`run ${ref.run} kept moving while ${key} was to be recorded`);
};
