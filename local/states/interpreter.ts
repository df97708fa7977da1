import type { Host } from './attempt.ts';
import type { Clock } from './clock.ts';
import { bindingsOf, type Exit, evaluate, exitBy } from './evaluation.ts';
import { StateFailed } from './failure.ts';
import { HistoryFull, MAX_EVENTS, textOf, WHOLE } from './history.ts';
import type { ChoiceState, FailState, State, WaitState } from './program.ts';
import { Halted, type Run } from './run.ts';
import { performTask, sleepUntil } from './task.ts';

interface Failing {
  readonly kind: 'fail';
  readonly error?: string;
  readonly cause?: string;
}

/** States that call nothing are not saved one by one, but a loop of them must neither hold the process nor start over. */
const UNSAVED_STATES = 50;

const performChoice = async (run: Run, state: ChoiceState): Promise<Exit> => {
  const bindings = bindingsOf(run);
  for (const rule of state.rules)
    if (await evaluate(run, rule.condition, bindings)) return exitBy(run, rule, bindings, run.position.input);
  const next = state.otherwise;
  if (next !== undefined) return exitBy(run, { ...state, next }, bindings, run.position.input);
  const cause = `no rule of the state '${run.position.state}' matches, and it has no Default`;
  throw new StateFailed({ error: 'States.NoChoiceMatched', cause, from: 'state' });
};

const performWait = async (run: Run, state: WaitState, clock: Clock): Promise<Exit> => {
  const bindings = bindingsOf(run);
  const { phase } = run.position;
  if (phase.kind === 'waiting') await sleepUntil(run, phase.untilMs, clock);
  else {
    const { until } = state;
    const untilMs =
      until.kind === 'seconds'
        ? clock.now() + (await evaluate(run, until.of, bindings)) * 1_000
        : Date.parse(await evaluate(run, until.of, bindings));
    await run.save({ kind: 'waiting', untilMs });
    await sleepUntil(run, untilMs, clock);
  }
  return exitBy(run, state, bindings, run.position.input);
};

const performFail = async (run: Run, state: FailState): Promise<Failing> => {
  const bindings = bindingsOf(run);
  return {
    kind: 'fail',
    ...(state.error === undefined ? {} : { error: await evaluate(run, state.error, bindings) }),
    ...(state.cause === undefined ? {} : { cause: await evaluate(run, state.cause, bindings) }),
  };
};

const perform = async (run: Run, state: State, host: Host): Promise<Exit | Failing> => {
  switch (state.type) {
    case 'Task':
      return performTask(run, state, host);
    case 'Choice':
      return performChoice(run, state);
    case 'Wait':
      return performWait(run, state, host);
    case 'Pass':
    case 'Succeed':
      return exitBy(run, state, bindingsOf(run), run.position.input);
    case 'Fail':
      return performFail(run, state);
  }
};

const enter = (run: Run, state: State, now: () => number): void => {
  const { position } = run;
  const input = textOf(position.input, `the input of the state '${position.state}'`);
  run.record(`${state.type}StateEntered`, { name: position.state, input, inputDetails: WHOLE });
  run.move({
    ...position,
    enteredMs: now(),
    enteredEventId: run.lastEventId,
    retries: state.type === 'Task' ? state.retriers.map(() => 0) : [],
  });
};

const leave = (run: Run, state: State, { next, output, text, assigned }: Exit): void => {
  const { position } = run;
  const names = Object.keys(assigned);
  run.record(`${state.type}StateExited`, {
    name: position.state,
    output: text,
    outputDetails: WHOLE,
    ...(names.length === 0
      ? {}
      : {
          assignedVariables: Object.fromEntries(names.map((name) => [name, JSON.stringify(assigned[name])])),
          assignedVariablesDetails: WHOLE,
        }),
  });
  run.move({
    state: next ?? position.state,
    input: output,
    variables: names.length === 0 ? position.variables : { ...position.variables, ...assigned },
    enteredMs: position.enteredMs,
    enteredEventId: position.enteredEventId,
    retries: [],
    phase: { kind: 'entering' },
  });
};

/** From where the run stands to its end. */
const runStates = async (run: Run, host: Host, onTransition: () => void): Promise<void> => {
  for (let unsaved = 0; ; unsaved += 1) {
    const { state: name, phase } = run.position;
    const state = run.program.states.get(name);
    if (state === undefined) throw new Error(`the state ${name} is not in the definition that it was started with`);
    if (phase.kind === 'entering') {
      if (unsaved > 0 && unsaved % UNSAVED_STATES === 0) await run.save(phase);
      enter(run, state, host.now);
      onTransition();
    }
    const exit = await perform(run, state, host);
    if (exit.kind === 'fail') {
      const { kind: _, ...said } = exit;
      await run.end({ status: 'FAILED', stopDate: host.now(), ...said });
      return;
    }
    leave(run, state, exit);
    if (exit.next === undefined) {
      await run.end({ status: 'SUCCEEDED', stopDate: host.now(), output: exit.text });
      return;
    }
  }
};

const failureOf = (error: unknown): { readonly error: string; readonly cause?: string } => {
  if (error instanceof StateFailed) {
    const { error: name, cause } = error.failure;
    return { error: name, ...(cause === undefined ? {} : { cause }) };
  }
  const cause =
    error instanceof HistoryFull
      ? `The execution reached the maximum number of history events (${MAX_EVENTS}).`
      : `the interpreter failed: ${error instanceof Error ? error.message : String(error)}`;
  return { error: 'States.Runtime', cause };
};

/**
 * Carries a run from where it stands to its end, or until it is halted. Every call of a function is on disk before it
 * begins, and the end before it is seen. Rejects only where the journal cannot be written.
 */
export const advance = async (run: Run, host: Host, onTransition: () => void): Promise<void> => {
  try {
    await runStates(run, host, onTransition);
  } catch (error) {
    if (error instanceof Halted || run.isOver) return;
    await run.end({ status: 'FAILED', stopDate: host.now(), ...failureOf(error) });
  }
};
