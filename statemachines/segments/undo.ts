import { undoActionOf } from '../../lambdas/core/gate/undo.ts';
import type { ReadTool, WriteTool } from '../../lambdas/core/tool.ts';
import { type State, type StateMachine, stateMachine, type Value, type Values } from './asl.ts';
import type { Callees } from './callees.ts';
import { type CarriedOut, carryOut } from './carry-out.ts';
import { escalate, respond } from './ends.ts';
import { WORKFLOW } from './read.ts';
import { because, call, caught, outcome } from './task.ts';

/** An action that a workflow may take, and the read tool that sees its effect. */
export interface Action {
  readonly action: number;
  readonly write: WriteTool;
  readonly seenBy: ReadTool;
}

type Mismatched = 'DecideUndo' | 'RulingUndo' | CarriedOut<'Undo'>;

/** The rules of the mismatch, and what became of its undo. */
const andAlso = (rules: string): Value => `{% $append($rules, ${rules}) %}`;

/**
 * After a mismatch: has Decide say whether what was read back is (part of) the run's own write and nobody else's, undoes it by a
 * writ of its own, and reads that back. Whatever comes of it, the run goes to people with `$because` and `$rules`, which
 * say how the undo went. `seeing` is what the read scope's function is told besides the call.
 */
export const undoMismatch = (
  { step, scopeOf }: Callees,
  {
    action,
    write,
    seenBy,
  }: Pick<Action, 'action'> & { write: Pick<WriteTool, 'name' | 'scope'>; seenBy: Pick<ReadTool, 'name' | 'scope'> },
  seeing: Values
) => {
  const own = undoActionOf(action);
  const failing = (reason: string): Values => ({
    rules: andAlso(reason === 'stopped' ? "$append(['UNDO_STOPPED'], $found.rules)" : "['UNDO_FAILED']"),
  });
  return {
    DecideUndo: call(step.decide, {
      payload: { action: own, undoes: action },
      saveAs: 'verdict',
      otherwise: [caught('States.ALL', 'Escalate', failing('fault'))],
      next: 'RulingUndo' as const,
    }),
    RulingUndo: {
      Type: 'Choice',
      Choices: [{ Condition: "{% $verdict.kind = 'authorised' %}", Assign: { attempt: 1 }, Next: 'ActUndo' }],
      Assign: { rules: andAlso('$verdict.rules') },
      Default: 'Escalate',
    },
    ...carryOut({
      suffix: 'Undo',
      action: own,
      scope: scopeOf(write),
      reader: scopeOf(seenBy),
      verifier: step.verify,
      seeing: { ...seeing, call: 'undone' },
      verifying: { call: 'undone' },
      confirmed: { kind: 'undone', assign: { rules: andAlso('$proof.rules') }, next: 'Escalate' },
      mismatch: { assign: { rules: andAlso("['UNDO_NOT_SEEN']") }, next: 'Escalate' },
      failing,
    }),
  } as Readonly<Record<Mismatched, State<Mismatched | 'Escalate'>>>;
};

/** Nobody is waited for. */
const DAY_SECONDS = 86_400;

const REPORTED = outcome('reported', []);

/**
 * The states that undo what a run did, newest first: `Survey` looks at what the run left behind, `Now` reads the record as it is,
 * Decide rules, and a writ of its own is acted upon, read back and verified. A refusal goes on to the next older action: Survey
 * refuses that where it lies below one that still stands. What fails goes to people.
 */
export const undoMachine = (
  callees: Callees,
  { name, actions }: { readonly name: string; readonly actions: readonly Action[] }
): StateMachine => {
  const { step, scopeOf } = callees;
  const newestFirst = actions.toSorted((a, b) => b.action - a.action);
  const states: Record<string, State<string>> = {};
  for (const [at, { action, write, seenBy }] of newestFirst.entries()) {
    const older = newestFirst[at + 1]?.action;
    const onward = { assign: REPORTED, next: older === undefined ? 'Respond' : `Survey${older}` };
    const reading = { workflow: WORKFLOW, tool: seenBy.name, input: '{% $surveyed.input %}', action };
    const chosen = (name: string, kind: string, assign: Values, next: string): void => {
      states[`${name}${action}`] = {
        Type: 'Choice',
        Choices: [
          {
            Condition: `{% $${name === 'Ruling' ? 'verdict' : 'surveyed'}.kind = '${kind}' %}`,
            Assign: assign,
            Next: next,
          },
        ],
        Assign: onward.assign,
        Default: onward.next,
      };
    };
    states[`Survey${action}`] = call<string>(step.survey, {
      payload: { action },
      saveAs: 'surveyed',
      next: `Surveyed${action}`,
    });
    chosen('Surveyed', 'reversible', {}, `Now${action}`);
    states[`Now${action}`] = call<string>(scopeOf(seenBy), {
      payload: { call: 'now', ...reading, marker: '{% $surveyed.marker %}' },
      next: `Decide${action}`,
    });
    states[`Decide${action}`] = call<string>(step.decide, {
      payload: { action, undoes: action },
      saveAs: 'verdict',
      next: `Ruling${action}`,
    });
    chosen('Ruling', 'authorised', { attempt: 1 }, `Act${action}`);
    Object.assign(
      states,
      carryOut<string, string>({
        suffix: String(action),
        action,
        scope: scopeOf(write),
        reader: scopeOf(seenBy),
        verifier: step.verify,
        seeing: { call: 'after', ...reading },
        confirmed: { kind: 'undone', ...onward },
        mismatch: { assign: because('mismatch', '{% $proof.rules %}'), next: 'Escalate' },
      })
    );
  }
  return stateMachine<string>({
    Comment: `Undoes what a run of ${name} did.`,
    StartAt: `Survey${newestFirst[0]?.action ?? 1}`,
    TimeoutSeconds: DAY_SECONDS,
    States: { ...states, ...respond(callees), ...escalate(callees) },
  });
};
