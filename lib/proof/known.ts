import { actionOfUndo } from '../../lambdas/core/gate/undo.ts';
import type { Value } from '../../statemachines/segments/asl.ts';
import type { Claim, Edge, Part } from './machine.ts';

/** What is known on one way through a machine. */
export interface Known {
  /** The variable that holds the answer of Route, in an undo of Survey, and the kind that this answer is known to have. */
  readonly routed: string | undefined;
  readonly route: string | undefined;
  /** The variable that holds Decide's answer, given since anything was proposed, and to which action. */
  readonly verdict: string | undefined;
  readonly decided: number | undefined;
  /** The action that the answer is known to authorise, or to need an approval for. */
  readonly authorised: number | undefined;
  readonly needed: number | undefined;
  /**
   * Of the last act: `claimed` it was begun and nobody heard how it went; `looked-up` Reconcile was asked, `unclear` and did
   * not find it done; `done`, then `seen` as it was read back, `checked` by Verify, and `verified` or a `mismatch`.
   */
  readonly effect: 'none' | 'claimed' | 'looked-up' | 'unclear' | 'done' | 'seen' | 'checked' | 'verified' | 'mismatch';
  /** The action that was acted upon last, and whether it is an undo. */
  readonly acted: number | undefined;
  /** The action whose undo Decide was last asked for: what is authorised, done and looked up since is that undo. */
  readonly undoes: number | undefined;
  /** The variables that hold Reconcile's and Verify's answers to it. */
  readonly found: string | undefined;
  readonly proof: string | undefined;
  /** Whether an error has been caught since. */
  readonly faulted: boolean;
  /** What was read before the action: `stale` once people have been asked since. */
  readonly read: 'none' | 'fresh' | 'stale';
  /** What Respond would close the run with. */
  readonly outcome: string | undefined;
}

export const NOTHING_KNOWN: Known = {
  routed: undefined,
  route: undefined,
  verdict: undefined,
  decided: undefined,
  authorised: undefined,
  needed: undefined,
  effect: 'none',
  acted: undefined,
  undoes: undefined,
  found: undefined,
  proof: undefined,
  faulted: false,
  read: 'none',
  outcome: undefined,
};

const isAnswer = (value: Value | undefined): boolean => value === '{% $states.result.Payload %}';
const answerVariable = ({ assigns }: Edge): string | undefined =>
  Object.keys(assigns).find((name) => isAnswer(assigns[name]));

/** What a condition that holds adds. */
const learn = (known: Known, claim: Claim): Known => {
  if (claim.kind !== 'is' || claim.field !== 'kind') return known;
  const { variable, value } = claim;
  if (variable === known.routed) return { ...known, route: value };
  if (variable === known.verdict && value === 'authorised') return { ...known, authorised: known.decided };
  if (variable === known.verdict && value === 'approval-needed') return { ...known, needed: known.decided };
  if (variable === known.found && known.effect === 'looked-up') {
    if (value === 'done') return { ...known, effect: 'done' };
    if (value === 'not-done' || value === 'stopped') return { ...known, effect: 'none' };
  }
  const seen = known.undoes === undefined ? 'verified' : 'undone';
  if (variable === known.proof && known.effect === 'checked' && value === seen)
    return { ...known, effect: 'verified', authorised: undefined }; // another act needs another ruling
  return known;
};

/** What a condition that did not hold adds. */
const rule = (known: Known, claim: Claim): Known =>
  claim.kind !== 'is' || claim.field !== 'kind'
    ? known
    : claim.value === 'done' && claim.variable === known.found && known.effect === 'looked-up'
      ? { ...known, effect: 'unclear' }
      : claim.value === (known.undoes === undefined ? 'verified' : 'undone') &&
          claim.variable === known.proof &&
          known.effect === 'checked'
        ? { ...known, effect: 'mismatch' }
        : known;

/** The reading that shows the last act: a run's undo of its own action has one to itself. */
const showsLastAct = ({ call, action }: Extract<Part, { kind: 'read' }>, { acted }: Pick<Known, 'acted'>): boolean => {
  if (acted === undefined) return false;
  const of = actionOfUndo(acted);
  return action === of && call === (of === acted ? 'after' : 'undone');
};

/** What is known after a task or choice was left by this way. */
const left = (part: Part, edge: Edge, known: Known): Known => {
  const isCaught = edge.on === 'caught';
  const variable = isCaught ? undefined : answerVariable(edge);
  const caught = isCaught ? { ...known, faulted: true } : known;
  switch (part.kind) {
    case 'choice':
      return edge.excludes.reduce(rule, edge.holds.reduce(learn, known));
    case 'act': {
      const isNothing = isCaught && edge.errors.length === 1 && edge.errors[0] === 'Terminal';
      const effect = isNothing ? 'none' : isCaught ? 'claimed' : 'done';
      return { ...known, effect, acted: part.action, faulted: isCaught, found: undefined, proof: undefined };
    }
    case 'reconcile':
      return { ...known, effect: 'looked-up', faulted: isCaught, found: variable };
    case 'read':
      if (!isCaught && part.call === 'before') return { ...known, read: 'fresh' };
      return !isCaught && showsLastAct(part, known) && known.effect === 'done' ? { ...known, effect: 'seen' } : caught;
    case 'step':
      break;
  }
  // whatever changes what would be done, or who says so, ends what was decided before
  const undecided = { ...caught, verdict: undefined, decided: undefined, authorised: undefined, needed: undefined };
  switch (part.step) {
    case 'route':
      return { ...undecided, routed: variable, route: undefined };
    case 'ask':
      return { ...undecided, routed: undefined, route: undefined };
    case 'propose':
      return undecided;
    case 'approve': // people may say what they like: it authorises nothing, and what was said before is over
      return { ...undecided, read: known.read === 'none' ? 'none' : 'stale' };
    case 'survey':
      return { ...undecided, routed: variable, route: undefined };
    case 'decide':
      return { ...undecided, verdict: variable, decided: part.action, undoes: part.undoes };
    case 'verify':
      return !isCaught && known.effect === 'seen' && part.action === known.acted
        ? { ...known, effect: 'checked', proof: variable }
        : caught;
    default:
      return caught;
  }
};

/** Variables that a way assigns no longer hold the answer that was known. */
const forgotten = ({ assigns }: Edge, known: Known): Known => {
  const kept = (variable: string | undefined): string | undefined =>
    variable !== undefined && Object.hasOwn(assigns, variable) ? undefined : variable;
  const { outcome: said } = assigns;
  const literal = typeof said === 'string' && !said.startsWith('{%') ? said : undefined;
  return {
    ...known,
    routed: kept(known.routed),
    verdict: kept(known.verdict),
    found: kept(known.found),
    proof: kept(known.proof),
    outcome: Object.hasOwn(assigns, 'outcome') ? literal : known.outcome,
  };
};

/** What is known beyond a way. A condition is asked before its way assigns anything; a task's answer is what is assigned. */
export const beyond = (part: Part, edge: Edge, known: Known): Known =>
  part.kind === 'choice' ? forgotten(edge, left(part, edge, known)) : left(part, edge, forgotten(edge, known));
