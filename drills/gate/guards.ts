import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { controlSubject, EXPIRY_MARGIN_MS, isOver } from '../../lambdas/core/gate/controls.ts';
import type { Mode } from '../../lambdas/core/mode.ts';
import type { Control, Writ } from '../../lambdas/core/records.ts';
import { setControl, type Target } from '../../lambdas/core/tasks/control.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import type { Evidence } from './evidence.ts';
import { nameOf } from './journal.ts';
import type { Fate } from './life.ts';
import { SCOPE } from './release.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import { type Invocation, invoked, type World } from './world.ts';

/*
 * What operators were told. A stop whose call has returned holds until somebody begins to end it, or it ends by itself. Which
 * change that is, each control's root says by its reason; whatever stood there when the call returned, had begun before.
 */

interface Change {
  readonly reason: string;
  kind: 'pending' | 'set' | 'overtaken' | 'failed';
  /** Changes that were under way when it was called. */
  readonly beside: readonly Change[];
  /** How everything was when it returned. */
  moment?: Moment;
}

interface Moment {
  /** Everything that was written. */
  readonly begun: ReadonlySet<string>;
  /** How many invocations there had been, and those that were under way. */
  readonly invocations: number;
  readonly underWay: readonly Invocation[];
}

/** By subject: every change that was called, in the order of the calls. */
export type Changes = Map<string, Change[]>;

const OPERATOR = { id: 'op', tenant: 'operations', roles: ['operator'] } as const;

export interface Order {
  readonly target: Target;
  readonly stopped: boolean;
  readonly mode?: Mode | undefined;
  readonly everything?: boolean;
  /** How long a stop holds. */
  readonly seconds?: number | undefined;
}

/** An operator sets a control. */
export const order = async (
  world: World,
  { target, stopped, mode, everything, seconds }: Order,
  fate: Fate
): Promise<void> => {
  const subject = controlSubject(target.level, target.name);
  const changes = world.changes.get(subject) ?? [];
  world.changes.set(subject, changes);
  const change: Change = {
    reason: `change ${changes.length} of ${subject}`,
    kind: 'pending',
    beside: changes.filter(({ kind }) => kind === 'pending'),
  };
  changes.push(change);
  const until = seconds === undefined ? undefined : new Date(world.clock.ms + seconds * 1_000).toISOString();
  const set = await invoked(world, { what: 'order' }, fate, ({ operating }) =>
    setControl(operating, OPERATOR, target, {
      stopped,
      reason: change.reason,
      ...(target.level === 'tenant' && mode && { mode }),
      ...(stopped && { stops: everything ? ('everything' as const) : ('writes' as const) }),
      ...(stopped && until !== undefined && { until }),
    })
  );
  if (set?.kind === 'set') {
    const { invocations } = world;
    const underWay = invocations.filter(({ isOver }) => !isOver);
    change.moment = { begun: world.tables.begun(), invocations: invocations.length, underWay };
  }
  change.kind = set?.kind === 'set' ? 'set' : set?.kind === 'overtaken' ? 'overtaken' : 'failed';
};

/** The change that a root shows, where it is sure to hold: it returned, and so did all that was called beside and after it. */
const holding = (changes: readonly Change[], { reason }: Control): Change | undefined => {
  const at = changes.findIndex((each) => each.reason === reason);
  const [change, ...after] = at < 0 ? [] : changes.slice(at);
  const isSure =
    change?.kind === 'set' && [...change.beside, ...after].every(({ kind }) => kind === 'overtaken' || kind === 'set');
  return isSure ? change : undefined;
};

/** Whoever looked before a stop of everything was in force may still finish: by what, and under which scope. */
const BEGINNINGS = new Map([
  ['before', jiraGet.scope],
  ['route', undefined],
  ['propose', undefined],
]);

/** What was read or asked, and which runs were made, in spite of a stop of everything. */
const brokenRest = (
  { begun }: World,
  { runs }: Evidence,
  { subject, reason }: Control,
  moment: Moment
): readonly string[] => {
  const isUnder = ({ ref, workflow }: Slot, scope = ''): boolean => isOver(subject, { ...ref, workflow, scope });
  const slotOf = new Map(ALL_SLOTS.map((slot) => [slot.ref.run, slot]));
  return [
    ...begun.flatMap(({ id, what, slot }) =>
      id >= moment.invocations && slot && BEGINNINGS.has(what) && isUnder(slot, BEGINNINGS.get(what))
        ? [`${what} of ${slot.thing} began after "${reason}"`]
        : []
    ),
    ...runs.flatMap(({ tenant, run }) => {
      const slot = slotOf.get(run);
      const mayCome = moment.underWay.some((each) => each.what === 'submit' && each.slot === slot);
      return slot && isUnder(slot) && !moment.begun.has(nameOf({ key: keys.run({ tenant, run }) })) && !mayCome
        ? [`${slot.thing} was submitted after "${reason}"`]
        : [];
    }),
  ];
};

/** An operator's undo passes stops and modes. */
const passes = ({ run, undoes }: Writ): boolean => undoes !== undefined && undoes.run !== run;

/** What was issued or begun although an operator had been told that it would not be. */
export const brokenGuards = (world: World, evidence: Evidence): readonly string[] =>
  evidence.roots.flatMap(({ control }) => {
    const change = control && holding(world.changes.get(control.subject) ?? [], control);
    if (control === undefined || change?.moment === undefined) return [];
    const { moment } = change;
    const { subject, stopped, until, mode, reason } = control;
    const isStopped = stopped && (until === undefined || world.clock.ms < Date.parse(until) + EXPIRY_MARGIN_MS);
    const isUnder = (writ: Writ): boolean => isOver(subject, { ...writ, scope: SCOPE }) && !passes(writ);
    const isNew = (key: string): boolean => !moment.begun.has(key);
    const isForbidden = ({ undoes, approvals = [] }: Writ): boolean =>
      isStopped ||
      mode === 'shadow' ||
      mode === 'suggest' ||
      (mode === 'supervised' && undoes === undefined && approvals.length === 0);
    return [
      ...evidence.writs.flatMap(({ key, writ }) =>
        isUnder(writ) && isForbidden(writ) && isNew(nameOf({ key }))
          ? [`${nameOf({ key })} was issued after "${reason}"`]
          : []
      ),
      ...evidence.claims.flatMap(({ key, claim, of }) =>
        isStopped && of && isUnder(of) && isNew(nameOf({ key, attempt: claim.attempt }))
          ? [`${nameOf({ key })} was claimed after "${reason}"`]
          : []
      ),
      ...(isStopped && control.stops === 'everything' ? brokenRest(world, evidence, control, moment) : []),
    ];
  });
