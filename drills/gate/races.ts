import fc from 'fast-check';
import { evidenceOf } from './evidence.ts';
import { fates, told } from './fates.ts';
import { type Order, order } from './guards.ts';
import { atOnce, type Doing, Happening } from './happening.ts';
import { aGate, type Fate } from './life.ts';
import { orders, over, stopsOf, toldOf } from './orders.ts';
import { brokenPromises } from './promises.ts';
import { ofGates } from './singles.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import { actionOf, acts, decides, type Model, ownUndoOf, roundOf, STEPS, verifies } from './steps.ts';
import { CALM, goesOn } from './ways.ts';
import type { World } from './world.ts';

/*
 * Moments that chance would hardly ever meet: a process stands still at one of its calls, while others do all of theirs.
 */

export type Drilled = Happening<Model, World>;

export const happens = (what: string, doing: Doing<Model, World>): Drilled =>
  new Happening(what, doing, async (model, world) => {
    const broken = brokenPromises(world, evidenceOf(await world.tables.contents()), model);
    if (broken.length > 0) throw new Error(broken.join('\n'));
  });
/** Every run comes to its gate, at the same moment. */
export const everybody = async (
  model: Model,
  world: World,
  those: readonly Slot[],
  to: 'decide' | 'act'
): Promise<void> => {
  await atOnce(those.map((slot) => goesOn(model, world, slot, to === 'act' ? 'decide again' : 'propose')));
  await atOnce(
    those.map((slot) =>
      to === 'act'
        ? acts(world, actionOf(slot), 'done', CALM)
        : decides(model, world, actionOf(slot), CALM, roundOf(world, slot))
    )
  );
};
export const crowd = fc.subarray([...ALL_SLOTS], { minLength: 4 });

const toGate = fc.tuple(crowd, fc.constantFrom('decide' as const, 'act' as const));
const toldCrowd = ([those, to]: readonly [readonly Slot[], string]): string =>
  `${those.map(({ thing }) => thing).join(', ')} ${to}`;

/** Stands still at this call, until the others have ended. */
const standsStill = async (
  at: number,
  still: (fate: Fate) => Promise<void>,
  others: () => Promise<void>
): Promise<void> => {
  const gate = aGate();
  const stood = still({ mishaps: [], halts: { at, gate } });
  const ended = stood.catch(() => {});
  await Promise.race([gate.reached, ended]);
  await others().finally(gate.open);
  await stood;
};

/** Anything stands still while anything else goes on; afterwards some runs come to their gate. */
export const standing = (() => {
  const one = fc.oneof({ arbitrary: ofGates, weight: 2 }, { arbitrary: orders, weight: 1 });
  const other = fc.oneof({ arbitrary: orders, weight: 2 }, { arbitrary: ofGates, weight: 2 });
  const meanwhile = fc.array(fc.tuple(other, fates), { minLength: 1, maxLength: 3 });
  const after = fc.option(toGate, { nil: undefined });
  return {
    arbitrary: fc.tuple(one, fc.integer({ min: 1, max: 7 }), meanwhile, after).map(([still, at, others, rush]) => {
      const names = others.map(([{ what }, fate]) => `${what}${told(fate)}`).join('; ');
      const rest = rush ? `; then ${toldCrowd(rush)}` : '';
      return happens(`${still.what} stands still at call ${at}, while: ${names}${rest}`, async (model, world) => {
        await standsStill(
          at,
          (fate) => still.doing(model, world, fate),
          async () => {
            for (const [{ doing }, fate] of others) await doing(model, world, fate);
          }
        );
        if (rush) await everybody(model, world, ...rush);
      });
    }),
    weight: 3,
  };
})();

const orderOver = fc.constantFrom(...ALL_SLOTS).chain((slot) => fc.tuple(fc.constant(slot), over(slot)));

/** What is overtaken: how a run comes to it, and its call. */
const OVERTAKEN = {
  decide: {
    before: (model, world, slot) => goesOn(model, world, slot, 'propose'),
    still: (model, world, slot, fate) => decides(model, world, actionOf(slot), fate, roundOf(world, slot)),
  },
  act: {
    before: (model, world, slot) => goesOn(model, world, slot, 'decide again'),
    still: (_, world, slot, fate) => acts(world, actionOf(slot), 'done', fate),
  },
  undo: {
    before: async (model, world, slot) => {
      await goesOn(model, world, slot, 'decide again');
      await acts(world, actionOf(slot), 'half', CALM);
      await verifies(model, world, actionOf(slot), CALM);
    },
    still: (model, world, slot, fate) => decides(model, world, ownUndoOf(slot), fate),
  },
} as const satisfies Record<
  string,
  {
    readonly before: (model: Model, world: World, slot: Slot) => Promise<void>;
    readonly still: (model: Model, world: World, slot: Slot, fate: Fate) => Promise<void>;
  }
>;

/** What a decision or an act has looked at is ordered otherwise before its transaction. */
export const overtaking = {
  arbitrary: fc
    .tuple(
      orderOver,
      fc.constantFrom('decide' as const, 'act' as const, 'undo' as const),
      fc.integer({ min: 2, max: 4 })
    )
    .map(([[slot, it], step, at]) =>
      happens(`${slot.thing} stands still at call ${at} of ${step}, while: ${toldOf(it)}`, async (model, world) => {
        const { before, still } = OVERTAKEN[step];
        await before(model, world, slot);
        await standsStill(
          at,
          (fate) => still(model, world, slot, fate),
          () => order(world, it, CALM)
        );
      })
    ),
  weight: 4,
};

const resuming = ({ target }: Order): Order => ({ target, stopped: false });

/** A resume stands still, while what it ends is stopped again. */
export const crossing = {
  arbitrary: fc.tuple(stopsOf, fc.integer({ min: 2, max: 7 }), toGate).map(([stop, at, rush]) =>
    happens(
      `${toldOf(resuming(stop))} stands still at call ${at}, while: ${toldOf(stop)}; then ${toldCrowd(rush)}`,
      async (model, world) => {
        const still = (fate: Fate) => order(world, resuming(stop), fate);
        await standsStill(at, still, () => order(world, stop, CALM));
        await everybody(model, world, ...rush);
      }
    )
  ),
  weight: 2,
};

const BEGINNINGS = ['submit', 'route', 'before', 'propose'] as const;

/** Everything is stopped over a run that has just begun, or is about to; then it goes on as if nothing were. */
export const outset = {
  arbitrary: fc
    .tuple(orderOver, fc.constantFrom(...BEGINNINGS), fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }))
    .map(([[slot, { target }], next, seconds]) => {
      const stop: Order = { target, stopped: true, everything: true, seconds };
      return happens(`${toldOf(stop)}, and ${slot.thing} goes on from ${next}`, async (model, world) => {
        const [before] = BEGINNINGS.slice(BEGINNINGS.indexOf(next) - 1);
        if (next !== 'submit' && before) await goesOn(model, world, slot, before);
        await order(world, stop, CALM);
        for (const step of BEGINNINGS.slice(BEGINNINGS.indexOf(next))) await STEPS[step](world, slot, CALM);
      });
    }),
  weight: 2,
};
