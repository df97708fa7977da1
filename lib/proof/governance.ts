import { beyond, type Known, NOTHING_KNOWN } from './known.ts';
import type { Part, ProvenState, Understood } from './machine.ts';

/** What a machine is for, and which of its actions can be undone. */
export interface Purpose {
  /** Whether it carries a task out, or undoes what that did. */
  readonly kind: 'task' | 'undo';
  readonly reversible: ReadonlySet<number>;
}

/** What a way through the machine breaks, and the way. */
export interface Violation {
  readonly rule: string;
  readonly because: string;
  /** The states in the order of entry, as far as the one where it shows. Where it is of no state: what it is of, a scope or a contract. */
  readonly path: readonly string[];
}

/** What is broken: the rule, and in what. */
type Broken = readonly [rule: string, because: string] | undefined;

const isIdle = ({ effect }: Known): boolean => effect === 'none' || effect === 'verified';

const actBroken = (action: number, known: Known): Broken => {
  if (known.authorised !== action)
    return ['authorised', `it acts without a ruling that authorises action ${action} after what was proposed last`];
  // what did not verify is not done again: it is undone
  const isUndo = known.effect === 'mismatch' && known.undoes === known.acted && action !== known.acted;
  return isIdle(known) || isUndo
    ? undefined
    : ['once', 'it acts again although nobody has found that nothing happened'];
};

/** Any end: people may get a run at any time, but not one that hides what happened. */
const endBroken = ({ effect, faulted, acted, undoes }: Known, { reversible }: Purpose): Broken => {
  if (effect === 'claimed') return ['reconciled', 'it ends although nobody has looked up what became of its act'];
  if (!faulted && ['looked-up', 'done', 'seen'].includes(effect))
    return ['verified', 'it ends without Verify although its act may be done and nothing failed since'];
  const stands = effect === 'checked' || effect === 'mismatch';
  if (!faulted && stands && undoes === undefined && acted !== undefined && reversible.has(acted))
    return ['undone', 'it ends without asking for an undo although its act did not verify and can be undone'];
  return undefined;
};

const respondBroken = (known: Known, { kind }: Purpose): Broken => {
  const { effect, outcome, undoes } = known;
  if (!isIdle(known)) return ['verified', 'it answers although its act is not verified'];
  if (kind === 'undo')
    return outcome === 'reported' ? undefined : ['honest', 'it says itself what its steps have to say'];
  if (undoes !== undefined) return ['honest', 'it answers a task whose act was to be undone'];
  if (outcome === 'completed' && effect !== 'verified')
    return ['honest', 'it calls a run completed whose effect was not verified'];
  if (outcome !== 'completed' && effect === 'verified')
    return ['honest', `it calls a run ${outcome ?? 'nothing'} whose effect was verified`];
  return undefined;
};

/** A run undoes of its own accord only the act that it has just found not to show. */
const undoBroken = (undoes: number, known: Known): Broken =>
  known.effect === 'mismatch' && known.acted === undoes && known.undoes === undefined
    ? undefined
    : ['undone', 'it asks for an undo of what it has not found to be a mismatch'];

/** What a state breaks when it is entered with this known. */
const broken = (part: Part, known: Known, isGated: boolean, purpose: Purpose): Broken => {
  const isAdmitted = !isGated || known.route === (purpose.kind === 'task' ? 'eligible' : 'reversible');
  const notAdmitted: Broken = isAdmitted
    ? undefined
    : purpose.kind === 'task'
      ? ['eligible', 'it goes on with a task that Route has not called eligible']
      : ['reversible', 'it goes on with an action that Survey has not called reversible'];
  switch (part.kind) {
    case 'choice':
      return undefined;
    case 'read':
      return notAdmitted;
    case 'act':
      return actBroken(part.action, known);
    case 'reconcile':
      return known.effect === 'claimed' ? undefined : ['reconciled', 'it reconciles what is not in doubt'];
    case 'step':
      break;
  }
  switch (part.step) {
    case 'escalate':
      return endBroken(known, purpose);
    case 'respond':
      return endBroken(known, purpose) ?? respondBroken(known, purpose);
    case 'verify':
      return part.action === known.acted ? undefined : ['verified', 'it verifies what it did not act upon last'];
    case 'decide':
      if (part.undoes !== undefined && purpose.kind === 'task') return undoBroken(part.undoes, known);
      if (part.undoes === undefined && purpose.kind === 'undo')
        return ['undone', 'it asks for a ruling on something else than an undo'];
      if (part.undoes === undefined && known.read === 'stale')
        return ['fresh', 'it decides by what was read before people were asked'];
      return isIdle(known) ? notAdmitted : ['verified', 'it decides again before its act is verified'];
    default:
      if (!isIdle(known)) return ['verified', 'it goes on to another step before its act is verified'];
      if (part.step === 'approve' && (part.action === undefined || known.needed !== part.action))
        return ['asked', 'it asks people to approve what no ruling, given since, says needs it'];
      if (part.step === 'ask')
        return known.route === 'missing'
          ? undefined
          : ['eligible', 'it asks although Route has not called a field missing'];
      return part.step === 'route' || part.step === 'survey' ? undefined : notAdmitted;
  }
};

/** Ends that are allowed: the run was answered or handed to people. */
const endsWell = ({ part }: ProvenState): boolean =>
  part.kind === 'step' && (part.step === 'respond' || part.step === 'escalate');

/**
 * Follows every way through the machine, with what is known on it, and gives the first way into each thing that it breaks.
 * Ways that differ in nothing known are followed once, so it ends, whatever loops there are.
 */
export const followAll = ({ startAt, states }: Understood, purpose: Purpose): readonly Violation[] => {
  const isGated =
    purpose.kind === 'undo' || states.values().some(({ part }) => part.kind === 'step' && part.step === 'route');
  const violations = new Map<string, Violation>();
  const note = ([rule, because]: NonNullable<Broken>, path: readonly string[]): void => {
    const key = `${rule} ${path.at(-1)}`;
    if (!violations.has(key)) violations.set(key, { rule, because, path });
  };
  const seen = new Set<string>();
  const open: { readonly name: string; readonly known: Known; readonly path: readonly string[] }[] = [
    { name: startAt, known: NOTHING_KNOWN, path: [startAt] },
  ];
  for (const { name, known, path } of open) {
    const key = JSON.stringify([name, known]);
    const state = states.get(name);
    if (seen.has(key) || state === undefined) continue;
    seen.add(key);
    const fault = broken(state.part, known, isGated, purpose);
    if (fault !== undefined) {
      note(fault, path);
      continue;
    }
    for (const edge of state.edges) {
      if (edge.to !== undefined)
        open.push({ name: edge.to, known: beyond(state.part, edge, known), path: [...path, edge.to] });
      else if (!endsWell(state)) note(['ends', 'a run must end by Respond or Escalate'], path);
    }
  }
  return [...violations.values()];
};
