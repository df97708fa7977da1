import type { Json, JsonObject } from '../template/json.ts';
import type { Failure } from './failure.ts';

/** What a state machine was when an execution began: the execution keeps it to its end, whatever is deployed since. */
export interface Machine {
  /** Of a version, or unqualified. */
  readonly arn: string;
  readonly roleArn: string;
  readonly definition: JsonObject;
}

/** What never changes about an execution. Times are in milliseconds since the epoch. */
export interface Header {
  readonly executionArn: string;
  readonly name: string;
  readonly machine: string;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly startDate: number;
  readonly traceHeader: string;
  /** The ARN of the alias that it was started by, if it was. */
  readonly aliasArn?: string;
}

/** One call of a function by a task: made again, exactly so, when nobody knows whether it was answered. */
export interface Call {
  readonly functionArn: string;
  readonly payload: Json;
  readonly timeoutSeconds?: number;
  readonly heartbeatSeconds?: number;
  /** The task waits for this token, not for the function's answer. */
  readonly token?: string;
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: Json }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How far the state has come. Whatever it says, the events that led there are in the history, and no further ones. */
export type Phase =
  | { readonly kind: 'entering' }
  | { readonly kind: 'entered' }
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'backing-off'; readonly untilMs: number }
  | { readonly kind: 'scheduled'; readonly call: Call }
  | { readonly kind: 'submitted'; readonly call: Call; readonly deadlineMs?: number }
  /** The answer of a token was acknowledged, and is not in the history yet. */
  | { readonly kind: 'answered'; readonly call: Call; readonly outcome: Outcome }
  | { readonly kind: 'branching'; readonly fork: Fork }
  /** A Task, Parallel or Map has its outcome: Retry, Catch, Assign and Output come next. */
  | { readonly kind: 'settled'; readonly outcome: Outcome };

/** What a Parallel or Map decided when it started, for as long as its branches run. */
export interface Fork {
  /** Of the event that says so; it tells the branches of this start from those of others. */
  readonly startedEventId: number;
  readonly length: number;
  /** Of a Map. */
  readonly iterations?: {
    readonly items: readonly Json[];
    readonly atOnce: number;
    /** 0 stands for no threshold of the kind. */
    readonly toleratedCount: number;
    readonly toleratedPercentage: number;
  };
}

/** Where a branch stands: enough to go on without looking back. The whole execution is a branch, the root. */
export interface Position {
  readonly state: string;
  readonly input: Json;
  /** Assigned in this branch; those of the branches around it are seen through it. */
  readonly variables: JsonObject;
  readonly enteredMs: number;
  /** Of the event that says so; 0 before there is one. */
  readonly enteredEventId: number;
  /** Retries made since the state was entered, by retrier. Absent: none. */
  readonly retries?: readonly number[];
  readonly phase: Phase;
}

/** A branch in the journal: where it stands, or what came of it. `after` is its last event; absent: the execution's last. */
export type Node = (Position | { readonly ended: Outcome }) & { readonly after?: number };

/** The key of the branch that is the whole execution. */
export const ROOT = '';

/** Of a branch, unique in its execution. */
export const branchKey = (fork: Fork, index: number): string => `${fork.startedEventId}.${index}`;

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Ending {
  readonly status: Exclude<Status, 'RUNNING'>;
  readonly stopDate: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** Of the lines that this version writes. Those of version 1, which knew no branches, are read too. */
export const VERSION = 2;

/** What changed since the line before: all of it at once, so that a line is a whole state of the execution. */
interface Changes {
  readonly branches: Readonly<Record<string, Node>>;
  /** Of the execution. */
  readonly lastEventId: number;
}

/** The head of a journal line. Its tail is a JSON array: the history events that the step added. */
export type Head =
  | { readonly kind: 'journal'; readonly version: number }
  | { readonly kind: 'machine'; readonly id: string; readonly machine: Machine }
  | ({ readonly kind: 'started'; readonly header: Header } & Changes)
  | ({ readonly kind: 'moved'; readonly arn: string } & Changes)
  | { readonly kind: 'ended'; readonly arn: string; readonly ending: Ending }
  | { readonly kind: 'announced'; readonly arn: string }
  /** All there is to keep of an execution that has ended, where a journal was shortened. */
  | { readonly kind: 'finished'; readonly header: Header; readonly ending: Ending; readonly announced: boolean };

/** What stands of an execution that runs. */
export interface Standing {
  /** By key; those whose Parallel or Map has moved on mean nothing any more. */
  readonly branches: ReadonlyMap<string, Node & { readonly after: number }>;
  readonly lastEventId: number;
}

/** What the journal says of one execution. */
export interface Recorded {
  readonly header: Header;
  readonly events: readonly string[];
  readonly standing:
    | ({ readonly kind: 'running' } & Standing)
    | { readonly kind: 'ended'; readonly ending: Ending; readonly announced: boolean };
}
