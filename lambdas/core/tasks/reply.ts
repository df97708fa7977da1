import { digestOf } from '../digest.ts';
import type { RunRef } from '../names.ts';
import type { Run } from '../run.ts';
import { type FieldError, fieldError, unknownFields } from './fields.ts';
import type { Identity } from './identity.ts';
import type { Desk, Executions, Workflows } from './ports.ts';
import { maySee } from './readers.ts';

export interface ReplyDeps {
  readonly desk: Desk;
  readonly executions: Executions;
  readonly workflows: Workflows;
  readonly now: () => Date;
}

export type Reply =
  | { readonly kind: 'accepted'; readonly round: number }
  | { readonly kind: 'unknown-run' }
  /** It is somebody else's: a reply counts as the words of the task's user, in provenance and audit. */
  | { readonly kind: 'not-theirs' }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** The run has asked nothing, or nothing that is still open. */
  | { readonly kind: 'nothing-asked' }
  /** Another reply to the same question is kept already. */
  | { readonly kind: 'conflict' }
  /** The reply is kept, and the execution does not wait for it: at this moment, or any longer. */
  | { readonly kind: 'not-waiting' }
  | { readonly kind: 'closed' };

/** The number of the latest question. */
const latestRound = ({ steps }: Run): number | undefined => {
  const rounds = Object.keys(steps).flatMap((key) => (/^ask#\d+$/.test(key) ? [Number(key.slice(4))] : []));
  return rounds.length === 0 ? undefined : Math.max(...rounds);
};

/** Whether the run went on from a question, which it does only with a reply. */
const wentOn = ({ steps }: Run, round: number): boolean => Object.hasOwn(steps, `route#${round + 1}`);

/**
 * Answers the run's latest question. The reply is kept first, once, then the execution goes on with it. Sent again after
 * whatever happened in between, the same reply does what is still to be done.
 */
export const reply = async (
  deps: ReplyDeps,
  by: Identity,
  ref: RunRef,
  sent: Readonly<Record<string, unknown>>
): Promise<Reply> => {
  const run = await deps.desk.run(ref);
  if (run === undefined || !maySee(by, run)) return { kind: 'unknown-run' };
  if (by.id !== run.user.id) return { kind: 'not-theirs' };
  const round = latestRound(run);
  const question = round === undefined ? undefined : await deps.desk.question(ref, round);
  if (round === undefined || question === undefined) return { kind: 'nothing-asked' };

  const checked = check(deps.workflows, run, question.field, sent);
  if ('errors' in checked) return { kind: 'invalid', errors: checked.errors };
  const { fields } = checked;
  // a run that went on may wait for something else since
  if (run.status !== 'waiting' || wentOn(run, round)) {
    const earlier = await deps.desk.reply(ref, round);
    if (earlier === undefined || !wentOn(run, round))
      return { kind: run.status === 'closed' ? 'closed' : 'nothing-asked' };
    return digestOf(earlier) === digestOf(fields) ? { kind: 'accepted', round } : { kind: 'nothing-asked' };
  }

  const kept = await deps.desk.keepReply(ref, round, fields, deps.now());
  if (digestOf(kept) !== digestOf(fields)) return { kind: 'conflict' };
  if ((await deps.executions.answer(question.token, { replied: round })) === 'answered')
    return { kind: 'accepted', round };

  // somebody may have sent the same reply at the same moment, or the run may have given up waiting
  const after = await deps.desk.run(ref);
  if (after !== undefined && wentOn(after, round)) return { kind: 'accepted', round };
  return { kind: after?.status === 'closed' ? 'closed' : 'not-waiting' };
};

/** The field that was asked for and no other, as the workflow declares it now: a run may be of an older release. */
const check = (
  workflows: Workflows,
  { workflow }: Run,
  asked: string,
  sent: Readonly<Record<string, unknown>>
): { readonly fields: Readonly<Record<string, string>> } | { readonly errors: readonly FieldError[] } => {
  const value = Object.hasOwn(sent, asked) ? sent[asked] : undefined;
  const declared = workflows.get(workflow)?.input.fields.find(({ name }) => name === asked);
  const field = declared ?? { name: asked, maxLength: 1_000, expected: 'text', isId: true };
  const wrong = fieldError({ ...field, needed: 'at-submission' }, value);
  const errors = [...unknownFields([asked], sent), ...(wrong ? [wrong] : [])];
  return errors.length > 0
    ? { errors: errors.map((error) => ({ ...error, field: `fields.${error.field}` })) }
    : { fields: { [asked]: String(value) } };
};
