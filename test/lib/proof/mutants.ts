import type { State, StateMachine } from '../../../statemachines/segments/asl.ts';

/** A machine in which one thing differs. */
export interface Mutant {
  readonly what: string;
  readonly machine: StateMachine;
}

/** A machine that may be changed in place. */
interface Draft {
  StartAt: string;
  States: Record<string, DraftState>;
}
interface DraftState {
  Type: string;
  Next?: string;
  End?: true;
  Default?: string;
  Choices?: { Next: string }[];
  Catch?: { Next: string }[];
}

interface Slot {
  readonly what: string;
  readonly get: (draft: Draft) => string | undefined;
  readonly set: (draft: Draft, to: string) => void;
  /** Takes the way out as a whole; the state is left as if it had never had it. */
  readonly remove: (draft: Draft) => void;
}

const of = (draft: Draft, name: string): DraftState => {
  const state = draft.States[name];
  if (state === undefined) throw new Error(`there is no state ${name}`);
  return state;
};

const slotsOf = (name: string, state: DraftState): readonly Slot[] => [
  ...(state.Next === undefined
    ? []
    : [
        {
          what: `${name}.Next`,
          get: (draft: Draft) => of(draft, name).Next,
          set: (draft: Draft, to: string) => {
            of(draft, name).Next = to;
          },
          remove: (draft: Draft) => {
            delete of(draft, name).Next;
            of(draft, name).End = true;
          },
        },
      ]),
  ...(state.Default === undefined
    ? []
    : [
        {
          what: `${name}.Default`,
          get: (draft: Draft) => of(draft, name).Default,
          set: (draft: Draft, to: string) => {
            of(draft, name).Default = to;
          },
          remove: (draft: Draft) => {
            delete of(draft, name).Default;
          },
        },
      ]),
  ...(['Choices', 'Catch'] as const).flatMap((list) =>
    (state[list] ?? []).map(
      (_, at): Slot => ({
        what: `${name}.${list}[${at}]`,
        get: (draft) => of(draft, name)[list]?.[at]?.Next,
        set: (draft, to) => {
          const entry = of(draft, name)[list]?.[at];
          if (entry !== undefined) entry.Next = to;
        },
        remove: (draft) => {
          of(draft, name)[list]?.splice(at, 1);
        },
      })
    )
  ),
];

/** Where a state leads when all goes well: where those that led to it lead once it is gone. */
const onward = (state: DraftState): string | undefined => state.Next ?? state.Choices?.[0]?.Next ?? state.Default;

/** Every machine in which one way leads elsewhere, one way is gone, one state is gone, or the start is another. */
export function* mutantsOf(machine: StateMachine): Generator<Mutant> {
  const changed = (change: (draft: Draft) => void): StateMachine => {
    const draft = structuredClone(machine) as unknown as Draft;
    change(draft);
    return draft as unknown as StateMachine;
  };
  const original = machine as unknown as Draft;
  const names = Object.keys(machine.States);
  const slots = Object.entries<State<string>>(machine.States).flatMap(([name, state]) =>
    slotsOf(name, state as unknown as DraftState)
  );
  for (const slot of slots) {
    for (const to of names)
      if (to !== slot.get(original))
        yield { what: `${slot.what} → ${to}`, machine: changed((draft) => slot.set(draft, to)) };
    yield { what: `${slot.what} removed`, machine: changed((draft) => slot.remove(draft)) };
  }
  for (const name of names) {
    const to = onward(of(original, name));
    if (to !== undefined)
      yield {
        what: `${name} removed`,
        machine: changed((draft) => {
          for (const slot of slots)
            if (slot.get(draft) === name && !slot.what.startsWith(`${name}.`)) slot.set(draft, to);
          if (draft.StartAt === name) draft.StartAt = to;
          delete draft.States[name];
        }),
      };
    if (name !== machine.StartAt)
      yield {
        what: `StartAt → ${name}`,
        machine: changed((draft) => {
          draft.StartAt = name;
        }),
      };
  }
}
