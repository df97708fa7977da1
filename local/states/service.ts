import type { Invoke } from './attempt.ts';
import type { Callback } from './branch.ts';
import { type Chance, systemChance } from './chance.ts';
import { type Clock, systemClock } from './clock.ts';
import { unqualified } from './evaluation.ts';
import { type Known, openExecutions } from './executions.ts';
import { StatesError } from './failure.ts';
import type { HistoryEvent } from './history.ts';
import type { Journal } from './journal.ts';
import type { Machine, Outcome, Status } from './record.ts';
import { checkName, executionArnOf, isSameStart, parseInput, parseOutput } from './requests.ts';

import { executionOf } from './token.ts';

/** Times are in milliseconds since the epoch. */
export interface Execution {
  readonly executionArn: string;
  /** Unqualified. */
  readonly stateMachineArn: string;
  readonly stateMachineVersionArn?: string;
  readonly stateMachineAliasArn?: string;
  readonly name: string;
  readonly status: Status;
  readonly startDate: number;
  readonly stopDate?: number;
  readonly traceHeader: string;
  /** JSON text, like `output`. */
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** The execution, as it stands when its status has changed. */
export type ExecutionEvent = Execution;

export interface StatesOptions {
  /** The file, created if absent, that one process at a time may have open; or a journal that is new. */
  readonly journal: string | Journal;
  /** Calls a function; rejects with `TaskFailure` for what the function reports. It may be called again after a restart. */
  readonly invoke: Invoke;
  /** By any ARN that executions are started with. */
  readonly machine: (arn: string) => Machine | undefined;
  /**
   * Told after a change is on disk. An end is told at least once: again after a restart, unless this had returned or, where it gives a
   * promise, that was fulfilled.
   */
  readonly onStatusChange?: (event: ExecutionEvent) => void | Promise<void>;
  /** Told once where the journal cannot be written: nothing goes on from then, and every change is refused. */
  readonly onBroken?: (reason: Error) => void;
  /** Default: the time of this machine. */
  readonly clock?: Clock;
  /** Default: what nobody can guess. */
  readonly chance?: Chance;
  /** Ended executions that are remembered with their history; older ones are forgotten. Default 5,000. */
  readonly keepEnded?: number;
}

/** Step Functions as far as Standard workflows in JSONata need it. Misuse throws or rejects with `StatesError`. */
export interface States {
  /** Resolves when the start is on disk. A repeated start gives the execution that runs. */
  start(request: {
    readonly stateMachineArn: string;
    readonly name: string;
    readonly input: string;
    readonly traceHeader?: string;
  }): Promise<{ readonly executionArn: string; readonly startDate: number }>;
  describe(executionArn: string): Execution;
  /** The machine as it was when the execution began, which it keeps to its end. */
  machineOf(executionArn: string): Machine;
  /** Of a machine, of one version of it, or started by one alias; the latest start first. */
  list(stateMachineArn: string): readonly Execution[];
  history(executionArn: string): readonly HistoryEvent[];
  /** Resolves when the execution has ended on disk, whoever ended it. */
  stop(executionArn: string, error?: string, cause?: string): Promise<void>;
  /** Resolves when the answer is on disk. */
  sendTaskSuccess(token: string, output: string): Promise<void>;
  sendTaskFailure(token: string, error?: string, cause?: string): Promise<void>;
  sendTaskHeartbeat(token: string): Promise<void>;
  counters(): Readonly<Record<'transitions' | 'fsyncs' | 'started' | 'journalMs', number>>;
  /** Halts what runs, to be resumed by the next `openStates`. */
  close(): Promise<void>;
}

const viewOf = ({ header, machine, ending }: Known): Execution => {
  const { executionArn, name, startDate, traceHeader, input, aliasArn } = header;
  const stateMachineArn = unqualified(machine.arn);
  const version = machine.arn === stateMachineArn ? {} : { stateMachineVersionArn: machine.arn };
  const alias = aliasArn === undefined ? {} : { stateMachineAliasArn: aliasArn };
  return {
    executionArn,
    stateMachineArn,
    ...version,
    ...alias,
    name,
    status: 'RUNNING',
    startDate,
    traceHeader,
    input,
    ...ending,
  };
};

/**
 * Opens the journal and resumes what was running: a task whose answer is not on disk is called again, a wait keeps its
 * end, a token stays good. Rejects with an `Error` that names file and line where the journal is damaged.
 */
export const openStates = async (options: StatesOptions): Promise<States> => {
  const { clock = systemClock(), chance = systemChance, onStatusChange } = options;
  const executions = await openExecutions({
    journal: options.journal,
    keepEnded: options.keepEnded ?? 5_000,
    host: { ...clock, invoke: options.invoke, chance },
    onChange: onStatusChange && (async (known) => onStatusChange(viewOf(known))),
    onBroken: options.onBroken,
  });

  const knownBy = (executionArn: string): Known => {
    const known = executions.known.get(executionArn);
    if (known !== undefined) return known;
    if (!/^arn:[\w-]+:states:[\w-]+:\d{12}:execution:[^:]+:[^:]+$/.test(executionArn))
      throw new StatesError('InvalidArn', `expected the ARN of an execution, found ${executionArn}`);
    throw new StatesError('ExecutionDoesNotExist', `there is no execution ${executionArn}`);
  };

  const callbackBy = (token: string): Callback => {
    const executionArn = executionOf(token);
    if (executionArn === undefined) throw new StatesError('InvalidToken', 'this is not a task token');
    if (!executions.known.has(executionArn))
      throw new StatesError('TaskDoesNotExist', 'the execution of this task is not known');
    const callback = executions.running(executionArn)?.callbacks.get(token);
    if (callback !== undefined) return callback;
    throw new StatesError('TaskTimedOut', 'the task of this token has been answered, or has ended');
  };

  const answer = (token: string, outcome: Outcome): Promise<void> => callbackBy(token).answer(outcome);

  return {
    async start({ stateMachineArn, name, input, traceHeader }) {
      checkName(name);
      const machine = options.machine(stateMachineArn);
      if (machine === undefined)
        throw new StatesError('StateMachineDoesNotExist', `there is no state machine ${stateMachineArn}`);
      const value = parseInput(input);
      const executionArn = executionArnOf(machine.arn, name);
      const known = executions.known.get(executionArn);
      if (known === undefined) {
        const isAlias = ![machine.arn, unqualified(machine.arn)].includes(stateMachineArn);
        const alias = isAlias ? { aliasArn: stateMachineArn } : {};
        return executions.start(machine, { executionArn, name, input, traceHeader, ...alias }, value);
      }
      if (known.ending !== undefined || !isSameStart(known.header, value))
        throw new StatesError(
          'ExecutionAlreadyExists',
          `${executionArn} exists, has ended or was started with another input`
        );
      await executions.started(executionArn);
      return { executionArn, startDate: known.header.startDate };
    },

    describe: (executionArn) => viewOf(knownBy(executionArn)),

    machineOf: (executionArn) => knownBy(executionArn).machine,

    list(stateMachineArn) {
      const isOf = ({ machine, header }: Known): boolean =>
        [machine.arn, unqualified(machine.arn), header.aliasArn].includes(stateMachineArn);
      const found = [...executions.known.values()].filter(isOf).map(viewOf);
      if (found.length > 0 || options.machine(stateMachineArn) !== undefined) return found.reverse();
      throw new StatesError('StateMachineDoesNotExist', `there is no state machine ${stateMachineArn}`);
    },

    history: (executionArn) =>
      knownBy(executionArn).events.flatMap((events): readonly HistoryEvent[] => JSON.parse(events)),

    async stop(executionArn, error, cause) {
      knownBy(executionArn);
      const said = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      await executions.running(executionArn)?.end({ status: 'ABORTED', stopDate: clock.now(), ...said });
    },

    sendTaskSuccess: async (token, output) => answer(token, { kind: 'succeeded', result: parseOutput(output) }),

    sendTaskFailure: async (token, error, cause) => {
      const said = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
      await answer(token, { kind: 'failed', failure: { ...said, from: 'task' } });
    },

    sendTaskHeartbeat: async (token) => callbackBy(token).heartbeat(),
    counters: executions.counters,
    close: executions.close,
  };
};
