import type { Scope, State } from './program.ts';

const targetsOf = (state: State): readonly string[] => {
  const targets =
    state.type === 'Choice'
      ? [...state.rules.map(({ next }) => next), state.otherwise]
      : state.type === 'Fail'
        ? []
        : [state.next, ...('catchers' in state ? state.catchers.map(({ next }) => next) : [])];
  return targets.filter((target) => target !== undefined);
};

const innerScopes = (state: State): readonly Scope[] => {
  if (state.type === 'Parallel') return state.branches;
  return state.type === 'Map' ? [state.processor] : [];
};

/** The variables that a state assigns, whichever way it is left. */
const assignedBy = (state: State): readonly string[] => {
  const ways = [
    'assign' in state ? [state] : [],
    state.type === 'Choice' ? state.rules : [],
    'catchers' in state ? state.catchers : [],
  ].flat();
  return ways.flatMap(({ assign }) => Object.keys(assign));
};

const reachedFrom = ({ startAt, states }: Scope): ReadonlySet<string> => {
  const reached = new Set([startAt]);
  for (const name of reached) {
    const state = states.get(name);
    if (state !== undefined) for (const target of targetsOf(state)) reached.add(target);
  }
  return reached;
};

const checkTransitions = (scope: Scope, refuse: (problem: string) => never): void => {
  const { startAt, states } = scope;
  if (!states.has(startAt)) refuse(`StartAt: there is no state ${startAt} beside the states that it starts`);
  for (const [name, state] of states)
    for (const target of targetsOf(state))
      if (!states.has(target)) refuse(`States.${name}: there is no state ${target} to go to, in the same scope`);
  const reached = reachedFrom(scope);
  for (const name of states.keys()) if (!reached.has(name)) refuse(`States.${name}: no state leads there`);
};

/**
 * Refuses what AWS refuses of states taken together: a transition to nowhere, out of a branch or into one, a state that
 * cannot be reached, and a name that stands twice, wherever in the machine. A variable that a scope
 * assigns cannot be assigned in a scope inside of it, in whatever order they run.
 */
export const checkScopes = (machine: Scope, refuse: (problem: string) => never): void => {
  const names = new Set<string>();
  const check = (scope: Scope, outer: ReadonlySet<string>): void => {
    checkTransitions(scope, refuse);
    for (const [name, state] of scope.states) {
      if (names.has(name)) refuse(`States.${name}: expected a name that no other state of the machine has`);
      names.add(name);
      const taken = assignedBy(state).find((variable) => outer.has(variable));
      if (taken !== undefined)
        refuse(`States.${name}: the variable ${taken} is assigned in a scope around this one, so not here`);
    }
    const assigned = new Set([...outer, ...[...scope.states.values()].flatMap(assignedBy)]);
    for (const state of scope.states.values()) for (const inner of innerScopes(state)) check(inner, assigned);
  };
  check(machine, new Set());
};
