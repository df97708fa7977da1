import type { Json } from '../template/json.ts';
import { type Branch, Halted } from './branch.ts';
import { bindingsOf, evaluate, failedIn, recorded } from './evaluation.ts';
import { type Failure, StateFailed } from './failure.ts';
import { settleFailed } from './fallible.ts';
import { textOf } from './history.ts';
import type { MapState, ParallelState, Scope } from './program.ts';
import { branchKey, type Fork, type Outcome } from './record.ts';

/** Carries a branch from where it stands to its end, which `finish` is told of in the same moment as the last event. */
export type Carry = (branch: Branch, finish: (outcome: Outcome) => void) => Promise<void>;

/** AWS runs no more iterations of an inline Map at once, whatever MaxConcurrency says. */
const MOST_AT_ONCE = 40;

const scopeOf = (state: ParallelState | MapState, index: number): Scope => {
  const scope = state.type === 'Map' ? state.processor : state.branches[index];
  if (scope === undefined)
    throw new Error(`the Parallel has no branch ${index} in the definition that it was started with`);
  return scope;
};

/** Starts all branches, in the same moment. */
const beginParallel = async (branch: Branch, state: ParallelState): Promise<Fork> => {
  const { position } = branch;
  const input =
    state.arguments === undefined ? position.input : await evaluate(branch, state.arguments, bindingsOf(branch));
  textOf(input, position.state);
  branch.record('ParallelStateStarted');
  const fork = { startedEventId: branch.after, length: state.branches.length };
  branch.move({ ...branch.position, phase: { kind: 'branching', fork } });
  for (const [index, scope] of state.branches.entries())
    branch.open(branchKey(fork, index), scope, input, fork.startedEventId);
  return fork;
};

const itemsOf = async (branch: Branch, state: MapState): Promise<readonly Json[]> => {
  const { position } = branch;
  if (state.items !== undefined) return evaluate(branch, state.items, bindingsOf(branch));
  if (Array.isArray(position.input)) return position.input;
  const cause = `Map state input must be an array but was: ${JSON.stringify(position.input)}`;
  throw new StateFailed(failedIn(position, { error: 'States.QueryEvaluationError', cause, from: 'state' }));
};

/** Decides what holds for all iterations, and starts none. */
const beginMap = async (branch: Branch, state: MapState): Promise<Fork> => {
  const bindings = bindingsOf(branch);
  const items = await itemsOf(branch, state);
  const maxConcurrency = await evaluate(branch, state.maxConcurrency, bindings);
  const toleratedCount = await evaluate(branch, state.toleratedCount, bindings);
  const toleratedPercentage = await evaluate(branch, state.toleratedPercentage, bindings);
  textOf(items, branch.position.state);
  branch.record('MapStateStarted', { length: items.length });
  const atOnce = Math.min(maxConcurrency === 0 ? MOST_AT_ONCE : maxConcurrency, MOST_AT_ONCE);
  const iterations = { items, atOnce, toleratedCount, toleratedPercentage };
  const fork = { startedEventId: branch.after, length: items.length, iterations };
  branch.move({ ...branch.position, phase: { kind: 'branching', fork } });
  return fork;
};

/** What a failure of one of the branches makes of the state: its failure, or nothing yet. */
const failureOf = ({ length, iterations }: Fork, failure: Failure, failed: number): Failure | undefined => {
  const { toleratedCount: count = 0, toleratedPercentage: percentage = 0 } = iterations ?? {};
  // AWS reports the error of the branch itself, never States.BranchFailed
  if (count === 0 && percentage === 0) return failure;
  const isExceeded = (count > 0 && failed > count) || (percentage > 0 && failed * 100 > percentage * length);
  if (!isExceeded) return undefined;
  const cause = 'The specified tolerated failure threshold was exceeded';
  return { error: 'States.ExceedToleratedFailureThreshold', cause, from: 'state' };
};

/** In the place of an output, where a failed iteration is tolerated: as AWS has it of a distributed Map without a ResultWriter. */
const outputOf = (outcome: Outcome | undefined): Json => {
  if (outcome?.kind === 'succeeded') return outcome.result;
  const { error, cause } = outcome?.failure ?? {};
  return {
    Status: 'FAILED',
    ...(error === undefined ? {} : { Error: error }),
    ...(cause === undefined ? {} : { Cause: cause }),
  };
};

const ABORTABLE: ReadonlySet<string> = new Set(['Task', 'Parallel', 'Map', 'Wait']);

/** Says of a state that a failure leaves unfinished, and of those inside of it, that they were given up: all follow the failure. */
const mentionAborted = (branch: Branch, failed: Branch): void => {
  const { position, scope, children } = branch;
  const state = scope.states.get(position.state);
  if (state === undefined || position.phase.kind === 'entering' || !ABORTABLE.has(state.type)) return;
  if (branch === failed && state.type !== 'Task') return; // it has said so itself
  branch.mention(`${state.type}StateAborted`, undefined, failed.after);
  mentionChildrenAborted(branch, state.type === 'Map', children, failed);
};

const mentionChildrenAborted = (
  { position }: Branch,
  isMap: boolean,
  children: readonly Branch[],
  failed: Branch
): void => {
  for (const [index, child] of children.entries()) {
    if (child.ended !== undefined && child !== failed) continue;
    if (isMap && child !== failed) child.mention('MapIterationAborted', { name: position.state, index }, failed.after);
    mentionAborted(child, failed);
  }
};

/**
 * Runs the branches of a Parallel or the iterations of a Map, from where they stand, until the state is settled: when all have
 * ended, or one failed which is not tolerated; then the others are given up.
 */
export const attemptFork = async (branch: Branch, state: ParallelState | MapState, carry: Carry): Promise<void> => {
  const { phase } = branch.position;
  const isBegun = phase.kind === 'branching';
  const begin = () => (state.type === 'Map' ? beginMap(branch, state) : beginParallel(branch, state));
  const fork = isBegun ? phase.fork : await begin();
  if (isBegun) reopenAll(branch, state, fork);
  await branch.wait<void>((resolve, reject) => {
    const { length } = fork;
    const { state: name } = branch.position;
    const { children } = branch;
    let left = length - children.filter(({ ended }) => ended !== undefined).length;
    let failed = children.filter(({ ended }) => ended?.kind === 'failed').length;
    let [isOpening, isClosed] = [false, false];

    const close = (): void => {
      isClosed = true;
      branch.close();
      resolve();
    };

    const join = (): void => {
      branch.mention(`${state.type}StateSucceeded`);
      const result = children.map(({ ended }) => outputOf(ended));
      branch.move({ ...branch.position, phase: { kind: 'settled', outcome: { kind: 'succeeded', result } } });
      close();
    };

    const giveUp = (child: Branch, failure: Failure): void => {
      mentionChildrenAborted(branch, state.type === 'Map', children, child);
      settleFailed(branch, state, state.type === 'Parallel' ? { ...failure, ofBranch: true } : failure);
      close();
    };

    const ended = (child: Branch, index: number, outcome: Outcome): void => {
      if (child.isOver) return; // given up in this very moment
      child.end(outcome);
      left -= 1;
      const isFailed = outcome.kind === 'failed';
      if (state.type === 'Map')
        child.mention(isFailed ? 'MapIterationFailed' : 'MapIterationSucceeded', { name, index });
      branch.follow(child.after);
      if (isFailed) failed += 1;
      const failure = isFailed ? failureOf(fork, outcome.failure, failed) : undefined;
      if (failure !== undefined) giveUp(child, failure);
      else if (left === 0) join();
      else {
        if (child.hasSaved) branch.execution.write().catch(reject); // so that it is not run again
        openMore();
      }
    };

    const drive = (child: Branch, index: number): void => {
      carry(child, (outcome) => ended(child, index, outcome)).catch((error: unknown) => {
        if (!(error instanceof Halted)) reject(error);
      });
    };

    /** Opens as many iterations as may run, each with its first event before any of them goes on. */
    const open = async ({ items, atOnce }: NonNullable<Fork['iterations']>): Promise<void> => {
      const opened: { child: Branch; index: number }[] = [];
      while (children.length < length && left - (length - children.length) < atOnce) {
        const index = children.length;
        const { input, failure } = await selected(branch, state, items[index] ?? null, index);
        if (isClosed || branch.isOver) return;
        const startedId = branch.execution.add('MapIterationStarted', branch.after, { name, index });
        const child = branch.open(branchKey(fork, index), scopeOf(state, index), input, startedId);
        if (failure === undefined) opened.push({ child, index });
        else ended(child, index, { kind: 'failed', failure: recorded(child, failure) });
        if (isClosed) return;
      }
      isOpening = false;
      for (const { child, index } of opened) drive(child, index);
    };
    const openMore = (): void => {
      if (fork.iterations === undefined || isOpening) return;
      isOpening = true;
      open(fork.iterations).catch(reject);
    };

    if (left === 0) join();
    for (const [index, child] of children.entries()) if (child.ended === undefined) drive(child, index);
    openMore();
    return { release: () => {} };
  });
};

const reopenAll = (branch: Branch, state: ParallelState | MapState, fork: Fork): void => {
  for (let index = 0; index < fork.length; index += 1) {
    const child = branch.reopen(branchKey(fork, index), scopeOf(state, index));
    if (child === undefined) return;
    if (child.ended !== undefined) branch.follow(Math.max(branch.after, child.after));
  }
};

/** The input of an iteration, or why its ItemSelector has none. */
const selected = async (
  branch: Branch,
  state: ParallelState | MapState,
  value: Json,
  index: number
): Promise<{ readonly input: Json; readonly failure?: Failure }> => {
  if (state.type !== 'Map' || state.selector === undefined) return { input: value };
  try {
    const item = { Index: index, Value: value };
    return { input: await evaluate(branch, state.selector, bindingsOf(branch, {}, { item })) };
  } catch (error) {
    if (!(error instanceof StateFailed)) throw error;
    return { input: value, failure: error.failure };
  }
};
