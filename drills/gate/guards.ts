import { controlSubject, EXPIRY_MARGIN_MS, isOver } from '../../lambdas/core/gate/controls.ts';
import type { Control, Writ } from '../../lambdas/core/records.ts';
import { setControl, type Target } from '../../lambdas/core/tasks/control.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import { attempted, type Fate } from './life.ts';
import { operatorsProcess, type World } from './world.ts';

/*
 * What operators were told. A stop whose call has returned holds until somebody begins to end it, or it ends by itself. Which
 * change that is, each control's root says by its reason; whatever stood there when the call returned, had begun before.
 */

type Kind = 'pending' | 'set' | 'overtaken' | 'failed';
interface Change {
  readonly reason: string;
  kind: Kind;
  /** Changes that were under way when it was called. */
  readonly beside: readonly Change[];
  /** Everything that had begun when it returned. */
  begun?: ReadonlySet<string>;
}
/** By subject: every change that was called, in the order of the calls. */
export type Changes = Map<string, Change[]>;

const OPERATOR = { id: 'op', tenant: 'operations', roles: ['operator'] } as const;

/** A writ by its key; a claim by its key and attempt. */
const writKey = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk}/${sk}`;
export const begunIn = ({ writs, claims }: Evidence): ReadonlySet<string> =>
  new Set([
    ...writs.map(({ key }) => writKey(key)),
    ...claims.map(({ key, claim }) => `${writKey(key)}/${claim.attempt}`),
  ]);

export interface Order {
  readonly target: Target;
  readonly stopped: boolean;
  readonly mode?: 'autopilot' | 'shadow' | undefined;
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
  const set = await attempted(() =>
    setControl(operatorsProcess(world, fate), OPERATOR, target, {
      stopped,
      reason: change.reason,
      ...(target.level === 'tenant' && mode && { mode }),
      ...(stopped && { stops: everything ? ('everything' as const) : ('writes' as const) }),
      ...(stopped && until !== undefined && { until }),
    })
  );
  if (set?.kind === 'set') change.begun = begunIn(await evidenceOf(world.tables));
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

/** What was issued or begun although an operator had been told that it would not be. */
export const brokenGuards = (world: World, evidence: Evidence): readonly string[] =>
  evidence.roots.flatMap(({ control }) => {
    const change = control && holding(world.changes.get(control.subject) ?? [], control);
    if (control === undefined || change?.begun === undefined) return [];
    const { begun } = change;
    const { subject, stopped, until, mode } = control;
    const isStopped = stopped && (until === undefined || world.clock.ms < Date.parse(until) + EXPIRY_MARGIN_MS);
    const isShut = isStopped || (mode !== undefined && mode !== 'autopilot');
    const isUnder = (writ: Writ): boolean => isOver(subject, writ);
    const isNew = (key: string): boolean => !begun.has(key);
    return [
      ...evidence.writs.flatMap(({ key, writ }) =>
        isShut && isUnder(writ) && isNew(writKey(key)) ? [`${writKey(key)} was issued after "${control.reason}"`] : []
      ),
      ...evidence.claims.flatMap(({ key, claim, of }) =>
        isStopped && of && isUnder(of) && isNew(`${writKey(key)}/${claim.attempt}`)
          ? [`${writKey(key)} was claimed after "${control.reason}"`]
          : []
      ),
    ];
  });
