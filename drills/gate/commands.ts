import fc from 'fast-check';
import { act } from '../../lambdas/core/act/act.ts';
import { read } from '../../lambdas/core/act/read.ts';
import { reconcile } from '../../lambdas/core/act/reconcile.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { escalate, reap, respond } from '../../lambdas/core/steps/close.ts';
import { decide } from '../../lambdas/core/steps/decide.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { verify } from '../../lambdas/core/steps/verify.ts';
import { submit } from '../../lambdas/core/tasks/submit.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import { evidenceOf } from './evidence.ts';
import { type Order, order } from './guards.ts';
import { attempted, type Fate } from './life.ts';
import { MISHAPS } from './mishaps.ts';
import { brokenPromises, type Seen } from './promises.ts';
import { ANSWERS, type Answer } from './vendor.ts';
import { ALL_SLOTS, processFor, SCOPE, SLOTS, type Slot, TENANTS, WORKFLOWS, type World } from './world.ts';

/** What is remembered of a world beside it: nothing that a step relies on. */
export interface Model extends Seen {
  /** What Decide answered, by run: it answers that ever after. */
  readonly verdicts: Map<string, string>;
}

type Doing = (model: Model, world: World) => Promise<void>;
type StepName = keyof typeof STEPS;

const RULES = ['DRILL_ALLOWED'];
const CALM: Fate = { mishaps: [] };

/** One invocation of a step, in a process of its own. */
const STEPS = {
  submit: async (world: World, slot: Slot, fate: Fate) => {
    const { submitting } = processFor(world, slot, fate);
    const input = { summary: 'the vpn drops', issueKey: slot.thing };
    const by = { id: 'u-1', tenant: slot.ref.tenant, roles: ['submitter'] as const };
    await attempted(() => submit(submitting, by, { workflow: slot.workflow, key: slot.key, input }));
  },
  propose: async (world: World, slot: Slot, fate: Fate) => {
    await attempted(() => propose.run(processFor(world, slot, fate).steps, { ...slot.ref, action: 1 }));
  },
  decide: async (world: World, slot: Slot, fate: Fate, model: Model) => {
    const verdict = await attempted(() => decide.run(processFor(world, slot, fate).steps, { ...slot.ref, action: 1 }));
    if (verdict === undefined) return;
    const [before, now] = [model.verdicts.get(slot.ref.run), digestOf(verdict)];
    if (before !== undefined && before !== now) throw new Error(`run ${slot.ref.run} was given another verdict`);
    model.verdicts.set(slot.ref.run, now);
  },
  verify: async (world: World, slot: Slot, fate: Fate) => {
    const { reading, steps } = processFor(world, slot, fate);
    const request = {
      tool: jiraGet.name,
      call: 'after' as const,
      input: { issueKey: slot.thing },
      workflow: slot.workflow,
    };
    const seen = await attempted(() => read(reading, slot.ref, request));
    if (seen) await attempted(() => verify.run(steps, { ...slot.ref, action: 1 }));
  },
  respond: async (world: World, slot: Slot, fate: Fate) => {
    const { steps } = processFor(world, slot, fate);
    await attempted(() => respond.run(steps, { ...slot.ref, outcome: 'completed', rules: RULES }));
  },
  escalate: async (world: World, slot: Slot, fate: Fate) => {
    const { steps } = processFor(world, slot, fate);
    await attempted(() => escalate.run(steps, { ...slot.ref, because: 'in-doubt', rules: RULES }));
  },
  reap: async (world: World, slot: Slot, fate: Fate) => {
    const { steps } = processFor(world, slot, fate);
    const detail = { status: 'FAILED' as const, input: slot.ref };
    await attempted(() => reap.run(steps, { detail }));
  },
  reconcile: async (world: World, slot: Slot, fate: Fate) => {
    await attempted(() => reconcile(processFor(world, slot, fate).scope('done'), slot.ref, 1));
  },
} as const satisfies Record<string, (world: World, slot: Slot, fate: Fate, model: Model) => Promise<void>>;

const acts = (world: World, slot: Slot, fate: Fate, answer: Answer) =>
  attempted(() => act(processFor(world, slot, fate).scope(answer), slot.ref, 1));

/** Something that happens, after which everything has to hold. */
class Happening implements fc.AsyncCommand<Model, World> {
  readonly what: string;
  readonly doing: Doing;
  constructor(what: string, doing: Doing) {
    this.what = what;
    this.doing = doing;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, world: World): Promise<void> {
    await this.doing(model, world);
    const broken = brokenPromises(world, await evidenceOf(world.tables), model);
    if (broken.length > 0) throw new Error(broken.join('\n'));
  }
  toString(): string {
    return this.what;
  }
}

const told = ({ mishaps, dies }: Fate): string =>
  [
    ...(mishaps.length > 0 ? [`meets ${mishaps.join(', ')}`] : []),
    ...(dies ? [`dies ${dies.when} call ${dies.at}`] : []),
  ]
    .map((each) => `, ${each}`)
    .join('');

const slots = fc.nat(SLOTS - 1).map((at) => ALL_SLOTS[at] ?? (ALL_SLOTS[0] as Slot));
const calm = fc.constant(CALM);
const unlucky = fc
  .array(fc.constantFrom(...MISHAPS), { minLength: 1, maxLength: 3 })
  .map((mishaps): Fate => ({ mishaps }));
const mortal = fc
  .record({ at: fc.integer({ min: 1, max: 6 }), when: fc.constantFrom('before' as const, 'after' as const) })
  .map((dies): Fate => ({ mishaps: [], dies }));
const fates = fc.oneof(
  { arbitrary: calm, weight: 6 },
  { arbitrary: unlucky, weight: 1 },
  { arbitrary: mortal, weight: 2 }
);

const stepping = (name: StepName, weight: number) => ({
  arbitrary: fc
    .tuple(slots, fates)
    .map(
      ([slot, fate]) =>
        new Happening(`${slot.thing} ${name}${told(fate)}`, (model, world) => STEPS[name](world, slot, fate, model))
    ),
  weight,
});
const answers = fc.oneof(
  { arbitrary: fc.constant('done' as const), weight: 2 },
  { arbitrary: fc.constantFrom(...ANSWERS), weight: 3 }
);

/** A run goes through its steps, up to one, undisturbed. What it went through before gives its answer again. */
const goesOn = async (
  model: Model,
  world: World,
  slot: Slot,
  to: 'propose' | 'decide' | 'act' | 'verify' | 'respond'
) => {
  for (const step of ['submit', 'propose', 'decide', 'act', 'verify', 'respond'] as const) {
    if (step === 'act') await acts(world, slot, CALM, 'done');
    else await STEPS[step](world, slot, CALM, model);
    if (step === to) return;
  }
};

const acting = {
  arbitrary: fc.tuple(slots, fates, answers, fc.boolean()).map(([slot, fate, answer, isFresh]) => {
    const what = `${slot.thing} ${isFresh ? 'goes on to act' : 'act'}: ${answer}${told(fate)}`;
    return new Happening(what, async (model, world) => {
      if (isFresh) await goesOn(model, world, slot, 'decide');
      await acts(world, slot, fate, answer);
    });
  }),
  weight: 8,
};

const carrying = {
  arbitrary: fc
    .tuple(slots, fc.constantFrom('propose', 'decide', 'act', 'verify', 'respond'))
    .map(
      ([slot, to]) => new Happening(`${slot.thing} goes on to ${to}`, (model, world) => goesOn(model, world, slot, to))
    ),
  weight: 6,
};

/** What somebody does who waits for a run: looks what became of its action, and tries again where that is allowed. */
const minding = {
  arbitrary: fc.tuple(slots, answers, fc.boolean()).map(([slot, answer, isLater]) => {
    const what = `${slot.thing} is minded${isLater ? ', after its lease' : ''}: ${answer}`;
    return new Happening(what, async (_, world) => {
      if (isLater) world.clock.ms += 16_000;
      await STEPS.reconcile(world, slot, CALM);
      await acts(world, slot, CALM, answer);
    });
  }),
  weight: 5,
};

const targets = fc.oneof(
  fc.constant({ level: 'global' as const }),
  fc.constantFrom(...TENANTS).map((name) => ({ level: 'tenant' as const, name })),
  fc.constantFrom(...WORKFLOWS).map((name) => ({ level: 'workflow' as const, name })),
  fc.constant({ level: 'scope' as const, name: SCOPE })
);
const orders: fc.Arbitrary<Order> = fc.record({
  target: targets,
  stopped: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, { arbitrary: fc.constant(true), weight: 2 }),
  mode: fc.oneof(
    { arbitrary: fc.constantFrom(undefined, 'autopilot' as const), weight: 5 },
    { arbitrary: fc.constant('shadow' as const), weight: 1 }
  ),
  everything: fc.boolean(),
  seconds: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
});
const ordering = (weight: number) => ({
  arbitrary: fc.tuple(orders, fates).map(([it, fate]) => {
    const { target, stopped, mode, seconds } = it;
    const name = 'name' in target ? ` ${target.name}` : '';
    const lasting = stopped && seconds !== undefined ? ` for ${seconds} s` : '';
    const what = `${stopped ? 'stop' : 'resume'} ${target.level}${name}${lasting}${mode ? ` in ${mode}` : ''}${told(fate)}`;
    return new Happening(what, (_, world) => order(world, it, fate));
  }),
  weight,
});

const waiting = {
  arbitrary: fc.constantFrom(1, 10, 16, 61, 61, 200, 3_600, 86_400).map(
    (seconds) =>
      new Happening(`${seconds} s pass`, async (_, { clock }) => {
        clock.ms += seconds * 1_000;
      })
  ),
  weight: 4,
};
const arriving = {
  arbitrary: fc.constant(new Happening('what was on its way arrives', async (_, { vendor }) => vendor.arrive())),
  weight: 2,
};

const single = [
  stepping('submit', 3),
  stepping('propose', 3),
  stepping('decide', 8),
  acting,
  stepping('reconcile', 5),
  stepping('verify', 2),
  stepping('respond', 1),
  stepping('escalate', 1),
  stepping('reap', 1),
] as const;

/** Several at the same moment, and the same ones several times. */
const atOnce = (() => {
  const several = fc.array(fc.oneof(...single, ordering(3), carrying), { minLength: 2, maxLength: 5 });
  const repeated = fc
    .tuple(fc.oneof(...single), fc.integer({ min: 2, max: 4 }))
    .map(([one, times]) => Array.from({ length: times }, () => one));
  const everybody = fc
    .tuple(fc.constantFrom('decide' as const, 'act' as const), fc.subarray([...ALL_SLOTS], { minLength: 4 }))
    .map(([name, those]) =>
      those.map(
        (slot) =>
          new Happening(`${slot.thing} ${name}`, async (model, world) => {
            await goesOn(model, world, slot, name === 'act' ? 'decide' : 'propose');
            if (name === 'act') await acts(world, slot, CALM, 'done');
            else await STEPS.decide(world, slot, CALM, model);
          })
      )
    );
  const withOrder = fc.tuple(everybody, ordering(1).arbitrary).map(([all, one]) => [...all, one]);
  return {
    arbitrary: fc.oneof(several, repeated, withOrder).map(
      (those) =>
        new Happening(`at once: ${those.join('; ')}`, async (model, world) => {
          const all = await Promise.allSettled(those.map(({ doing }) => doing(model, world)));
          const failed = all.find((each) => each.status === 'rejected');
          if (failed) throw failed.reason;
        })
    ),
    weight: 8,
  };
})();

/** What may happen in a world, in this order. */
export const happenings = fc.commands(
  [fc.oneof(...single, ordering(4), carrying, minding, waiting, arriving, atOnce)],
  {
    maxCommands: 60,
    size: 'max',
  }
);
