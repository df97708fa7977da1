import { isObject, type Json, type JsonObject } from '../template/json.ts';
import { CALLBACK_RESOURCE, carryOut, type Host, invocationOf, RESOURCE } from './attempt.ts';
import type { Branch } from './branch.ts';
import { bindingsOf, evaluate } from './evaluation.ts';
import { type Failure, StateFailed } from './failure.ts';
import { settleFailed } from './fallible.ts';
import { isTooLarge, textOf, tooLarge, WHOLE } from './history.ts';
import type { TaskState } from './program.ts';
import type { Call, Outcome } from './record.ts';
import { tokenOf } from './token.ts';

const refuse = (cause: string): never => {
  throw new StateFailed({ error: 'States.Runtime', cause, from: 'state' });
};

/** Function and payload, out of the Arguments of `lambda:invoke`. */
const invocationFrom = (value: Json): Pick<Call, 'functionArn' | 'payload'> => {
  if (!isObject(value)) return refuse('Arguments: expected FunctionName and Payload');
  const { FunctionName, Payload = {}, ...others } = value;
  const unknown = Object.keys(others);
  if (unknown.length > 0) return refuse(`Arguments: ${unknown.join(', ')} cannot be carried out here`);
  return typeof FunctionName === 'string'
    ? { functionArn: FunctionName, payload: Payload }
    : refuse('Arguments: expected FunctionName');
};

/** The call that an attempt makes, and its arguments as text. */
const planned = async (
  branch: Branch,
  state: TaskState,
  { chance }: Host
): Promise<{ readonly call: Call; readonly text: string }> => {
  const { execution, position } = branch;
  const token =
    state.integration === 'invoke.waitForTaskToken' ? tokenOf(execution.header.executionArn, chance.uuid()) : undefined;
  const bindings = bindingsOf(branch, {}, token === undefined ? {} : { token });
  const value = state.arguments === undefined ? position.input : await evaluate(branch, state.arguments, bindings);
  const timeoutSeconds = state.timeoutSeconds && (await evaluate(branch, state.timeoutSeconds, bindings));
  const heartbeatSeconds = state.heartbeatSeconds && (await evaluate(branch, state.heartbeatSeconds, bindings));
  if (heartbeatSeconds !== undefined && timeoutSeconds !== undefined && heartbeatSeconds >= timeoutSeconds)
    refuse(`HeartbeatSeconds: expected less than TimeoutSeconds, ${timeoutSeconds}, found ${heartbeatSeconds}`);
  const text = textOf(value, position.state);
  const invocation =
    state.integration === 'function' ? { functionArn: state.resource, payload: value } : invocationFrom(value);
  const call = {
    ...invocation,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    ...(token === undefined ? {} : { token }),
  };
  return { call, text };
};

const resourceOf = ({ integration }: TaskState): JsonObject => {
  if (integration === 'function') return {};
  return integration === 'invoke' ? RESOURCE : CALLBACK_RESOURCE;
};

/** Resolves when the call, with its events, is on disk. */
const schedule = async (branch: Branch, state: TaskState, host: Host): Promise<Call> => {
  const { call, text } = await planned(branch, state, host);
  const { timeoutSeconds, heartbeatSeconds } = call;
  const limits = {
    ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: heartbeatSeconds }),
  };
  if (state.integration === 'function') {
    branch.record('LambdaFunctionScheduled', { input: text, inputDetails: WHOLE, resource: state.resource, ...limits });
    branch.record('LambdaFunctionStarted');
  } else {
    const named = resourceOf(state);
    const region = branch.execution.header.executionArn.split(':')[3];
    branch.record('TaskScheduled', { ...named, region, parameters: text, ...limits });
    branch.record('TaskStarted', named);
  }
  await branch.save({ kind: 'scheduled', call });
  return call;
};

/** Puts the outcome into the history, and the state where Retry, Catch, Assign and Output begin. */
const settle = (branch: Branch, state: TaskState, call: Call, outcome: Outcome): void => {
  const named = resourceOf(state);
  const prefix = state.integration === 'function' ? 'LambdaFunction' : 'Task';
  const fail = (failure: Failure): void => {
    const { error, cause, from } = failure;
    branch.record(`${prefix}${from === 'timeout' || from === 'heartbeat' ? 'TimedOut' : 'Failed'}`, {
      ...named,
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause }),
    });
    settleFailed(branch, state, failure);
  };
  if (outcome.kind === 'failed') {
    fail(outcome.failure);
    return;
  }
  const result = state.integration === 'invoke' ? invocationOf(call.functionArn, outcome.result) : outcome.result;
  const output = JSON.stringify(result);
  if (isTooLarge(output)) {
    fail(tooLarge(state.integration === 'function' ? state.resource : RESOURCE.resourceType));
    return;
  }
  branch.record(`${prefix}Succeeded`, { ...named, output, outputDetails: WHOLE });
  branch.move({ ...branch.position, phase: { kind: 'settled', outcome: { kind: 'succeeded', result } } });
};

/** One attempt of a Task, from wherever it had come when it was last on disk. */
export const attemptTask = async (branch: Branch, state: TaskState, host: Host): Promise<void> => {
  const { phase } = branch.position;
  const call = 'call' in phase ? phase.call : await schedule(branch, state, host);
  const outcome =
    phase.kind === 'answered'
      ? phase.outcome
      : await carryOut(branch, call, host, phase.kind === 'submitted' ? phase : undefined);
  settle(branch, state, call, outcome);
};
