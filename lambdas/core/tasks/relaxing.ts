import { isInForce } from '../gate/controls.ts';
import { isLooser } from '../mode.ts';
import type { Control, Held } from '../records.ts';
import type { Identity } from './identity.ts';

/** What a control says of what may happen. */
type Word = Pick<Control, 'stopped' | 'stops' | 'until' | 'mode'>;

/** Whether a stop is for no less than another, and for no shorter. */
const stopsNoLess = (next: Word, before: Word): boolean =>
  (next.stops === 'everything' || before.stops !== 'everything') &&
  (next.until === undefined || (before.until !== undefined && next.until >= before.until));

/** Whether one word lets happen what the one before does not: it ends a stop that is in force, stops less, or loosens the mode. */
export const relaxes = (next: Word, before: Word, now: Date): boolean => {
  const frees = isInForce(before, now) && !(next.stopped && stopsNoLess(next, before));
  const loosens = before.mode !== undefined && (next.mode === undefined || isLooser(next.mode, before.mode));
  return frees || loosens;
};

/** Whether somebody may say this in spite of what the operating tenant holds. */
export const mayRelax = (
  { tenant }: Identity,
  next: Word,
  {
    held,
    operatorTenant,
    now,
  }: { readonly held: Held | undefined; readonly operatorTenant: string; readonly now: Date }
): boolean => tenant === operatorTenant || held === undefined || !relaxes(next, held, now);

/** What the operating tenant holds of a tenant after its own word: the stop, and the mode that it said last. */
export const heldBy = (
  { stopped, stops, until }: Word,
  { mode, before }: { readonly mode: Held['mode']; readonly before: Held | undefined }
): Held | undefined => {
  const kept = mode ?? before?.mode;
  if (!stopped && kept === undefined) return undefined;
  return {
    stopped,
    ...(stops !== undefined && { stops }),
    ...(until !== undefined && { until }),
    ...(kept && { mode: kept }),
  };
};
