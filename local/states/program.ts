import type { Json } from '../template/json.ts';
import type { Bindings, Template } from './template.ts';

type Typed<T> = (bindings: Bindings) => Promise<T>;

/** What a state hands on: Assign by variable, and Output; both see the values of the state's entry. */
export interface Leave {
  readonly assign: Readonly<Record<string, Template>>;
  /** Absent: the state's default output. */
  readonly output?: Template;
}

/** Where a state leads: to another state, or, `undefined`, to the end of the execution. */
export interface Onward extends Leave {
  readonly next: string | undefined;
}

export interface Retrier {
  readonly errors: readonly string[];
  readonly intervalSeconds: number;
  readonly backoffRate: number;
  readonly maxAttempts: number;
  readonly maxDelaySeconds: number;
  readonly jitter: 'FULL' | 'NONE';
}

export interface Catcher extends Onward {
  readonly errors: readonly string[];
}

/** What a state has that may fail by what it calls. */
export interface Fallible extends Onward {
  readonly retriers: readonly Retrier[];
  readonly catchers: readonly Catcher[];
}

export interface TaskState extends Fallible {
  readonly type: 'Task';
  /** `function`: Resource is the function itself, Arguments its payload. Else the integration `lambda:invoke`. */
  readonly integration: 'function' | 'invoke' | 'invoke.waitForTaskToken';
  readonly resource: string;
  readonly arguments?: Template;
  readonly timeoutSeconds?: Typed<number>;
  readonly heartbeatSeconds?: Typed<number>;
}

export interface ParallelState extends Fallible {
  readonly type: 'Parallel';
  readonly branches: readonly Scope[];
  readonly arguments?: Template;
}

export interface MapState extends Fallible {
  readonly type: 'Map';
  readonly processor: Scope;
  /** Absent: the input of the state. */
  readonly items?: Typed<readonly Json[]>;
  /** Absent: the item. */
  readonly selector?: Template;
  readonly maxConcurrency: Typed<number>;
  readonly toleratedCount: Typed<number>;
  readonly toleratedPercentage: Typed<number>;
}

export interface ChoiceRule extends Onward {
  readonly condition: Typed<boolean>;
}

export interface ChoiceState extends Leave {
  readonly type: 'Choice';
  readonly rules: readonly ChoiceRule[];
  readonly otherwise?: string;
}

export interface WaitState extends Onward {
  readonly type: 'Wait';
  readonly until:
    | { readonly kind: 'seconds'; readonly of: Typed<number> }
    | { readonly kind: 'timestamp'; readonly of: Typed<string> };
}

export interface PassState extends Onward {
  readonly type: 'Pass';
}

export interface SucceedState extends Onward {
  readonly type: 'Succeed';
}

export interface FailState {
  readonly type: 'Fail';
  readonly error?: Typed<string>;
  readonly cause?: Typed<string>;
}

/** Closed: a further type is added here, in `parse.ts` and in `perform` of `interpreter.ts`. */
export type State =
  | TaskState
  | ParallelState
  | MapState
  | ChoiceState
  | WaitState
  | PassState
  | SucceedState
  | FailState;

/** States that lead to each other and to nowhere else: those of a machine, of a branch, or of an iteration. */
export interface Scope {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/** A definition that was understood to its last field, its expressions compiled. Never changes. */
export interface Program extends Scope {
  readonly timeoutSeconds?: number;
}
