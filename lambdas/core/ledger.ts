import type { AuditRecord } from './audit/record.ts';
import type { RunRef } from './names.ts';
import type { Claim, Control, Escalation, Input, Plan, Reading, Writ } from './records.ts';
import type { Outcome, Run, RunStatus } from './run.ts';

/** What a step wants to see of a run, besides the run itself. */
export interface Wanted {
  readonly input?: boolean;
  readonly plan?: number;
  readonly readings?: readonly { readonly scope: string; readonly call: Reading['call'] }[];
  readonly writ?: { readonly scope: string; readonly action: number };
  readonly claim?: { readonly scope: string; readonly action: number };
  /** Control subjects, in the run's own shard. */
  readonly controls?: readonly string[];
}

/** What is known of a run, read together and consistently. Absent members do not exist (yet). */
export interface Dossier {
  readonly run: Run;
  readonly input?: Input;
  readonly plan?: Plan;
  readonly readings: readonly Reading[];
  readonly writ?: Writ;
  readonly claim?: Claim;
  readonly controls: readonly Control[];
}

/** How a step moves the run on, together with its audit record. */
export interface Move {
  /** Which step, in which round: `route#0`. A run records each once. */
  readonly key: string;
  readonly output: unknown;
  readonly status?: RunStatus;
  readonly outcome?: Outcome;
  readonly record: AuditRecord;
}

/** What may be written together with a move. */
export type Deed =
  | { readonly kind: 'issue'; readonly writ: Writ; readonly mode: string; readonly modeIsDefault: boolean }
  | { readonly kind: 'escalate'; readonly escalation: Escalation }
  | { readonly kind: 'ask'; readonly question: Question };

/** A question to whoever submitted the task, and the task token with which the answer continues the run. */
export interface Question {
  readonly round: number;
  readonly field: string;
  readonly text: string;
  readonly token: string;
  readonly at: string;
}

/**
 * Why a move was not made. `stale`: somebody moved the run since it was read; read again and retry. `writ-exists`: an
 * action was authorised under this number before. `STOPPED_…`: an operator's stop. `mode-changed`: as it says.
 */
export type Unmade =
  | 'stale'
  | 'writ-exists'
  | 'mode-changed'
  | 'STOPPED_GLOBAL'
  | 'STOPPED_TENANT'
  | 'STOPPED_WORKFLOW'
  | 'STOPPED_SCOPE';

/** State and audit of runs, kept by an adapter. Throws `Retryable` for conflicts and throttles that outlast a few tries. */
export interface Ledger {
  /** Everything wanted, in one consistent read; undefined where there is no such run. */
  look(ref: RunRef, wanted: Wanted): Promise<Dossier | undefined>;
  /** Moves the run on, appends its audit record and does the deed: all, or none. */
  move(run: Run, move: Move, deed?: Deed): Promise<Unmade | undefined>;
  /** Keeps a proposal, once: a repeated Propose finds the first one and returns it. */
  plan(ref: RunRef, plan: Plan): Promise<Plan>;
  /** Replaces the task token of a question that is asked again. */
  askAgain(ref: RunRef, question: Question): Promise<void>;
}
