import type { State, Task } from '../../statemachines/segments/asl.ts';
import type { Violation } from './governance.ts';
import type { Edge, ProvenState, Understood } from './machine.ts';
import { wayBetween, wayTo } from './ways.ts';

const countsUp = ({ assigns }: Edge, counter: string): boolean => assigns[counter] === `{% $${counter} + 1 %}`;
const touches = ({ assigns }: Edge, counter: string): boolean => Object.hasOwn(assigns, counter);

/**
 * Whether every way round through this edge passes one that counts the edge's counter up, and none that sets it otherwise:
 * then its condition `$counter < N` ends the loop.
 */
const isBounded = (edge: Edge, edges: readonly Edge[]): boolean =>
  edge.holds.some((claim) => {
    if (claim.kind !== 'below' || edge.to === undefined) return false;
    const counter = claim.variable;
    const isRound = (candidate: Edge): boolean =>
      candidate === edge ||
      (candidate.to !== undefined &&
        (candidate.from === edge.to || wayBetween(edges, edge.to ?? '', candidate.from) !== undefined) &&
        (candidate.to === edge.from || wayBetween(edges, candidate.to, edge.from) !== undefined));
    if (edges.some((other) => touches(other, counter) && !countsUp(other, counter) && isRound(other))) return false;
    if (countsUp(edge, counter)) return true;
    const uncounted = edges.filter((other) => !countsUp(other, counter));
    return edge.to !== edge.from && wayBetween(uncounted, edge.to, edge.from) === undefined;
  });

/** Loops that no counter ends. */
const endlessLoops = (understood: Understood): readonly Violation[] => {
  const { edges } = understood;
  const unbounded = edges.filter((edge) => !isBounded(edge, edges));
  for (const name of understood.states.keys()) {
    const way = wayBetween(unbounded, name, name);
    if (way !== undefined) return [{ rule: 'bounded', because: 'nothing counts how often it goes round', path: way }];
  }
  return [];
};

/** States that nothing leads to: whoever reads the machine would believe in them. */
const unreachable = (understood: Understood): readonly Violation[] => {
  const { edges } = understood;
  return [...understood.states.keys()]
    .filter((name) => name !== understood.startAt && wayBetween(edges, understood.startAt, name) === undefined)
    .map((name) => ({ rule: 'reachable', because: 'nothing leads to it', path: [name] }));
};

/** A callee's own time-out by the name of its function. */
export type Timeouts = ReadonlyMap<string, number>;

const taskFaults = (
  { part }: ProvenState,
  task: Task<string>,
  timeouts: Timeouts
): readonly (readonly [string, string])[] => {
  const faults: (readonly [string, string])[] = [];
  const own = timeouts.get(String(task.Arguments.FunctionName));
  if (!(Number.isInteger(task.TimeoutSeconds) && own !== undefined && task.TimeoutSeconds > own))
    faults.push(['timed', `its time-out must be longer than the ${own ?? '?'} seconds of its function`]);
  const retried = (task.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
  if (!retried.includes('Retryable')) faults.push(['retried', 'it does not try again what is Retryable']);
  if (part.kind === 'act' && retried.some((error) => error !== 'Retryable'))
    faults.push(['retried', 'an act may be repeated only where the function says that nothing happened: Retryable']);
  const isLastWord = part.kind === 'step' && part.step === 'escalate';
  const catches = task.Catch ?? [];
  const isAll = (at: number): boolean => catches[at]?.ErrorEquals.includes('States.ALL') === true;
  if (isLastWord ? catches.length > 0 : !isAll(catches.length - 1))
    faults.push(
      isLastWord
        ? ['caught', 'its failure must fail the execution, so that the reaper closes the run']
        : ['caught', 'its last Catch must take everything (States.ALL)']
    );
  return faults;
};

/** Variables that a state's own text asks for; `$states` and functions are none. */
const variablesIn = (state: State<string>): ReadonlySet<string> =>
  new Set(
    [...JSON.stringify(state).matchAll(/\{%.*?%\}/g)].flatMap(([expression]) =>
      [...expression.matchAll(/\$([a-zA-Z]\w*)(?!\w*\()/g)].map(([, name = '']) => name).filter((n) => n !== 'states')
    )
  );

/** Variables that are asked for on a way that has not assigned them. */
const unassigned = (understood: Understood): readonly Violation[] => {
  const { edges } = understood;
  const all = new Set(edges.flatMap(({ assigns }) => Object.keys(assigns)));
  const known = new Map<string, ReadonlySet<string>>(
    [...understood.states.keys()].map((name) => [name, name === understood.startAt ? new Set<string>() : all])
  );
  for (let isChanging = true; isChanging; ) {
    isChanging = false;
    for (const { from, to, assigns } of edges) {
      if (to === undefined) continue;
      const arriving = new Set([...(known.get(from) ?? []), ...Object.keys(assigns)]);
      const before = known.get(to) ?? new Set();
      const both = new Set([...before].filter((name) => arriving.has(name)));
      if (both.size === before.size) continue;
      known.set(to, both);
      isChanging = true;
    }
  }
  return [...understood.states.values()].flatMap(({ name, state }) =>
    [...variablesIn(state)]
      .filter((variable) => !known.get(name)?.has(variable))
      .map((variable) => ({
        rule: 'assigned',
        because: `it asks for $${variable}, which a way to it does not assign`,
        path: wayTo(understood, name),
      }))
  );
};

/** Everything that ends, waits, repeats or asks without bound. */
export const boundsBroken = (understood: Understood, timeouts: Timeouts): readonly Violation[] => [
  ...[...understood.states.values()].flatMap((proven) =>
    proven.state.Type === 'Task'
      ? taskFaults(proven, proven.state, timeouts).map(([rule, because]) => ({
          rule,
          because,
          path: wayTo(understood, proven.name),
        }))
      : []
  ),
  ...endlessLoops(understood),
  ...unreachable(understood),
  ...unassigned(understood),
];
