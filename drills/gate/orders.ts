import fc from 'fast-check';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import { type Order, order } from './guards.ts';
import { SCOPE, WORKFLOWS } from './release.ts';
import type { Single } from './singles.ts';
import { type Slot, TENANTS } from './slots.ts';

const targets = fc.oneof(
  { arbitrary: fc.constant({ level: 'global' as const }), weight: 2 },
  { arbitrary: fc.constantFrom(...TENANTS).map((name) => ({ level: 'tenant' as const, name })), weight: 2 },
  { arbitrary: fc.constantFrom(...WORKFLOWS).map((name) => ({ level: 'workflow' as const, name })), weight: 1 },
  { arbitrary: fc.constantFrom(SCOPE, jiraGet.scope).map((name) => ({ level: 'scope' as const, name })), weight: 1 }
);

const switching: fc.Arbitrary<Order> = fc.record({
  target: targets,
  stopped: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, { arbitrary: fc.constant(true), weight: 2 }),
  everything: fc.boolean(),
  seconds: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
});
/** A tenant's mode alone: most often back to the one in which everything goes on. */
const changingMode: fc.Arbitrary<Order> = fc.record({
  target: fc.constantFrom(...TENANTS).map((name) => ({ level: 'tenant' as const, name })),
  stopped: fc.constant(false),
  mode: fc.oneof(
    { arbitrary: fc.constant('autopilot' as const), weight: 2 },
    { arbitrary: fc.constantFrom('supervised' as const, 'shadow' as const), weight: 1 }
  ),
});

export const toldOf = ({ target, stopped, everything, seconds, mode }: Order): string => {
  const name = 'name' in target ? ` ${target.name}` : '';
  const lasting = stopped && seconds !== undefined ? ` for ${seconds} s` : '';
  return `${stopped ? `stop ${everything ? 'everything of' : 'writes of'}` : 'resume'} ${target.level}${name}${lasting}${mode ? ` in ${mode}` : ''}`;
};

/** Stops, for as long as anybody looks. */
export const stopsOf: fc.Arbitrary<Order> = fc
  .tuple(targets, fc.boolean())
  .map(([target, everything]) => ({ target, stopped: true, everything }));

/** What holds up a run's action: a stop of what it is under, or a mode in which it may not go on by itself. */
export const over = ({ ref: { tenant: name }, workflow }: Slot): fc.Arbitrary<Order> => {
  const tenant = { level: 'tenant' as const, name };
  const under = [tenant, { level: 'global' as const }, { level: 'workflow' as const, name: workflow }];
  return fc.oneof(
    fc
      .tuple(fc.constantFrom(...under, { level: 'scope' as const, name: SCOPE }), fc.boolean())
      .map(([target, everything]) => ({ target, stopped: true, everything })),
    fc.constantFrom('shadow' as const, 'supervised' as const).map((mode) => ({ target: tenant, stopped: false, mode }))
  );
};

/** An operator stops, resumes or sets a mode. */
export const orders: fc.Arbitrary<Single> = fc
  .oneof({ arbitrary: switching, weight: 3 }, { arbitrary: changingMode, weight: 1 })
  .map((it) => ({ what: toldOf(it), doing: (_, world, fate) => order(world, it, fate) }));
