import fc from 'fast-check';
import type { Fate } from './life.ts';
import { orders } from './orders.ts';
import { PEOPLE, says } from './people.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import {
  type Action,
  actionOf,
  acts,
  asks,
  decides,
  decidesAgain,
  looks,
  type Model,
  operatorsUndoOf,
  ownUndoOf,
  proposesOtherwise,
  reaps,
  reconciles,
  reports,
  roundOf,
  STEPS,
  surveys,
  verdictOf,
  verifies,
  wantsUndone,
} from './steps.ts';
import { ANSWERS } from './vendor.ts';
import { CALM, goesOn } from './ways.ts';
import type { World } from './world.ts';

/** One thing that may happen by itself, with whatever becomes of its process. */
export interface Single {
  readonly what: string;
  readonly doing: (model: Model, world: World, fate: Fate) => Promise<void>;
}

const slots = fc.nat(ALL_SLOTS.length - 1).map((at) => ALL_SLOTS[at] ?? (ALL_SLOTS[0] as Slot));
export const answers = fc.oneof(
  { arbitrary: fc.constant('done' as const), weight: 3 },
  { arbitrary: fc.constantFrom(...ANSWERS), weight: 3 }
);

type Doing = (model: Model, world: World, slot: Slot, fate: Fate) => Promise<unknown>;
const single = (what: string, doing: Doing, weight: number) => ({
  arbitrary: slots.map(
    (slot): Single => ({
      what: `${slot.thing} ${what}`,
      doing: async (model, world, fate) => void (await doing(model, world, slot, fate)),
    })
  ),
  weight,
});

const deciding: Doing = (model, world, slot, fate) => decides(model, world, actionOf(slot), fate, roundOf(world, slot));

const stepping = Object.entries(STEPS).map(([name, step]) =>
  single(name, (_, world, slot, fate) => step(world, slot, fate), name === 'submit' || name === 'propose' ? 2 : 1)
);

const acting = fc.tuple(slots, answers, fc.boolean()).map(
  ([slot, answer, isFresh]): Single => ({
    what: `${slot.thing} ${isFresh ? 'goes on to act' : 'act'}: ${answer}`,
    doing: async (model, world, fate) => {
      if (isFresh) await goesOn(model, world, slot, 'decide again');
      await acts(world, actionOf(slot), answer, fate);
    },
  })
);

/** Other arguments under a number that may have its writ: they are decided once more, which no state machine does. */
const replacing = slots.map(
  (slot): Single => ({
    what: `${slot.thing} goes on to be decided, is proposed otherwise, and decided again`,
    doing: async (model, world, fate) => {
      await goesOn(model, world, slot, 'decide again');
      await proposesOtherwise(world, slot);
      const round = roundOf(world, slot);
      const isIssued = verdictOf(model, actionOf(slot), round) === 'authorised';
      await decides(model, world, actionOf(slot), fate, isIssued ? round + 1 : round);
    },
  })
);

/** Somebody who is asked says something; most often it is what lets the run go on. */
const saying = fc
  .record({
    by: fc.constantFrom(...PEOPLE),
    decision: fc.oneof(
      { arbitrary: fc.constant('approve' as const), weight: 5 },
      { arbitrary: fc.constant('refuse' as const), weight: 1 }
    ),
    isOther: fc.oneof({ arbitrary: fc.constant(false), weight: 7 }, { arbitrary: fc.constant(true), weight: 1 }),
  })
  .chain((word) =>
    slots.map(
      (slot): Single => ({
        what: `${word.by} says ${word.decision} to ${slot.thing}${word.isOther ? ', of something else' : ''}`,
        doing: (_, world, fate) => says(world, slot, word, fate),
      })
    )
  );

type Undoing = (model: Model, world: World, of: Action, fate: Fate) => Promise<unknown>;
const UNDOING: Readonly<Record<string, Undoing>> = {
  survey: (_, world, of, fate) => surveys(world, of, fate),
  now: (_, world, of, fate) => looks(world, of, 'now', fate),
  decide: decides,
  'act: done': (_, world, of, fate) => acts(world, of, 'done', fate),
  'act: call lost': (_, world, of, fate) => acts(world, of, 'call lost', fate),
  reconcile: (_, world, of, fate) => reconciles(world, of, fate),
  verify: verifies,
  report: (_, world, of, fate) => reports(world, of, fate),
  reap: (_, world, { slot, ref }, fate) => reaps(world, slot, ref, fate),
};
/** A step of an operator's undo, or of a run's own. */
const undoing = fc.tuple(slots, fc.constantFrom(...Object.keys(UNDOING)), fc.boolean()).map(
  ([slot, name, isOwn]): Single => ({
    what: `${slot.thing} ${isOwn ? 'undoes itself' : 'is undone'}, ${name}`,
    doing: async (model, world, fate) => {
      const of = isOwn ? ownUndoOf(slot) : operatorsUndoOf(model, slot);
      if (of && !(isOwn && name === 'report')) await UNDOING[name]?.(model, world, of, fate);
    },
  })
);

/** A run whose effect is half there is undone by itself. */
const halving = fc.tuple(slots, answers).map(
  ([slot, answer]): Single => ({
    what: `${slot.thing} acts by half, and undoes itself: ${answer}`,
    doing: async (model, world, fate) => {
      await goesOn(model, world, slot, 'decide again');
      await acts(world, actionOf(slot), 'half', CALM);
      await verifies(model, world, actionOf(slot), CALM);
      await decides(model, world, ownUndoOf(slot), fate);
      await acts(world, ownUndoOf(slot), answer, CALM);
    },
  })
);

/** An operator wants a run undone that is at its end. */
const wanting = fc.tuple(slots, fc.boolean()).map(
  ([slot, isFresh]): Single => ({
    what: `${slot.thing} ${isFresh ? 'goes on to respond, and ' : ''}is wanted undone`,
    doing: async (model, world, fate) => {
      if (isFresh) await goesOn(model, world, slot, 'respond');
      await wantsUndone(model, world, slot, fate);
    },
  })
);

/** What may happen by itself, besides orders. */
export const ofRuns: fc.Arbitrary<Single> = fc.oneof(
  ...stepping,
  single('decide', deciding, 6),
  single('ask', asks, 2),
  single('decide again', decidesAgain, 1),
  single('reconcile', (_, world, slot, fate) => reconciles(world, actionOf(slot), fate), 3),
  single('verify', (model, world, slot, fate) => verifies(model, world, actionOf(slot), fate), 2),
  single('is proposed otherwise', (_, world, slot) => proposesOtherwise(world, slot), 1),
  { arbitrary: replacing, weight: 2 },
  { arbitrary: acting, weight: 7 },
  { arbitrary: saying, weight: 5 },
  { arbitrary: undoing, weight: 4 },
  { arbitrary: halving, weight: 4 },
  { arbitrary: wanting, weight: 2 }
);

/** The step of a run that decides or begins an action: what a stop has to be seen by. */
export const ofGates: fc.Arbitrary<Single> = fc.oneof(
  single('decide', deciding, 5),
  { arbitrary: acting, weight: 3 },
  single('propose', (_, world, slot, fate) => STEPS.propose(world, slot, fate), 1),
  single('before', (_, world, slot, fate) => STEPS.before(world, slot, fate), 1),
  { arbitrary: saying, weight: 1 },
  { arbitrary: undoing, weight: 1 }
);

export const singles: fc.Arbitrary<Single> = fc.oneof(
  { arbitrary: ofRuns, weight: 9 },
  { arbitrary: orders, weight: 1 }
);
