/** Why a state failed. `from` decides which of the reserved names match it, beside `error` itself. */
export interface Failure {
  /** Absent where a Fail state or a token named none. */
  readonly error?: string;
  readonly cause?: string;
  readonly from: 'task' | 'timeout' | 'heartbeat' | 'state';
  /** Of a Parallel, one branch of which failed so. */
  readonly ofBranch?: true;
  /** The field whose expression failed, e.g. `Arguments/Payload/run`. */
  readonly location?: string;
  /** The state that the failed expression belongs to, until the history says so. */
  readonly evaluatedIn?: string;
}

/** Thrown inside the interpreter: the state that runs fails, and its Retry and Catch are asked. */
export class StateFailed extends Error {
  override readonly name = 'StateFailed';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.error ?? 'no error named'}: ${failure.cause ?? ''}`);
    this.failure = failure;
  }
}

/** What a task's function reports: the state fails with exactly this Error and Cause. `from`, where it is no report of the function. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly failure: Failure;

  constructor(error: string, cause: string | undefined, from: Failure['from'] = 'task') {
    super(`${error}: ${cause ?? ''}`);
    this.failure = { error, ...(cause === undefined ? {} : { cause }), from };
  }
}

/** AWS's exception names, for misuse of the interface. */
export type StatesErrorName =
  | 'ExecutionAlreadyExists'
  | 'ExecutionDoesNotExist'
  | 'InvalidArn'
  | 'InvalidDefinition'
  | 'InvalidExecutionInput'
  | 'InvalidName'
  | 'InvalidOutput'
  | 'InvalidToken'
  | 'StateMachineDoesNotExist'
  | 'TaskDoesNotExist'
  | 'TaskTimedOut';

/** The caller asked for what cannot be done: nothing has changed. */
export class StatesError extends Error {
  override readonly name: StatesErrorName;

  constructor(name: StatesErrorName, message: string) {
    super(message);
    this.name = name;
  }
}
