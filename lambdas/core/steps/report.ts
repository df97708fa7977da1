import * as z from 'zod';
import { UndoRefusal, undoActionOf } from '../gate/undo.ts';
import { WritRef } from '../gate/verdict.ts';
import type { Run } from '../run.ts';

/**
 * What became of the undo of one action: `undone`, as it was read back; a refusal; `mismatch`: acted, and what was read back is not what
 * was there before; `under-way`: not ended yet, or where the run is closed, ended by a fault that people have.
 */
export const Report = z.enum(['undone', ...UndoRefusal.options, 'mismatch', 'under-way', 'failed']);
export type Report = z.infer<typeof Report>;

export const ActionReport = z.strictObject({ action: z.int().positive(), report: Report });
export type ActionReport = z.infer<typeof ActionReport>;

/** Reports after which nothing of the action is left in the customer's system. */
export const STANDS_NO_MORE: readonly Report[] = ['undone', 'nothing-to-undo', 'never-done', 'undone-before'];

/**
 * Reports after which another undo may come to more: what changed the record since may be undone itself, and what the action wrote be there
 * again; the window of a rate may be over, or a call have ended.
 */
export const MAY_CHANGE: readonly Report[] = ['changed', 'nothing-to-undo', 'newer-stands', 'over-rate', 'unsettled'];

const Refused = z.looseObject({ kind: z.literal('refused'), because: UndoRefusal });
const Verified = z.looseObject({ kind: z.enum(['undone', 'mismatch']) });

const Authorised = z.looseObject({ kind: z.literal('authorised'), writ: WritRef });

type Steps = Run['steps'];

/** Every writ that the steps of a run name, and in which round of deciding it was issued. */
export const writsNamed = (steps: Steps): readonly (WritRef & { readonly round: number })[] =>
  Object.entries(steps).flatMap(([key, answer]) => {
    const [decided, round = '1'] = /^decide#\d+(?:\.(\d+))?$/.exec(key) ?? [];
    const writ = decided === undefined ? undefined : Authorised.safeParse(answer).data?.writ;
    return writ === undefined ? [] : [{ ...writ, round: Number(round) }];
  });

/** By what the steps of a run answered. `own`: the number that the undo has among the run's actions. */
export const reportOf = (steps: Steps, action: number, own = action): Report => {
  const seen = Verified.safeParse(steps[`verify#${own}`]).data;
  if (seen !== undefined) return seen.kind;
  for (const key of [`decide#${own}`, `survey#${action}`]) {
    const refused = Refused.safeParse(steps[key]).data;
    if (refused !== undefined) return refused.because;
  }
  return 'under-way';
};

const numbered = (steps: Steps, key: RegExp): readonly number[] =>
  Object.keys(steps).flatMap((each) => {
    const [, number] = key.exec(each) ?? [];
    return number === undefined ? [] : [Number(number)];
  });

/** What became of each undo that a run made or tried, newest action first: of its own actions, or of those of another run. */
export const reportsOf = ({ steps, status, undo }: Pick<Run, 'steps' | 'status' | 'undo'>): readonly ActionReport[] => {
  const actions =
    undo === undefined
      ? numbered(steps, /^decide#(\d+)$/).flatMap((action) =>
          Object.hasOwn(steps, `decide#${undoActionOf(action)}`) ? [[action, undoActionOf(action)] as const] : []
        )
      : numbered(steps, /^survey#(\d+)$/).map((action) => [action, action] as const);
  return actions
    .toSorted(([a], [b]) => b - a)
    .map(([action, own]) => {
      const report = reportOf(steps, action, own);
      return { action, report: report === 'under-way' && status === 'closed' ? 'failed' : report };
    });
};
