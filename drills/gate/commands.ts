import fc from 'fast-check';
import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { fates, told } from './fates.ts';
import { atOnce } from './happening.ts';
import type { Fate } from './life.ts';
import { orders } from './orders.ts';
import { APPROVERS, PEOPLE, says } from './people.ts';
import { crossing, crowd, type Drilled, everybody, happens, outset, overtaking, standing } from './races.ts';
import { SCOPE } from './release.ts';
import { answers, ofRuns, type Single, singles } from './singles.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import { actionOf, acts, asks, decides, decidesAgain, reconciles, roundOf } from './steps.ts';
import { CALM, goesBack, goesOn, type State, UNDO_STATES } from './ways.ts';
import type { World } from './world.ts';

const withFate = ({ what, doing }: Single, fate: Fate): Drilled =>
  happens(`${what}${told(fate)}`, (model, world) => doing(model, world, fate));

const slots = fc.nat(ALL_SLOTS.length - 1).map((at) => ALL_SLOTS[at] ?? (ALL_SLOTS[0] as Slot));
const alone = (arbitrary: fc.Arbitrary<Single>, weight: number) => ({
  arbitrary: fc.tuple(arbitrary, fates).map(([one, fate]) => withFate(one, fate)),
  weight,
});

const STATES = ['propose', 'decide', 'approve', 'decide again', 'act', 'verify', 'respond'] as const satisfies State[];
const carrying = {
  arbitrary: fc
    .tuple(slots, fc.constantFrom(...STATES))
    .map(([slot, to]) => happens(`${slot.thing} goes on to ${to}`, (model, world) => goesOn(model, world, slot, to))),
  weight: 6,
};
/** Somebody else changes a record, only where nothing is under way of which it would be hard to tell whose it was; or changes it and back. */
const changes = async ({ tables, vendor }: World, slot: Slot, isBack: boolean): Promise<void> => {
  const { claim } = await dynamoClaims(tables.connection, tables.state, SCOPE).look(slot.ref, 1);
  if (claim !== undefined && claim.status !== 'done') return;
  const before = vendor.components(slot.thing);
  vendor.change(slot.thing, ['Hardware']);
  if (isBack) vendor.change(slot.thing, before);
};

const BEFOREHAND = ['', 'goes on to respond, and ', 'goes on to respond, is changed and back, and '] as const;
/** An operator has a run undone: often one that is at its end only now. */
const undone = {
  arbitrary: fc
    .tuple(slots, fc.constantFrom(...UNDO_STATES), fc.constantFrom(...BEFOREHAND))
    .map(([slot, to, beforehand]) =>
      happens(`${slot.thing} ${beforehand}goes back to ${to}`, async (model, world) => {
        if (beforehand !== '') await goesOn(model, world, slot, 'respond');
        if (beforehand === BEFOREHAND[2]) await changes(world, slot, true);
        await goesBack(model, world, slot, to);
      })
    ),
  weight: 5,
};

/** What somebody does who waits for a run: looks what became of its action, and tries again where that is allowed. */
const minding = {
  arbitrary: fc.tuple(slots, answers, fc.boolean()).map(([slot, answer, isLater]) =>
    happens(`${slot.thing} is minded${isLater ? ', after its lease' : ''}: ${answer}`, async (_, world) => {
      if (isLater) world.clock.ms += 16_000;
      await reconciles(world, actionOf(slot), CALM);
      await acts(world, actionOf(slot), answer, CALM);
    })
  ),
  weight: 3,
};

const SECONDS = [1, 10, 16, 61, 61, 121, 200, 3_600, 86_400] as const;
const waiting = {
  arbitrary: fc.constantFrom(...SECONDS).map((seconds) =>
    happens(`${seconds} s pass`, async (_, { clock }) => {
      clock.ms += seconds * 1_000;
    })
  ),
  weight: 5,
};
const arriving = {
  arbitrary: fc.constant(happens('what was on its way arrives', async (_, { vendor }) => vendor.arrive())),
  weight: 1,
};

const changing = {
  arbitrary: fc
    .tuple(slots, fc.boolean())
    .map(([slot, isBack]) =>
      happens(`somebody changes ${slot.thing}${isBack ? ', and back' : ''}`, (_, world) => changes(world, slot, isBack))
    ),
  weight: 2,
};

const waits = fc.constantFrom(...ALL_SLOTS.filter(({ workflow }) => workflow === 'asks'));

/** What was approved is decided when that is a day old, or has just become it. */
const lateness = {
  arbitrary: fc.tuple(waits, fc.constantFrom(86_399, 86_400, 86_401)).map(([slot, seconds]) =>
    happens(`${slot.thing} is approved, and decided ${seconds} s later`, async (model, world) => {
      await goesOn(model, world, slot, 'approve');
      world.clock.ms += seconds * 1_000;
      await decides(model, world, actionOf(slot), CALM, roundOf(world, slot));
    })
  ),
  weight: 2,
};

/** Everybody who is asked answers at the same moment, some of them twice. */
const voting = {
  arbitrary: fc
    .tuple(
      waits,
      fc.array(fc.tuple(fc.constantFrom(...APPROVERS, ...PEOPLE), fc.integer({ min: 0, max: 5 }), fates), {
        minLength: 2,
        maxLength: 5,
      })
    )
    .map(([slot, words]) => {
      const said = words.map(([by, of, fate]) => ({
        by,
        fate,
        decision: of === 0 ? ('refuse' as const) : ('approve' as const),
      }));
      const what = said.map(({ by, decision, fate }) => `${by} ${decision}${told(fate)}`).join('; ');
      return happens(`${slot.thing} is asked for, and at once: ${what}`, async (model, world) => {
        await goesOn(model, world, slot, 'decide');
        await asks(model, world, slot, CALM);
        await atOnce(said.map(({ by, decision, fate }) => says(world, slot, { by, decision }, fate)));
        await decidesAgain(model, world, slot, CALM);
      });
    }),
  weight: 4,
};

/** Several at the same moment, and the same ones several times. */
const together = (() => {
  const withFates = (arbitrary: fc.Arbitrary<Single>) =>
    fc.tuple(arbitrary, fates).map(([one, fate]) => withFate(one, fate));
  const several = fc.array(fc.oneof(withFates(singles), carrying), { minLength: 2, maxLength: 5 });
  const repeated = fc
    .tuple(withFates(ofRuns), fc.integer({ min: 2, max: 4 }))
    .map(([one, times]) => Array.from({ length: times }, () => one));
  const rushing = fc
    .tuple(crowd, fc.constantFrom('decide' as const, 'act' as const))
    .map(([those, to]) =>
      happens(`${those.map(({ thing }) => thing).join(', ')} ${to}`, (model, world) =>
        everybody(model, world, those, to)
      )
    );
  const stopped = fc.tuple(rushing, withFates(orders)).map((both) => [...both]);
  return {
    arbitrary: fc
      .oneof(several, repeated, stopped)
      .map((those) =>
        happens(`at once: ${those.join('; ')}`, (model, world) => atOnce(those.map(({ doing }) => doing(model, world))))
      ),
    weight: 7,
  };
})();

/** What may happen in a world, in this order. */
export const happenings = fc.commands(
  [
    fc.oneof(
      alone(ofRuns, 22),
      alone(orders, 4),
      carrying,
      undone,
      minding,
      waiting,
      arriving,
      changing,
      lateness,
      voting,
      together,
      standing,
      overtaking,
      crossing,
      outset
    ),
  ],
  { maxCommands: 60, size: 'max' }
);
