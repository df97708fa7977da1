import type { Changes } from './guards.ts';
import { attempted, type Fate, lifeOf } from './life.ts';
import type { Word } from './people.ts';
import { type Process, processOf } from './process.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import type { Tables } from './tables.ts';
import { Vendor } from './vendor.ts';

/*
 * A few runs of two tenants and three workflows, whose steps are called as their functions would: on real tables. Beside it stands what
 * happened around them, which the promises are judged by: nothing that a step relies on.
 */

/** One process that was started, and what for. */
export interface Invocation {
  readonly id: number;
  readonly what: string;
  readonly slot?: Slot | undefined;
  isOver: boolean;
  hasAnswered: boolean;
}

/** What was set aside for an engine that costs something. */
export interface Reservation {
  readonly id: string;
  readonly slot: Slot;
  readonly at: string;
}

export interface World {
  readonly tables: Tables;
  readonly clock: { ms: number };
  readonly vendor: Vendor;
  readonly changes: Changes;
  /** In the order in which they began. */
  readonly invocations: Invocation[];
  /** Readings of the system, and questions to engines: by which invocation. */
  readonly begun: Invocation[];
  readonly reservations: Reservation[];
  readonly words: Word[];
  /** By run: the task token with which its execution waits for people. */
  readonly waiting: Map<string, { readonly round: number; readonly token: string }>;
  /** By run: the round whose token was answered last. */
  readonly answered: Map<string, number>;
  /** Runs that were decided again before enough people had answered: they ask nobody any more. */
  readonly early: Set<string>;
}

/** Late in a day: little has to pass until another one. */
const BEGINNING = Date.parse('2030-01-02T23:40:30.000Z');

export const aWorld = (tables: Tables): World => ({
  tables,
  clock: { ms: BEGINNING },
  vendor: new Vendor(),
  changes: new Map(),
  invocations: [],
  begun: [],
  reservations: [],
  words: [],
  waiting: new Map(),
  answered: new Map(),
  early: new Set(),
});

/** One invocation, in a process of its own: what it answered, or undefined where it failed as it may. */
export const invoked = async <T>(
  world: World,
  { what, slot }: Pick<Invocation, 'what' | 'slot'>,
  fate: Fate,
  work: (process: Process) => Promise<T>
): Promise<T | undefined> => {
  const invocation: Invocation = { id: world.invocations.length, what, slot, isOver: false, hasAnswered: false };
  world.invocations.push(invocation);
  const life = lifeOf(world.tables.connection, fate);
  try {
    const answer = await attempted(life, () =>
      work(processOf(world, life, invocation, slot ?? (ALL_SLOTS[0] as Slot)))
    );
    invocation.hasAnswered = answer !== undefined;
    return answer;
  } finally {
    invocation.isOver = true;
  }
};
