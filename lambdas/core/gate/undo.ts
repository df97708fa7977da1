import * as z from 'zod';
import { Standing } from '../limits/limit.ts';
import { RuleId } from '../names.ts';
import type { Tools } from '../provenance.ts';
import type { Claim, Reading, Writ } from '../records.ts';
import type { WriteTool } from '../tool.ts';
import { WritRef } from './verdict.ts';

/** Undos that a run makes of its own actions are numbered far beyond any action. */
const UNDOS_FROM = 1_000;
export const undoActionOf = (action: number): number => UNDOS_FROM + action;
/** The action that an undo of this number is of, where a run made it of its own; any other number as it is. */
export const actionOfUndo = (action: number): number => (action > UNDOS_FROM ? action - UNDOS_FROM : action);

/** Whether an operator asked for this undo: then it is made in a run of its own. */
export const isOperatorsUndo = ({ run, undoes }: Pick<Writ, 'run' | 'undoes'>): boolean =>
  undoes !== undefined && undoes.run !== run;

/**
 * Why an action is not undone. `changed`: the record is no longer as the action left it, or was set so again by somebody else: it is theirs now.
 * `nothing-to-undo`: it is already as it was before. `irreversible`: its contract says so. `never-done`: nothing happened.
 * `in-doubt`: nobody knows whether it happened, and nobody waits for it any longer. `before-unknown`: how it was before is not kept (any longer). `newer-stands`: a newer
 * write of the run to the same record is not undone. `undone-before`: an earlier undo was seen to have undone it, and what is there now came later.
 * `unsettled`: the action, or an earlier undo of it, was begun or may still be, and nobody saw yet what became of it. `not-asked`: neither a mismatch nor an operator asks for it. `mode` and
 * `stopped`: an undo that a run makes by itself is under both.
 */
export const UndoRefusal = z.enum([
  'changed',
  'nothing-to-undo',
  'irreversible',
  'never-done',
  'in-doubt',
  'before-unknown',
  'newer-stands',
  'undone-before',
  'unsettled',
  'not-asked',
  'mode',
  'stopped',
  'over-rate',
]);
export type UndoRefusal = z.infer<typeof UndoRefusal>;

export const ruleOf = (because: UndoRefusal): string => `UNDO_${because.toUpperCase().replaceAll('-', '_')}`;

/** The rule that permits an undo. */
export const STILL_OURS = 'UNDO_STILL_OURS';

const Refused = z.strictObject({
  kind: z.literal('refused'),
  because: UndoRefusal,
  rules: z.array(RuleId),
  limits: z.array(Standing).optional(),
});

export const UndoVerdict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('authorised'), writ: WritRef, rules: z.array(RuleId) }),
  Refused,
]);
/** What Decide says of an undo. */
export type UndoVerdict = z.infer<typeof UndoVerdict>;

/** What a run left behind of one action. */
export interface Left {
  readonly writ?: Writ | undefined;
  readonly claim?: Claim | undefined;
  /** The record as it was before. */
  readonly before?: Reading | undefined;
  /** When its run was closed for an execution that ended under it: a function that it had called may have been at work still. */
  readonly abandonedAt?: string | undefined;
}

/** How far an earlier undo of the same action came, in a run that is closed. */
export interface Attempt {
  readonly claim?: Claim | undefined;
  /** Whether Verify saw the record as it was before. */
  readonly isSeen: boolean;
  /** As of what is left of an action. */
  readonly abandonedAt?: string | undefined;
}

/** What would undo an action: the restoring tool and its input. */
export interface Reversal {
  readonly kind: 'reversible';
  readonly tool: WriteTool;
  readonly input: Readonly<Record<string, unknown>>;
  /** What shows the record again. */
  readonly seenWith: Readonly<Record<string, string>>;
  /** Whether the record shows what the action wrote; after a mismatch, a part of it beside what was there before is enough. */
  readonly isStillOurs: (now: Reading['output'], afterMismatch: boolean) => boolean;
}

type NotUndone = { readonly kind: 'refused'; readonly because: UndoRefusal };
const not = (because: UndoRefusal): NotUndone => ({ kind: 'refused', because });

const writeTool = (tools: Tools, name: string): WriteTool | undefined => {
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  return tool === undefined || tool.effect === 'read' ? undefined : tool;
};

/** How long a scope's function may be at work beyond its tool's own time-out, with room to spare. */
const OVERHEAD_MS = 60_000;

/** Until when a function may claim that had been called, and had claimed nothing, when the execution ended under it. */
export const mayBeginUntil = (abandonedAt: string, timeoutSeconds: number): string =>
  new Date(Date.parse(abandonedAt) + timeoutSeconds * 1_000 + OVERHEAD_MS).toISOString();

/** Whether an action that nobody has claimed may still be begun at `at`: only where its machine did not wait for its function. */
const mayStillBegin = (abandonedAt: string | undefined, timeoutSeconds: number, at: string): boolean =>
  abandonedAt !== undefined && at <= mayBeginUntil(abandonedAt, timeoutSeconds);

/**
 * What would undo an action, by what the run left behind and the time `at` which it is looked at. Pure: whether it may still be done takes the
 * record as it is now.
 */
export const reversalOf = (
  { writ, claim, before, abandonedAt }: Left,
  { tools, at }: { readonly tools: Tools; readonly at: string }
): Reversal | NotUndone => {
  if (writ === undefined || claim?.status === 'failed') return not('never-done');
  const written = writeTool(tools, writ.tool);
  if (claim === undefined || claim.status === 'released')
    return not(mayStillBegin(abandonedAt, written?.timeoutSeconds ?? 0, at) ? 'unsettled' : 'never-done');
  if (claim.status === 'executing' && Date.parse(at) <= Date.parse(claim.leaseUntil) + OVERHEAD_MS)
    return not('unsettled'); // its function may still say how it went
  if (claim.status !== 'done' || claim.digest !== writ.digest) return not('in-doubt');
  if (written === undefined || written.undo === 'irreversible') return not('irreversible');
  const { by, restores, seenWith, partly } = written.undo;
  const tool = writeTool(tools, by);
  if (tool === undefined || tool.scope !== written.scope) return not('irreversible');
  const input = written.input.safeParse(writ.arguments);
  if (!input.success || before === undefined) return not('before-unknown');
  const restoring = tool.input.safeParse(restores(input.data, before.output));
  if (!restoring.success) return not('before-unknown');
  return {
    kind: 'reversible',
    tool,
    input: restoring.data,
    seenWith: seenWith(input.data),
    isStillOurs: (now, afterMismatch) =>
      written.shows(input.data, now) || (afterMismatch && partly(input.data, { before: before.output, now })),
  };
};

/**
 * What an earlier undo leaves to say, where the record does not show it. Nothing happened where it claimed nothing, or its claim says so. A claim
 * without an end holds another undo up: to the end of its lease where the tool may be repeated, else for good.
 */
const heldBy = (
  { claim, isSeen, abandonedAt }: Attempt,
  { effect, timeoutSeconds }: WriteTool,
  now: Reading
): UndoRefusal | undefined => {
  if (isSeen) return 'undone-before';
  if (claim?.status === 'failed') return undefined;
  if (claim === undefined || claim.status === 'released')
    return mayStillBegin(abandonedAt, timeoutSeconds, now.at) ? 'unsettled' : undefined;
  const mayRepeat = claim.status !== 'done' && effect === 'idempotent' && now.at > claim.leaseUntil;
  return mayRepeat ? undefined : 'unsettled';
};

interface Judging {
  readonly tools: Tools;
  readonly afterMismatch: boolean;
  readonly earlier: readonly Attempt[];
}

/**
 * Whether an action may be undone, now that the record is seen as it is. `afterMismatch`: the effect was not seen whole, so a part of
 * it is enough, where nothing else is there than what was before. What an `earlier` undo has reversed is never reversed again. Pure.
 */
export const judgeUndo = (
  left: Left,
  now: Reading,
  { tools, afterMismatch, earlier }: Judging
): Reversal | NotUndone => {
  const reversal = reversalOf(left, { tools, at: now.at });
  if (reversal.kind === 'refused') return reversal;
  if (reversal.tool.shows(reversal.input, now.output)) return not('nothing-to-undo');
  const held = earlier.map((attempt) => heldBy(attempt, reversal.tool, now)).filter((because) => because !== undefined);
  const because = held.includes('undone-before') ? 'undone-before' : held[0];
  if (because !== undefined) return not(because);
  const isStillOurs = now.changedSince !== true && reversal.isStillOurs(now.output, afterMismatch);
  return isStillOurs ? reversal : not('changed');
};
