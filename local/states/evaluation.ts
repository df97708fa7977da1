import type { Json, JsonObject } from '../template/json.ts';
import { type Branch, Halted } from './branch.ts';
import { type Failure, StateFailed } from './failure.ts';
import { textOf } from './history.ts';
import type { Onward } from './program.ts';
import type { Bindings } from './template.ts';

/** How a state is left: what it hands on, checked against the limits. */
export interface Exit {
  readonly kind: 'exit';
  readonly next: string | undefined;
  readonly output: Json;
  readonly text: string;
  readonly assigned: JsonObject;
}

/** `…:stateMachine:Name:3` → `…:stateMachine:Name`. */
export const unqualified = (machineArn: string): string => machineArn.split(':').slice(0, 7).join(':');

/** What the context object shows besides what it always does. */
interface Shown {
  readonly token?: string;
  /** Of the iteration that an ItemSelector is evaluated for. */
  readonly item?: { readonly Index: number; readonly Value: Json };
}

/** AWS leaves out a fraction that is zero. */
const timestampOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const contextOf = ({ execution, position, scope }: Branch, { token, item }: Shown): JsonObject => {
  const { header, machine } = execution;
  const id = unqualified(machine.arn);
  const state = scope.states.get(position.state);
  return {
    Execution: {
      Id: header.executionArn,
      Input: JSON.parse(header.input),
      Name: header.name,
      RoleArn: machine.roleArn,
      StartTime: timestampOf(header.startDate),
      RedriveCount: 0,
    },
    StateMachine: { Id: id, Name: id.slice(id.lastIndexOf(':') + 1) },
    State: {
      EnteredTime: timestampOf(position.enteredMs),
      Name: position.state,
      ...(state !== undefined && 'retriers' in state
        ? { RetryCount: (position.retries ?? []).reduce((sum, count) => sum + count, 0) }
        : {}),
    },
    ...(token === undefined ? {} : { Task: { Token: token } }),
    // items are never read from elsewhere here
    ...(item === undefined ? {} : { Map: { Item: { ...item, Source: 'STATE_DATA' } } }),
  };
};

/** What the expressions of the state see; `seen` is what only some of its fields see. */
export const bindingsOf = (
  branch: Branch,
  seen: { readonly result?: Json; readonly errorOutput?: Json } = {},
  shown: Shown = {}
): Bindings => ({
  values: {
    ...branch.variables,
    states: { input: branch.position.input, context: contextOf(branch, shown), ...seen },
  },
  nowMs: branch.execution.nowMs,
  chance: branch.execution.chance,
});

/** Of the evaluation that was asked for last. */
let lastEnds: Promise<void> = Promise.resolve();

/**
 * Evaluates a field of the state; the cause of a failure says where it was, and `recorded` puts it into the history. Expressions
 * are evaluated one after the other: at one time, each would have a share of the time that AWS allows it.
 */
export const evaluate = async <T>(
  branch: Branch,
  field: (bindings: Bindings) => T | Promise<T>,
  bindings: Bindings
): Promise<T> => {
  const before = lastEnds;
  const { promise, resolve } = Promise.withResolvers<void>();
  lastEnds = promise;
  await before;
  try {
    if (branch.isOver) throw new Halted();
    return await field(bindings);
  } catch (error) {
    if (!(error instanceof StateFailed)) throw error;
    throw new StateFailed(failedIn(branch.position, error.failure));
  } finally {
    resolve();
  }
};

/** Says, as AWS does before most causes, where a branch stands. */
export const placed = ({ state, enteredEventId }: Branch['position'], cause: string): string =>
  `An error occurred while executing the state '${state}' (entered at the event id #${enteredEventId}). ${cause}`;

/** A failure to evaluate something of the state where the branch stands. */
export const failedIn = (position: Branch['position'], failure: Failure): Failure => ({
  ...failure,
  cause: placed(position, failure.cause ?? ''),
  evaluatedIn: position.state,
});

/** The failure, once the history of the branch says which evaluation failed, if one did. */
export const recorded = (branch: Branch, { evaluatedIn, location, ...failure }: Failure): Failure => {
  if (evaluatedIn !== undefined)
    branch.recordEvaluation({
      error: failure.error,
      cause: failure.cause,
      ...(location === undefined ? {} : { location }),
      state: evaluatedIn,
    });
  return failure;
};

/** Evaluates Assign and Output, which see the same values. */
export const exitBy = async (branch: Branch, leave: Onward, bindings: Bindings, otherwise: Json): Promise<Exit> => {
  const assigned: Record<string, Json> = {};
  const names = Object.entries(leave.assign);
  for (const [name, value] of names) assigned[name] = await evaluate(branch, value, bindings);
  const output = leave.output === undefined ? otherwise : await evaluate(branch, leave.output, bindings);
  const { state } = branch.position;
  if (names.length > 0) branch.execution.assign(Buffer.byteLength(textOf(assigned, state)));
  return {
    kind: 'exit',
    next: leave.next,
    output,
    text: textOf(output, state),
    assigned,
  };
};
