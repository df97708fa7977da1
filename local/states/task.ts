import { isObject, type Json, type JsonObject } from '../template/json.ts';
import { CALLBACK_RESOURCE, carryOut, type Host, invocationOf, RESOURCE } from './attempt.ts';
import type { Clock } from './clock.ts';
import { bindingsOf, type Exit, evaluate, exitBy } from './evaluation.ts';
import { type Failure, StateFailed } from './failure.ts';
import { textOf, WHOLE } from './history.ts';
import { delayMs, matches } from './matching.ts';
import type { TaskState } from './program.ts';
import type { Call, Outcome } from './record.ts';
import type { Run } from './run.ts';
import { tokenOf } from './token.ts';

/** Resolves at `untilMs`; rejects with `Halted` if the execution ends before. */
export const sleepUntil = (run: Run, untilMs: number, { callAt }: Clock): Promise<void> =>
  run.wait<void>((resolve) => ({ release: callAt(untilMs, resolve) }));

/** Function and payload, out of the Arguments of `lambda:invoke`. */
const invocationFrom = (value: Json): Pick<Call, 'functionArn' | 'payload'> => {
  const refuse = (cause: string): never => {
    throw new StateFailed({ error: 'States.Runtime', cause: `Arguments: ${cause}`, from: 'state' });
  };
  if (!isObject(value)) return refuse('expected FunctionName and Payload');
  const { FunctionName, Payload = {}, ...others } = value;
  const unknown = Object.keys(others);
  if (unknown.length > 0) return refuse(`${unknown.join(', ')} cannot be carried out here`);
  return typeof FunctionName === 'string'
    ? { functionArn: FunctionName, payload: Payload }
    : refuse('expected FunctionName');
};

const scheduledCall = async (run: Run, state: TaskState, { chance }: Host): Promise<Call> => {
  const token =
    state.integration === 'invoke.waitForTaskToken' ? tokenOf(run.header.executionArn, chance.uuid()) : undefined;
  const bindings = bindingsOf(run, {}, token);
  const value = state.arguments === undefined ? run.position.input : await evaluate(run, state.arguments, bindings);
  const timeoutSeconds = state.timeoutSeconds && (await evaluate(run, state.timeoutSeconds, bindings));
  const heartbeatSeconds = state.heartbeatSeconds && (await evaluate(run, state.heartbeatSeconds, bindings));
  const limits = {
    ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: heartbeatSeconds }),
  };
  const text = textOf(value, `the arguments of the state '${run.position.state}'`);
  const isFunction = state.integration === 'function';
  const invocation = isFunction ? { functionArn: state.resource, payload: value } : invocationFrom(value);
  if (isFunction) {
    run.record('LambdaFunctionScheduled', { input: text, inputDetails: WHOLE, resource: state.resource, ...limits });
    run.record('LambdaFunctionStarted');
  } else {
    const named = token === undefined ? RESOURCE : CALLBACK_RESOURCE;
    const region = run.header.executionArn.split(':')[3];
    run.record('TaskScheduled', { ...named, region, parameters: text, ...limits });
    run.record('TaskStarted', named);
  }
  return {
    ...invocation,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    ...(token === undefined ? {} : { token }),
  };
};

/** The result of the task, in the history. Throws `StateFailed` where it has none. */
const resultOf = (run: Run, state: TaskState, call: Call, outcome: Outcome): Json => {
  const isFunction = state.integration === 'function';
  const named: JsonObject = isFunction ? {} : call.token === undefined ? RESOURCE : CALLBACK_RESOURCE;
  const prefix = isFunction ? 'LambdaFunction' : 'Task';
  if (outcome.kind === 'failed') {
    const { error, cause, from } = outcome.failure;
    run.record(`${prefix}${from === 'task' ? 'Failed' : 'TimedOut'}`, {
      ...named,
      error,
      ...(cause === undefined ? {} : { cause }),
    });
    throw new StateFailed(outcome.failure);
  }
  const result = state.integration === 'invoke' ? invocationOf(call.functionArn, outcome.result) : outcome.result;
  const output = textOf(result, `the result of the state '${run.position.state}'`);
  run.record(`${prefix}Succeeded`, { ...named, output, outputDetails: WHOLE });
  return result;
};

/** One attempt, from wherever it had come when it was last on disk. */
const attempt = async (run: Run, state: TaskState, host: Host): Promise<Json> => {
  const { phase } = run.position;
  if (phase.kind === 'answered') return resultOf(run, state, phase.call, phase.outcome);
  if (phase.kind === 'submitted') return resultOf(run, state, phase.call, await carryOut(run, phase.call, host, phase));
  const call = phase.kind === 'scheduled' ? phase.call : await scheduledCall(run, state, host);
  if (phase.kind !== 'scheduled') await run.save({ kind: 'scheduled', call });
  return resultOf(run, state, call, await carryOut(run, call, host));
};

/** Waits, on disk, if a retrier wants another attempt; false if none does. The first that matches decides. */
const backOff = async (run: Run, state: TaskState, failure: Failure, host: Host): Promise<boolean> => {
  const at = state.retriers.findIndex(({ errors }) => matches(failure, errors));
  const retrier = state.retriers[at];
  const made = run.position.retries[at] ?? 0;
  if (retrier === undefined || made >= retrier.maxAttempts) return false;
  const retries = run.position.retries.map((count, index) => (index === at ? count + 1 : count));
  run.move({ ...run.position, retries });
  await run.save({ kind: 'backing-off', untilMs: host.now() + delayMs(retrier, made, host.chance.random) });
  return true;
};

/** Runs a Task to its exit, by its result or a Catch. Throws the `StateFailed` that neither Retry nor Catch takes. */
export const performTask = async (run: Run, state: TaskState, host: Host): Promise<Exit> => {
  for (;;) {
    try {
      const { phase } = run.position;
      if (phase.kind === 'backing-off') await sleepUntil(run, phase.untilMs, host);
      const result = await attempt(run, state, host);
      return await exitBy(run, state, bindingsOf(run, { result }), result);
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error;
      const { failure } = error;
      if (await backOff(run, state, failure, host)) continue;
      const catcher = state.catchers.find(({ errors }) => matches(failure, errors));
      if (catcher === undefined) throw error;
      const errorOutput = { Error: failure.error, Cause: failure.cause ?? '' };
      return await exitBy(run, catcher, bindingsOf(run, { errorOutput }), errorOutput);
    }
  }
};
