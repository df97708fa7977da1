import type { Choice, State, StateMachine, Task, Values } from '../../statemachines/segments/asl.ts';

/** One way from a state to the next, and what is assigned on it. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly condition?: string;
  readonly assigns: readonly string[];
}

const namesIn = (assign: Values | undefined): readonly string[] => Object.keys(assign ?? {});

const taskEdges = (from: string, task: Task<string>): readonly Edge[] => [
  ...('Next' in task ? [{ from, to: task.Next, assigns: namesIn(task.Assign) }] : []),
  ...(task.Catch ?? []).map(({ Next, Assign }) => ({ from, to: Next, assigns: namesIn(Assign) })),
];

const choiceEdges = (from: string, { Choices, Default, Assign }: Choice<string>): readonly Edge[] => [
  ...Choices.map(({ Next, Condition, Assign: assign }) => ({
    from,
    to: Next,
    condition: Condition,
    assigns: namesIn(assign),
  })),
  { from, to: Default, assigns: namesIn(Assign) },
];

export const edgesOf = ({ States }: StateMachine): readonly Edge[] =>
  Object.entries(States).flatMap(([name, state]: [string, State<string>]) =>
    state.Type === 'Task' ? taskEdges(name, state) : choiceEdges(name, state)
  );

/** Every state that can be entered from `start`, itself included. */
export const reachable = (edges: readonly Edge[], start: string): ReadonlySet<string> => {
  const seen = new Set([start]);
  for (const name of seen) for (const { from, to } of edges) if (from === name) seen.add(to);
  return seen;
};

/** Variables that are assigned on every way into each state. */
export const assignedBefore = (machine: StateMachine): ReadonlyMap<string, ReadonlySet<string>> => {
  const edges = edgesOf(machine);
  const all = new Set(edges.flatMap(({ assigns }) => assigns));
  const known = new Map(Object.keys(machine.States).map((name) => [name, name === machine.StartAt ? new Set() : all]));
  for (let isChanging = true; isChanging; ) {
    isChanging = false;
    for (const { from, to, assigns } of edges) {
      const arriving = new Set([...(known.get(from) ?? []), ...assigns]);
      const before = known.get(to) ?? new Set();
      const both = new Set([...before].filter((name) => arriving.has(name)));
      if (both.size < before.size) {
        known.set(to, both);
        isChanging = true;
      }
    }
  }
  return known as ReadonlyMap<string, ReadonlySet<string>>;
};

/** Variables that a state's own text asks for; `$states` and functions are none. */
export const variablesIn = (state: State<string>): ReadonlySet<string> =>
  new Set(
    [...JSON.stringify(state).matchAll(/\{%.*?%\}/g)].flatMap(([expression]) =>
      [...expression.matchAll(/\$([a-zA-Z]\w*)(?!\w*\()/g)].map(([, name = '']) => name).filter((n) => n !== 'states')
    )
  );
