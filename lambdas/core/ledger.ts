import * as z from 'zod';
import type { AuditRecord } from './audit/record.ts';
import type { ApprovalHead, ApprovalRequest, Need, Round } from './gate/approval.ts';
import type { Charge, Counter, CounterKey } from './limits/counters.ts';
import type { Mode } from './mode.ts';
import type { RunRef } from './names.ts';
import type { Claim, Control, Escalation, Input, Plan, Reading, Writ } from './records.ts';
import type { Outcome, Run, RunStatus } from './run.ts';

/** What a step wants to see of a run, besides the run itself. */
export interface Wanted {
  readonly input?: boolean;
  readonly plan?: number;
  readonly readings?: readonly Pick<Reading, 'scope' | 'tool' | 'call' | 'action' | 'round'>[];
  readonly writ?: { readonly scope: string; readonly action: number };
  readonly claim?: { readonly scope: string; readonly action: number };
  /** What people said of an action, in these rounds of asking: the dossier has the latest there is. */
  readonly approvals?: readonly Round[];
  /** Control subjects, in the run's own shard. */
  readonly controls?: readonly string[];
  readonly counters?: readonly CounterKey[];
}

/** What is known of a run, each item read with strong consistency. Absent members do not exist (yet). */
export interface Dossier {
  readonly run: Run;
  readonly input?: Input;
  readonly plan?: Plan;
  readonly readings: readonly Reading[];
  readonly writ?: Writ;
  readonly claim?: Claim;
  readonly approval?: ApprovalHead;
  readonly controls: readonly Control[];
  readonly counters: readonly Counter[];
}

/** How a step moves the run on, together with its audit record. */
export interface Move {
  /** Which step, in which round: `route#0`. A run records each once. */
  readonly key: string;
  readonly output: unknown;
  readonly rules: readonly string[];
  readonly status?: RunStatus;
  readonly outcome?: Outcome;
  readonly record: AuditRecord;
}

/** What may be written together with a move. */
export type Deed =
  /**
   * Authorises an action, and charges what it uses up, under the mode that was found: `modeOf` is the tenant's own, or undefined for
   * the release's.
   */
  | {
      readonly kind: 'issue';
      readonly writ: Writ;
      readonly modeOf: Mode | undefined;
      readonly charges: readonly Charge[];
      /** What people said, where the action needs it: still so, enough, unexpired and of this action. */
      readonly approval?: ApprovalHold;
    }
  | { readonly kind: 'escalate'; readonly escalation: Escalation }
  | { readonly kind: 'ask'; readonly question: Question }
  | { readonly kind: 'request'; readonly request: ApprovalRequest };

/** An approval as it was found, and what the transaction must find again. */
export interface ApprovalHold {
  readonly head: ApprovalHead;
  readonly digest: string;
  readonly needs: readonly Need[];
  readonly requester: string;
  readonly now: Date;
}

/** A question to whoever submitted the task, and the task token with which the answer continues the run. */
export const Question = z.strictObject({
  round: z.int().nonnegative(),
  field: z.string(),
  text: z.string(),
  token: z.string(),
  at: z.iso.datetime(),
});
export type Question = Readonly<z.infer<typeof Question>>;

/** State and audit of runs, kept by an adapter. Throws `Retryable` for conflicts and throttles that outlast a few tries. */
export interface Ledger {
  /** Everything wanted, in one call; undefined where there is no such run. */
  look(ref: RunRef, wanted: Wanted): Promise<Dossier | undefined>;
  /**
   * Moves the run on, appends its audit record and does the deed: all, or none. `stale` where anything that the move
   * relies on is no longer so: the run's head, an operator's stop, the mode, an approval. `full` where all of that still is so, but a
   * counter has less room than the charge takes it to have. Then look again and decide again.
   */
  move(run: Run, move: Move, deed?: Deed): Promise<'moved' | 'stale' | 'full'>;
  /** Keeps a proposal, once: a repeated Propose finds the first one and returns it. */
  plan(ref: RunRef, plan: Plan, at: Date): Promise<Plan>;
  /** Replaces the task token of a question that is asked again. */
  askAgain(ref: RunRef, question: Question): Promise<void>;
  /** Replaces the task token of an approval that is asked for again. */
  requestAgain(ref: RunRef, request: ApprovalRequest): Promise<void>;
}
