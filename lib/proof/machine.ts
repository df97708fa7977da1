import type { Choice, State, StateMachine, Task, Values } from '../../statemachines/segments/asl.ts';
import type { StepName } from '../../statemachines/segments/callees.ts';
import { STEPS } from '../../statemachines/segments/callees.ts';
import type { Scope } from '../functions.ts';

/** What a reading is for. */
const CALLS = ['before', 'after', 'undone', 'now'] as const;

/** What a state is for, by the function that it calls and by what it tells it. */
export type Part =
  | {
      readonly kind: 'step';
      readonly step: StepName;
      readonly action: number | undefined;
      /** Of Decide: the action that the one it rules on would undo. */
      readonly undoes: number | undefined;
    }
  | { readonly kind: 'act' | 'reconcile'; readonly scope: string; readonly action: number }
  | {
      readonly kind: 'read';
      readonly scope: string;
      readonly call: (typeof CALLS)[number];
      readonly action: number;
    }
  | { readonly kind: 'choice' };

/** One way out of a state, and what holds on it. */
export interface Edge {
  readonly from: string;
  /** `undefined`: the execution ends. */
  readonly to: string | undefined;
  readonly on: 'next' | 'caught' | 'chosen' | 'default';
  /** The errors that take this way, of a Catch. */
  readonly errors: readonly string[];
  /** What the condition says, in its parts. */
  readonly holds: readonly Claim[];
  /** What the conditions asked before this one say, each alone: it is not so. */
  readonly excludes: readonly Claim[];
  readonly assigns: Values;
}

/** A part of a condition: `$verdict.kind = 'authorised'`, `$round < 2`. */
export type Claim =
  | { readonly kind: 'is'; readonly variable: string; readonly field: string; readonly value: string }
  | { readonly kind: 'below'; readonly variable: string };

export interface ProvenState {
  readonly name: string;
  readonly part: Part;
  readonly state: State<string>;
  readonly edges: readonly Edge[];
}

/** A definition as the proof understands it. */
export interface Understood {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, ProvenState>;
  /** All ways, also out of states that could not be understood. */
  readonly edges: readonly Edge[];
  /** What could not be understood: nothing is proven of a machine that has any. */
  readonly unknown: readonly Unknown[];
}

export interface Unknown {
  /** The state that could not be understood; none where the machine does not begin with any. */
  readonly state: string | undefined;
  readonly because: string;
}

const IS = /^\$(\w+)\.(\w+) = '([\w-]+)'$/;
const BELOW = /^\$(\w+) < \d+$/;

/** The parts of a condition that are joined by `and`. One that is of no known form claims nothing as a whole. */
export const claimsOf = (condition: string): readonly Claim[] => {
  const [, inner = ''] = /^\{%(.*)%\}$/s.exec(condition) ?? [];
  const claims: Claim[] = [];
  for (const part of inner.split(/\band\b/)) {
    const [, variable = '', field = '', value] = IS.exec(part.trim()) ?? [];
    const [, counter] = BELOW.exec(part.trim()) ?? [];
    if (value !== undefined) claims.push({ kind: 'is', variable, field, value });
    else if (counter !== undefined) claims.push({ kind: 'below', variable: counter });
    else return [];
  }
  return claims;
};

const NO_CONDITION = { holds: [], excludes: [] };

const taskEdges = (from: string, task: Task<string>): readonly Edge[] => [
  {
    ...NO_CONDITION,
    from,
    to: 'Next' in task ? task.Next : undefined,
    on: 'next',
    errors: [],
    assigns: task.Assign ?? {},
  },
  ...(task.Catch ?? []).map(
    ({ ErrorEquals, Next, Assign = {} }): Edge => ({
      ...NO_CONDITION,
      from,
      to: Next,
      on: 'caught',
      errors: ErrorEquals,
      assigns: Assign,
    })
  ),
];

const choiceEdges = (from: string, { Choices, Default, Assign = {} }: Choice<string>): readonly Edge[] => {
  const conditions = Choices.map(({ Condition }) => claimsOf(Condition));
  const refuted = (before: number): readonly Claim[] =>
    conditions.slice(0, before).flatMap((claims) => (claims.length === 1 ? claims : []));
  return [
    ...Choices.map(
      ({ Next, Assign: assigns = {} }, at): Edge => ({
        from,
        to: Next,
        on: 'chosen',
        errors: [],
        holds: conditions[at] ?? [],
        excludes: refuted(at),
        assigns,
      })
    ),
    { from, to: Default, on: 'default', errors: [], holds: [], excludes: refuted(Choices.length), assigns: Assign },
  ];
};

const isStep = (name: string): name is StepName => (STEPS as readonly string[]).includes(name);

/** What a task is for; a text that says why nobody can tell. */
const partOf = (task: Task<string>, scopes: ReadonlyMap<string, Scope>): Part | string => {
  const { FunctionName, Payload } = task.Arguments;
  if (typeof FunctionName !== 'string' || typeof Payload !== 'object' || Payload === null || Array.isArray(Payload))
    return 'calls no function by name with a payload';
  const { action, operation, call, undoes } = Payload as Values;
  const [, step] = /^step:(.+)$/.exec(FunctionName) ?? [];
  if (step !== undefined)
    return isStep(step)
      ? {
          kind: 'step',
          step,
          action: typeof action === 'number' ? action : undefined,
          undoes: typeof undoes === 'number' ? undoes : undefined,
        }
      : `calls the step ${step}, which there is not`;
  const scope = scopes.get(FunctionName);
  if (scope === undefined) return `calls ${FunctionName}, which is no scope of the workflow's tools`;
  if (scope.effect === 'read') {
    const known = CALLS.find((each) => each === call);
    return known
      ? { kind: 'read', scope: scope.name, call: known, action: typeof action === 'number' ? action : 1 }
      : `calls ${scope.name} to read neither before nor after an act`;
  }
  if (typeof action !== 'number') return `calls ${scope.name} for no action that is known beforehand`;
  return operation === 'act' || operation === 'reconcile'
    ? { kind: operation, scope: scope.name, action }
    : `calls ${scope.name} neither to act nor to reconcile`;
};

/** Reads a definition whose functions go by `step:<name>` and `<scope>`. */
export const understand = (machine: StateMachine, scopes: readonly Scope[]): Understood => {
  const byName = new Map(scopes.map((scope) => [scope.name, scope]));
  const states = new Map<string, ProvenState>();
  const ways: Edge[] = [];
  const unknown: Unknown[] = [];
  for (const [name, state] of Object.entries<State<string>>(machine.States)) {
    if (state.Type === 'Choice') {
      const edges = choiceEdges(name, state);
      ways.push(...edges);
      states.set(name, { name, state, part: { kind: 'choice' }, edges });
      continue;
    }
    // a definition may come from elsewhere than the segments: what the types rule out is looked at all the same
    const part = state.Type === 'Task' ? partOf(state, byName) : `has the type ${(state as { Type: string }).Type}`;
    const edges = taskEdges(name, state);
    ways.push(...edges);
    if (typeof part === 'string') unknown.push({ state: name, because: `${name} ${part}` });
    else states.set(name, { name, state, part, edges });
  }
  for (const { from, to } of ways)
    if (to === undefined && states.get(from)?.part.kind === 'choice')
      unknown.push({ state: from, because: `${from} has no Default` });
    else if (to !== undefined && machine.States[to] === undefined)
      unknown.push({ state: from, because: `${from} leads to ${to}, which there is not` });
  if (machine.States[machine.StartAt] === undefined)
    unknown.push({ state: undefined, because: `StartAt names ${machine.StartAt}, which there is not` });
  return { startAt: machine.StartAt, states, edges: ways, unknown };
};
