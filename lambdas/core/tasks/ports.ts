import type { AuditRecord, Head } from '../audit/record.ts';
import type { ApprovalHead, ApprovalRequest, Decided, Round } from '../gate/approval.ts';
import type { Question } from '../ledger.ts';
import type { RunRef } from '../names.ts';
import type { Control, Escalation, Executing, Held, Plan } from '../records.ts';
import type { Sample, Served } from '../releases/rollout.ts';
import type { Run } from '../run.ts';

/** A workflow as it is deployed now. */
export interface Deployed extends Served {
  /** The version that undoes what a run of it did. */
  readonly undoMachine: string;
  /** Why its rules exist, by their id. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** Of its tools. */
  readonly scopes?: readonly string[];
}

/** By workflow name. A map, so that no name from outside finds what is not in it. */
export type Workflows = ReadonlyMap<string, Deployed>;

type Fields = Readonly<Record<string, string>>;

/** What a person may see of a run. */
export interface File {
  readonly run: Run;
  readonly plan?: Plan;
  readonly question?: Question;
  readonly escalation?: Escalation;
  /** The last request for an approval, and what people said of it. */
  readonly approval?: Pick<ApprovalFile, 'request' | 'head'>;
}

/** A request for an approval, and what it is about. */
export interface ApprovalFile {
  readonly run: Run;
  readonly request: ApprovalRequest;
  readonly plan?: Plan;
  readonly head?: ApprovalHead;
}

/** Where a page of a list ends: the next one begins behind this run. */
export interface Position {
  readonly createdAt: string;
  readonly run: string;
}

export interface RunPage {
  readonly runs: readonly Run[];
  readonly next?: Position;
}

/** The records of a chain as far as they are records; `unreadable` is the place of the first thing that is none. */
export interface Chain {
  readonly records: readonly AuditRecord[];
  readonly unreadable?: number;
}

/**
 * Runs as those see them who submit and read. Everything is asked for by tenant, so nothing here can find another
 * tenant's run. Throws `Retryable` and `Terminal` only.
 */
export interface Desk {
  /** Writes the run, its input, the first record of its audit, and what makes it count in a canary's comparison: all, or none where there is such a run. */
  create(run: Run, fields: Fields, record: AuditRecord, sample?: Sample): Promise<'created' | 'exists'>;
  /**
   * Writes the run that is to undo another, beginning its audit, and says so in the audit of the other one, which stays closed: all, or none.
   * `stale` where the other one, or its audit, is no longer as it was found.
   */
  createUndo(
    undo: { readonly run: Run; readonly record: AuditRecord },
    of: { readonly run: Run; readonly record: AuditRecord; readonly found: Head }
  ): Promise<'created' | 'exists' | 'stale'>;
  run(ref: RunRef): Promise<Run | undefined>;
  file(ref: RunRef): Promise<File | undefined>;
  /** Newest first. A run may be listed a moment after it was created; how it stands is never stale. */
  list(tenant: string, limit: number, after?: Position): Promise<RunPage>;
  chain(ref: RunRef): Promise<Chain>;
  question(ref: RunRef, round: number): Promise<Question | undefined>;
  reply(ref: RunRef, round: number): Promise<Fields | undefined>;
  /** Keeps a reply, once: returns the one that is kept, which may be an earlier one. */
  keepReply(ref: RunRef, round: number, fields: Fields, at: Date): Promise<Fields>;
}

/** One person's word, and what all of it comes to with that. */
export interface DecisionKept {
  readonly request: ApprovalRequest;
  /** The head as it was found: nobody may have said anything since. */
  readonly before: ApprovalHead | undefined;
  readonly head: ApprovalHead;
  readonly decided: Decided;
  readonly comment?: string | undefined;
}

/** What people are asked to approve, and what they say. Asked for by tenant, as everything. Throws `Retryable` and `Terminal` only. */
export interface Approvals {
  file(ref: RunRef, round: Round): Promise<ApprovalFile | undefined>;
  /**
   * What was asked and has not expired, what expires first coming first, at most `limit`. A request may be listed a moment after it was made; how
   * it stands is never stale.
   */
  pending(
    tenant: string,
    page: { readonly limit: number; readonly now: Date; readonly after?: Position | undefined }
  ): Promise<{ readonly files: readonly ApprovalFile[]; readonly next?: Position }>;
  /**
   * Keeps a decision and the head that it makes: both, or none and false where this person or another decided meanwhile, the run
   * was closed, or the request is another.
   */
  decide(ref: RunRef, kept: DecisionKept): Promise<boolean>;
}

/** Executions of state machines. Throws `Retryable` and `Terminal` only. */
export interface Executions {
  /** Starts the execution of a run. Done before, it does nothing: the run's id names the execution. */
  start(machine: string, task: RunRef & { readonly workflow: string }): Promise<void>;
  /** Goes on with an execution that waits with this token; `not-waiting` where none does (any longer). */
  answer(token: string, output: object): Promise<'answered' | 'not-waiting'>;
}

/** The first item of a control: what operators see. */
export interface ControlRoot {
  /** Absent where nobody ever set this control. */
  readonly control?: Control;
  /** What only the operating tenant may relax; absent where it holds nothing. */
  readonly held?: Held | undefined;
  /** The last record of the control's chain in the audit. */
  readonly head: Head;
  /** The number of the last change that anybody began. */
  readonly change: number;
}

/**
 * Controls. Each change has a number of its own, which every item it writes carries: a later change is never overwritten by
 * an earlier one, however slowly that one writes. Throws `Retryable` and `Terminal` only.
 */
export interface Controls {
  root(subject: string): Promise<ControlRoot>;
  /** What is said of these subjects, as the run's own shard has it. */
  over(ref: RunRef, subjects: readonly string[]): Promise<readonly Control[]>;
  /** The chain of a control in the audit. */
  chain(subject: string): Promise<Chain>;
  /** Every root, by subject. One that was never set before may be missing for a moment; what is said is never stale. */
  all(): Promise<readonly ControlRoot[]>;
  /** Takes the number after `root.change`; false where somebody else has it. */
  begin(subject: string, root: ControlRoot): Promise<boolean>;
  /**
   * Sets the root and appends to the chain, as change `change`: both, or none and false where another change began
   * after `found`, or the chain has moved.
   */
  settle(
    subject: string,
    control: Control,
    place: {
      readonly found: number;
      readonly change: number;
      readonly record: AuditRecord;
      readonly held?: Held | undefined;
    }
  ): Promise<boolean>;
  /** Sets a shard, unless a later change has; false then. */
  setShard(subject: string, shard: string, change: number, control: Control): Promise<boolean>;
  /**
   * Every claim that is executing, of all scopes and tenants, oldest first. A claim may be missing for a moment after it
   * began; one that is listed was executing when it was read.
   */
  executing(): Promise<readonly Executing[]>;
}
