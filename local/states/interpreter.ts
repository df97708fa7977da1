import type { Host } from './attempt.ts';
import { type Branch, Halted } from './branch.ts';
import type { Clock } from './clock.ts';
import { bindingsOf, type Exit, evaluate, exitBy, placed, recorded } from './evaluation.ts';
import { type Failure, StateFailed } from './failure.ts';
import { performFallible } from './fallible.ts';
import { attemptFork } from './fork.ts';
import { HistoryFull, MAX_EVENTS, textOf, WHOLE } from './history.ts';
import type { ChoiceState, FailState, State, WaitState } from './program.ts';
import type { Outcome } from './record.ts';
import type { Run } from './run.ts';
import { sleepUntil } from './sleep.ts';
import { attemptTask } from './task.ts';

interface Failing {
  readonly kind: 'fail';
  readonly error?: string;
  readonly cause?: string;
}

const performChoice = async (branch: Branch, state: ChoiceState): Promise<Exit> => {
  const bindings = bindingsOf(branch);
  for (const rule of state.rules)
    if (await evaluate(branch, rule.condition, bindings)) return exitBy(branch, rule, bindings, branch.position.input);
  const next = state.otherwise;
  if (next !== undefined) return exitBy(branch, { ...state, next }, bindings, branch.position.input);
  // the Error is that of the documentation, the Cause that of AWS, which calls this States.Runtime
  const cause = 'Failed to transition out of the state. The state does not point to a next state.';
  throw new StateFailed({ error: 'States.NoChoiceMatched', cause: placed(branch.position, cause), from: 'state' });
};

const performWait = async (branch: Branch, state: WaitState, clock: Clock): Promise<Exit> => {
  const { phase } = branch.position;
  if (phase.kind === 'waiting') await sleepUntil(branch, phase.untilMs, clock);
  else {
    const { until } = state;
    const bindings = bindingsOf(branch);
    const untilMs =
      until.kind === 'seconds'
        ? clock.now() + (await evaluate(branch, until.of, bindings)) * 1_000
        : Date.parse(await evaluate(branch, until.of, bindings));
    await branch.save({ kind: 'waiting', untilMs });
    await sleepUntil(branch, untilMs, clock);
  }
  return exitBy(branch, state, bindingsOf(branch), branch.position.input); // what comes after the wait sees the time then
};

const performFail = async (branch: Branch, state: FailState): Promise<Failing> => {
  const bindings = bindingsOf(branch);
  return {
    kind: 'fail',
    ...(state.error === undefined ? {} : { error: await evaluate(branch, state.error, bindings) }),
    ...(state.cause === undefined ? {} : { cause: await evaluate(branch, state.cause, bindings) }),
  };
};

const perform = async (branch: Branch, state: State, host: Host): Promise<Exit | Failing> => {
  switch (state.type) {
    case 'Task':
      return performFallible(branch, state, host, () => attemptTask(branch, state, host));
    case 'Parallel':
    case 'Map':
      return performFallible(branch, state, host, () =>
        attemptFork(branch, state, (child, finish) => carry(child, host, finish))
      );
    case 'Choice':
      return performChoice(branch, state);
    case 'Wait':
      return performWait(branch, state, host);
    case 'Pass':
    case 'Succeed':
      return exitBy(branch, state, bindingsOf(branch), branch.position.input);
    case 'Fail':
      return performFail(branch, state);
  }
};

const enter = (branch: Branch, state: State, now: () => number): void => {
  const { state: name, input } = branch.position;
  const text = textOf(input, name);
  branch.enter(`${state.type}StateEntered`, { name, input: text, inputDetails: WHOLE }, now());
};

const leave = (branch: Branch, state: State, { next, output, text, assigned }: Exit): void => {
  const { position } = branch;
  const names = Object.keys(assigned);
  branch.record(`${state.type}StateExited`, {
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
  if (next === undefined) return;
  branch.move({
    state: next,
    input: output,
    variables: names.length === 0 ? position.variables : { ...position.variables, ...assigned },
    enteredMs: position.enteredMs,
    enteredEventId: position.enteredEventId,
    phase: { kind: 'entering' },
  });
};

/** What is told of a branch at its end, and the text of what it gives. */
type Finish = (outcome: Outcome, text?: string) => void | Promise<void>;

/** Carries a branch from where it stands to its end. Rejects with what ends the whole execution. */
const carry = async (branch: Branch, host: Host, finish: Finish): Promise<void> => {
  for (;;) {
    const { state: name, phase } = branch.position;
    const state = branch.scope.states.get(name);
    if (state === undefined) throw new Error(`the state ${name} is not in the definition that it was started with`);
    let exit: Exit | Failing;
    try {
      if (phase.kind === 'entering') {
        enter(branch, state, host.now);
        const saved = branch.execution.entered();
        if (saved !== undefined) await saved;
      }
      exit = await perform(branch, state, host);
    } catch (error) {
      if (!(error instanceof StateFailed)) throw error;
      return finish({ kind: 'failed', failure: recorded(branch, error.failure) });
    }
    if (exit.kind === 'fail') {
      const { kind: _, ...said } = exit;
      return finish({ kind: 'failed', failure: { ...said, from: 'state' } });
    }
    leave(branch, state, exit);
    if (exit.next === undefined) return finish({ kind: 'succeeded', result: exit.output }, exit.text);
  }
};

const saidOf = ({ error, cause }: Pick<Failure, 'error' | 'cause'>) => ({
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
});

const fatal = (error: unknown): { readonly error: string; readonly cause: string } => ({
  error: 'States.Runtime',
  cause:
    error instanceof HistoryFull
      ? `The execution reached the maximum number of history events (${MAX_EVENTS}).`
      : `the interpreter failed: ${error instanceof Error ? error.message : String(error)}`,
});

/**
 * Carries a run from where it stands to its end, or until it is halted. Every call of a function is on disk before it
 * begins, and the end before it is seen. Rejects only where the journal cannot be written.
 */
export const advance = async (run: Run, host: Host): Promise<void> => {
  const finish: Finish = (outcome, text) =>
    run.end(
      outcome.kind === 'failed'
        ? { status: 'FAILED', stopDate: host.now(), ...saidOf(outcome.failure) }
        : { status: 'SUCCEEDED', stopDate: host.now(), output: text ?? JSON.stringify(outcome.result) }
    );
  try {
    await carry(run.root, host, finish);
  } catch (error) {
    if (error instanceof Halted || run.isOver) return;
    await run.end({ status: 'FAILED', stopDate: host.now(), ...fatal(error) });
  }
};
