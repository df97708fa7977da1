import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import type { Fate } from './life.ts';
import { APPROVERS, says } from './people.ts';
import type { Slot } from './slots.ts';
import {
  type Action,
  actionOf,
  acts,
  asks,
  decides,
  looks,
  type Model,
  operatorsUndoOf,
  ownUndoOf,
  proofOf,
  reports,
  roundOf,
  STEPS,
  surveys,
  verdictOf,
  verifies,
  wantsUndone,
} from './steps.ts';
import type { World } from './world.ts';

/*
 * The ways of the state machines, undisturbed and up to some state. What was answered before is not asked again.
 */

export const CALM: Fate = { mishaps: [] };

type Going = (model: Model, world: World, slot: Slot) => Promise<void>;

const decided: Going = async (model, world, slot) => {
  const round = roundOf(world, slot);
  if (verdictOf(model, actionOf(slot), round) === undefined) await decides(model, world, actionOf(slot), CALM, round);
};

/** Where people have to approve, as many of them do as are needed. */
const approved: Going = async (model, world, slot) => {
  const isAsked = verdictOf(model, actionOf(slot), roundOf(world, slot)) === 'approval-needed';
  if (!isAsked) return;
  if (!world.waiting.has(slot.ref.run)) await asks(model, world, slot, CALM);
  for (const by of APPROVERS)
    if (world.waiting.has(slot.ref.run)) await says(world, slot, { by, decision: 'approve' }, CALM);
};

/** Whether an operator's undo has all that it takes to be decided, and is not. */
const isUndecided = async ({ tables }: World, { slot, ref, action }: Action): Promise<boolean> => {
  const ledger = dynamoLedger(tables.connection, tables);
  const found = await ledger.look(ref, {
    readings: [{ scope: jiraGet.scope, tool: jiraGet.name, call: 'now', action }],
  });
  const isOpen = found?.run.status === 'active' && !Object.hasOwn(found.run.steps, `decide#${action}`);
  return ref.run !== slot.ref.run && isOpen && found.readings.length > 0;
};

const undone = async (model: Model, world: World, of: Action): Promise<void> => {
  if (verdictOf(model, of) === undefined) await decides(model, world, of, CALM);
  if (verdictOf(model, of) === undefined && (await isUndecided(world, of)))
    throw new Error(`the undo of ${of.slot.thing} is wanted, and was not decided`);
  if (verdictOf(model, of) !== 'authorised' || proofOf(model, of) !== undefined) return;
  await acts(world, of, 'done', CALM);
  await verifies(model, world, of, CALM);
};

const isAuthorised = (model: Model, world: World, slot: Slot): boolean =>
  verdictOf(model, actionOf(slot), roundOf(world, slot)) === 'authorised';

const STATES = {
  submit: (_, world, slot) => once(world, slot, 'submit'),
  route: (_, world, slot) => once(world, slot, 'route'),
  before: (_, world, slot) => once(world, slot, 'before'),
  propose: (_, world, slot) => once(world, slot, 'propose'),
  decide: decided,
  approve: approved,
  'decide again': decided,
  act: async (model, world, slot) => {
    if (isAuthorised(model, world, slot)) await acts(world, actionOf(slot), 'done', CALM);
  },
  verify: async (model, world, slot) => {
    const isNew = proofOf(model, actionOf(slot)) === undefined;
    if (isNew && isAuthorised(model, world, slot)) await verifies(model, world, actionOf(slot), CALM);
  },
  undo: async (model, world, slot) => {
    if (proofOf(model, actionOf(slot)) === 'mismatch') await undone(model, world, ownUndoOf(slot));
  },
  respond: async (_, world, slot) => void (await STEPS.respond(world, slot, CALM)),
} as const satisfies Record<string, Going>;

/** What an operator's undo goes through. */
const UNDOING = {
  'be wanted undone': (model, world, slot) => wantsUndone(model, world, slot, CALM),
  survey: async (model, world, slot) => {
    const of = operatorsUndoOf(model, slot);
    if (of) await surveys(world, of, CALM);
  },
  now: async (model, world, slot) => {
    const of = operatorsUndoOf(model, slot);
    if (of) await looks(world, of, 'now', CALM);
  },
  undone: async (model, world, slot) => {
    const of = operatorsUndoOf(model, slot);
    if (of) await undone(model, world, of);
  },
  report: async (model, world, slot) => {
    const of = operatorsUndoOf(model, slot);
    if (of) await reports(world, of, CALM);
  },
} as const satisfies Record<string, Going>;

const once = async (world: World, slot: Slot, step: 'submit' | 'route' | 'before' | 'propose'): Promise<void> => {
  const isDone = world.invocations.some((each) => each.slot === slot && each.what === step && each.hasAnswered);
  if (!isDone) await STEPS[step](world, slot, CALM);
};

export type State = keyof typeof STATES;
export type UndoState = keyof typeof UNDOING;
export const UNDO_STATES = Object.keys(UNDOING) as UndoState[];

const along = async <Name extends string>(
  states: Readonly<Record<Name, Going>>,
  to: Name,
  ...where: Parameters<Going>
): Promise<void> => {
  for (const [name, go] of Object.entries(states) as [Name, Going][]) {
    await go(...where);
    if (name === to) return;
  }
};

/** A run goes through its states, up to this one. */
export const goesOn = (model: Model, world: World, slot: Slot, to: State): Promise<void> =>
  along(STATES, to, model, world, slot);

/** An operator's undo goes through its states, up to this one. */
export const goesBack = (model: Model, world: World, slot: Slot, to: UndoState): Promise<void> =>
  along(UNDOING, to, model, world, slot);
