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

/** How far the state has come. */
export type Phase =
  | { readonly kind: 'entering' }
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'backing-off'; readonly untilMs: number }
  | { readonly kind: 'scheduled'; readonly call: Call }
  | { readonly kind: 'submitted'; readonly call: Call; readonly deadlineMs?: number }
  | { readonly kind: 'answered'; readonly call: Call; readonly outcome: Outcome };

/** Where an execution stands: enough to go on without looking back. */
export interface Position {
  readonly state: string;
  readonly input: Json;
  readonly variables: JsonObject;
  readonly enteredMs: number;
  /** Of the event that says so; 0 before there is one. */
  readonly enteredEventId: number;
  /** Retries made since the state was entered, by retrier. */
  readonly retries: readonly number[];
  readonly phase: Phase;
}

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Ending {
  readonly status: Exclude<Status, 'RUNNING'>;
  readonly stopDate: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** The head of a journal line. Its tail is a JSON array: the history events that the step added. */
export type Head =
  | { readonly kind: 'journal'; readonly version: 1 }
  | { readonly kind: 'machine'; readonly id: string; readonly machine: Machine }
  | { readonly kind: 'started'; readonly header: Header; readonly position: Position; readonly lastEventId: number }
  | { readonly kind: 'moved'; readonly arn: string; readonly position: Position; readonly lastEventId: number }
  | { readonly kind: 'ended'; readonly arn: string; readonly ending: Ending }
  | { readonly kind: 'announced'; readonly arn: string }
  /** All there is to keep of an execution that has ended, where a journal was shortened. */
  | { readonly kind: 'finished'; readonly header: Header; readonly ending: Ending; readonly announced: boolean };

/** What the journal says of one execution. */
export interface Recorded {
  readonly header: Header;
  readonly events: readonly string[];
  readonly standing:
    | { readonly kind: 'running'; readonly position: Position; readonly lastEventId: number }
    | { readonly kind: 'ended'; readonly ending: Ending; readonly announced: boolean };
}
