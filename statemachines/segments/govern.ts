import type * as z from 'zod';
import { APPROVAL_ROUNDS, APPROVAL_SECONDS } from '../../lambdas/core/gate/approval.ts';
import type { WriteTool } from '../../lambdas/core/tool.ts';
import type { State } from './asl.ts';
import type { Callees } from './callees.ts';
import { type CarriedOut, carryOut } from './carry-out.ts';
import { type ReadCall, reading } from './read.ts';
import { ask, because, call, OVER, outcome } from './task.ts';
import { undoMismatch } from './undo.ts';

/** The state waits a little longer than people may approve: whoever is in time is heard. */
const APPROVE_WITHIN_SECONDS = APPROVAL_SECONDS + 60;

/** `$asked` is the round in which people were asked. */
const NEXT_ROUND = '{% $asked + 1 %}';
const RULES = '{% $verdict.rules %}';
const PROVEN = '{% $proof.rules %}';

/** A machine whose write is irreversible has no states of an undo, and nothing leads to them. */
type Own =
  | 'Decide'
  | 'Ruling'
  | 'Approve'
  | 'ReadAgain'
  | 'DecideAgain'
  | CarriedOut<''>
  | 'DecideUndo'
  | 'RulingUndo'
  | CarriedOut<'Undo'>;

export interface Governed<
  WI extends z.ZodObject,
  WO extends z.ZodObject,
  RI extends z.ZodObject,
  RO extends z.ZodObject,
> {
  /** The action's number in the run. */
  readonly action: number;
  readonly write: WriteTool<WI, WO>;
  /** What the proposal was made of, which is read again when people have been asked: it may have changed while they thought. */
  readonly proposedFrom: ReadCall<RI, RO>;
  /** Sees the effect afterwards. */
  readonly readBack: ReadCall<RI, RO>;
}

/**
 * Carries one action from proposal to verified effect. `Act` has one way in besides its own repetition: an authorising
 * verdict. Approval leads back to a look at the record and a decision, never on to `Act`; `$asked` counts how often the action has asked. What does
 * not verify is undone, where it can be and is still ours, before people get the run.
 */
export const govern = <WI extends z.ZodObject, WO extends z.ZodObject, RI extends z.ZodObject, RO extends z.ZodObject>(
  { step, scopeOf }: Callees,
  { action, write, proposedFrom, readBack }: Governed<WI, WO, RI, RO>
) =>
  ({
    Decide: call(step.decide, { payload: { action }, saveAs: 'verdict', assign: { asked: 0 }, next: 'Ruling' }),
    Ruling: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $verdict.kind = 'authorised' %}", Assign: { attempt: 1 }, Next: 'Act' },
        { Condition: "{% $verdict.kind = 'recorded' %}", Assign: outcome('recorded', RULES), Next: 'Respond' },
        {
          Condition: `{% $verdict.kind = 'approval-needed' and $asked < ${APPROVAL_ROUNDS.length} %}`,
          Assign: { asked: '{% $asked + 1 %}' },
          Next: 'Approve',
        },
        {
          Condition: "{% $verdict.kind = 'approval-needed' %}",
          Assign: because('no-approval', RULES),
          Next: 'Escalate',
        },
        {
          Condition: "{% $verdict.kind = 'refused' and $verdict.because = 'forbidden' %}",
          Assign: outcome('refused', RULES),
          Next: 'Respond',
        },
        {
          Condition: "{% $verdict.kind = 'refused' and $verdict.because = 'declined' %}",
          Assign: outcome('refused', RULES),
          Next: 'Respond',
        },
        {
          Condition: "{% $verdict.kind = 'refused' and $verdict.because = 'unsure' %}",
          Assign: because('unsure', RULES),
          Next: 'Escalate',
        },
        ...([...OVER, 'stopped'] as const).map((reason) => ({
          Condition: `{% $verdict.kind = 'refused' and $verdict.because = '${reason}' %}`,
          Assign: because(reason, RULES),
          Next: 'Escalate' as const,
        })),
      ],
      Assign: because('refused', RULES),
      Default: 'Escalate',
    },
    Approve: ask(step.approve, {
      payload: { action, round: '{% $asked %}' },
      withinSeconds: APPROVE_WITHIN_SECONDS,
      silence: because('no-approval', RULES),
      next: 'ReadAgain',
    }),
    ReadAgain: call(scopeOf(proposedFrom.tool), {
      payload: reading('before', proposedFrom, { round: NEXT_ROUND }),
      next: 'DecideAgain',
    }),
    DecideAgain: call(step.decide, {
      payload: { action, round: NEXT_ROUND },
      saveAs: 'verdict',
      next: 'Ruling',
    }),
    ...carryOut({
      suffix: '',
      action,
      scope: scopeOf(write),
      reader: scopeOf(readBack.tool),
      verifier: step.verify,
      seeing: reading('after', readBack, { action }),
      confirmed: { kind: 'verified', assign: outcome('completed', PROVEN), next: 'Respond' },
      mismatch: {
        assign: because('mismatch', PROVEN),
        next: write.undo === 'irreversible' ? 'Escalate' : 'DecideUndo',
      },
    }),
    ...(write.undo !== 'irreversible' &&
      undoMismatch(
        { step, scopeOf },
        { action, write, seenBy: readBack.tool },
        reading('undone', readBack, { action })
      )),
  }) as Readonly<Record<Own, State<Own | 'Respond' | 'Escalate'>>>;
