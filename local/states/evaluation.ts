import type { Json, JsonObject } from '../template/json.ts';
import { StateFailed } from './failure.ts';
import { textOf } from './history.ts';
import type { Onward } from './program.ts';
import type { Run } from './run.ts';
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

/** AWS leaves out a fraction that is zero. */
const timestampOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const contextOf = ({ header, machine, position, program }: Run, token: string | undefined): JsonObject => {
  const id = unqualified(machine.arn);
  const isTask = program.states.get(position.state)?.type === 'Task';
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
      ...(isTask ? { RetryCount: position.retries.reduce((sum, count) => sum + count, 0) } : {}),
    },
    ...(token === undefined ? {} : { Task: { Token: token } }),
  };
};

/** What the expressions of the state see; `seen` is what only some of its fields see. */
export const bindingsOf = (
  run: Run,
  seen: { readonly result?: Json; readonly errorOutput?: Json } = {},
  token?: string
): Bindings => ({
  values: {
    ...run.position.variables,
    states: { input: run.position.input, context: contextOf(run, token), ...seen },
  },
  nowMs: run.nowMs,
  chance: run.chance,
});

/** Evaluates a field of the state; a failure is in the history, and its cause says where it was. */
export const evaluate = async <T>(
  run: Run,
  field: (bindings: Bindings) => T | Promise<T>,
  bindings: Bindings
): Promise<T> => {
  try {
    return await field(bindings);
  } catch (error) {
    if (!(error instanceof StateFailed)) throw error;
    const { state, enteredEventId } = run.position;
    const cause = `An error occurred while executing the state '${state}' (entered at the event id #${enteredEventId}). ${error.failure.cause ?? ''}`;
    const { error: name, location } = error.failure;
    run.record('EvaluationFailed', { error: name, cause, ...(location === undefined ? {} : { location }), state });
    throw new StateFailed({ ...error.failure, cause });
  }
};

/** Evaluates Assign and Output, which see the same values. */
export const exitBy = async (run: Run, leave: Onward, bindings: Bindings, otherwise: Json): Promise<Exit> => {
  const assigned: Record<string, Json> = {};
  for (const [name, value] of Object.entries(leave.assign)) assigned[name] = await evaluate(run, value, bindings);
  const output = leave.output === undefined ? otherwise : await evaluate(run, leave.output, bindings);
  const { state } = run.position;
  textOf(assigned, `what the state '${state}' assigns to variables`);
  return {
    kind: 'exit',
    next: leave.next,
    output,
    text: textOf(output, `the output of the state '${state}'`),
    assigned,
  };
};
