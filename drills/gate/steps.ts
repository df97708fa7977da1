import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { act, SEEN_FOR_MS } from '../../lambdas/core/act/act.ts';
import { read } from '../../lambdas/core/act/read.ts';
import { reconcile } from '../../lambdas/core/act/reconcile.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { undoActionOf } from '../../lambdas/core/gate/undo.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import { markerOf, Plan } from '../../lambdas/core/records.ts';
import { approve } from '../../lambdas/core/steps/approve.ts';
import { escalate, respond } from '../../lambdas/core/steps/close.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { reap } from '../../lambdas/core/steps/reap.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import { survey } from '../../lambdas/core/steps/survey.ts';
import { decideOrUndo } from '../../lambdas/core/steps/undo.ts';
import { verify } from '../../lambdas/core/steps/verify.ts';
import { submit } from '../../lambdas/core/tasks/submit.ts';
import { undoRun } from '../../lambdas/core/tasks/undo.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import type { Fate } from './life.ts';
import { REQUESTER } from './people.ts';
import type { Seen } from './promises.ts';
import { OTHER_QUEUE, SCOPE } from './release.ts';
import type { Slot } from './slots.ts';
import type { Answer } from './vendor.ts';
import { invoked, type World } from './world.ts';

/** What Decide answered to one action in one round. */
interface Answered {
  readonly kind: string;
  readonly digest: string;
}

/** What is remembered of a world beside it: nothing that a step relies on. */
export interface Model extends Seen {
  /** By run, action and round: it answers that ever after. */
  readonly verdicts: Map<string, Answered>;
  /** By run: the one that an operator was told undoes it. */
  readonly undos: Map<string, RunRef>;
  /** By run and action: what Verify saw. */
  readonly proofs: Map<string, string>;
}
export const aModel = (): Model => ({
  writs: new Map(),
  runs: new Map(),
  held: new Set(),
  settled: new Set(),
  verdicts: new Map(),
  undos: new Map(),
  proofs: new Map(),
});

/** One action of a run: its own, its undo after a mismatch, or an operator's undo in a run of its own. */
export interface Action {
  readonly slot: Slot;
  readonly ref: RunRef;
  readonly action: number;
  readonly undoes?: number;
}
export const actionOf = (slot: Slot): Action => ({ slot, ref: slot.ref, action: 1 });
export const ownUndoOf = (slot: Slot): Action => ({ slot, ref: slot.ref, action: undoActionOf(1), undoes: 1 });
/** Undefined as long as no operator has asked for it. */
export const operatorsUndoOf = ({ undos }: Model, slot: Slot): Action | undefined => {
  const ref = undos.get(slot.ref.run);
  return ref && { slot, ref, action: 1, undoes: 1 };
};
const isOperators = ({ slot, ref }: Action): boolean => ref.run !== slot.ref.run;

const keyOf = ({ ref, action }: Action, round = 1): string => `${ref.run} ${action} ${round}`;
export const verdictOf = ({ verdicts }: Model, of: Action, round = 1): string | undefined =>
  verdicts.get(keyOf(of, round))?.kind;
export const proofOf = ({ proofs }: Model, of: Action): string | undefined => proofs.get(keyOf(of));
/** The round in which a run's action is to be decided. */
export const roundOf = ({ answered }: World, { ref }: Slot): number => (answered.get(ref.run) ?? 0) + 1;

const RULES = ['DRILL_ALLOWED'];
const OPERATOR = { id: 'op', roles: ['operator'] } as const;

type Invoking = (world: World, slot: Slot, fate: Fate) => Promise<unknown>;

/** Steps of a run that are about no action of it, or about its first. */
export const STEPS = {
  submit: (world, slot, fate) => {
    const input = { summary: 'the vpn drops', issueKey: slot.thing };
    const by = { id: REQUESTER, tenant: slot.ref.tenant, roles: ['submitter', 'approver'] as const };
    return invoked(world, { what: 'submit', slot }, fate, async ({ submitting }) => {
      const { kind } = await submit(submitting, by, { workflow: slot.workflow, key: slot.key, input });
      return kind === 'accepted' ? kind : undefined;
    });
  },
  route: (world, slot, fate) =>
    invoked(world, { what: 'route', slot }, fate, ({ steps }) => route.run(steps, { ...slot.ref, round: 0 })),
  before: (world, slot, fate) => looks(world, actionOf(slot), 'before', fate),
  propose: (world, slot, fate) =>
    invoked(world, { what: 'propose', slot }, fate, ({ steps }) => propose.run(steps, { ...slot.ref, action: 1 })),
  respond: (world, slot, fate) =>
    invoked(world, { what: 'respond', slot }, fate, ({ steps }) =>
      respond.run(steps, { ...slot.ref, outcome: 'completed', rules: RULES })
    ),
  escalate: (world, slot, fate) =>
    invoked(world, { what: 'escalate', slot }, fate, ({ steps }) =>
      escalate.run(steps, { ...slot.ref, because: 'in-doubt', rules: RULES })
    ),
  reap: (world, { ref, ...slot }, fate) => reaps(world, { ...slot, ref }, ref, fate),
} as const satisfies Record<string, Invoking>;

export const reaps = (world: World, slot: Slot, ref: RunRef, fate: Fate) =>
  invoked(world, { what: 'reap', slot }, fate, ({ steps }) =>
    reap.run(steps, { detail: { status: 'FAILED' as const, input: ref } })
  );

/** A read scope reads the record, before or after an action. */
export const looks = (
  world: World,
  { slot, ref, action }: Action,
  call: 'before' | 'now' | 'after' | 'undone',
  fate: Fate,
  round?: number
) =>
  invoked(world, { what: call, slot }, fate, ({ reading }) =>
    read(reading, ref, {
      tool: jiraGet.name,
      call,
      action: call === 'undone' ? 1 : action,
      round,
      input: { issueKey: slot.thing },
      marker: call === 'now' ? markerOf({ run: slot.ref.run, action }) : undefined,
      workflow: slot.workflow,
    })
  );

/** Decide, in this round. What it has answered once, it answers ever after. */
export const decides = async (model: Model, world: World, of: Action, fate: Fate, round = 1): Promise<void> => {
  const { slot, ref, action, undoes } = of;
  const input = { ...ref, action, ...(undoes === undefined ? round > 1 && { round } : { undoes }) };
  const verdict = await invoked(world, { what: 'decide', slot }, fate, ({ steps }) => decideOrUndo.run(steps, input));
  if (verdict === undefined) return;
  const [before, now] = [model.verdicts.get(keyOf(of, round)), { kind: verdict.kind, digest: digestOf(verdict) }];
  if (before !== undefined && before.digest !== now.digest)
    throw new Error(`action ${action} of run ${ref.run} was given another verdict`);
  model.verdicts.set(keyOf(of, round), now);
};

/** Approve asks people, where Decide has said so in this round. */
export const asks = async (model: Model, world: World, slot: Slot, fate: Fate): Promise<void> => {
  const round = roundOf(world, slot);
  if (world.early.has(slot.ref.run) || verdictOf(model, actionOf(slot), round) !== 'approval-needed') return;
  const token = `${slot.ref.run} ${world.invocations.length}`;
  world.waiting.set(slot.ref.run, { round, token });
  await invoked(world, { what: 'ask', slot }, fate, ({ steps }) =>
    approve.run(steps, { ...slot.ref, action: 1, round, token })
  );
};

/** Decide is called again, whether or not those who were asked have answered. */
export const decidesAgain = async (model: Model, world: World, slot: Slot, fate: Fate): Promise<void> => {
  const isEarly = world.waiting.has(slot.ref.run);
  if (isEarly) world.early.add(slot.ref.run);
  const round = roundOf(world, slot) + (isEarly ? 1 : 0);
  if (round > 1) await looks(world, actionOf(slot), 'before', CALM, round);
  await decides(model, world, actionOf(slot), fate, round);
};

const CALM: Fate = { mishaps: [] };
const isCalm = ({ mishaps, dies }: Fate): boolean => mishaps.length === 0 && dies === undefined;

/** The scope's function uses a writ. Where an operator's undo has one, nothing that was stopped keeps it from that. */
export const acts = async (world: World, of: Action, answer: Answer, fate: Fate): Promise<void> => {
  const { slot, ref, action } = of;
  const { connection, state } = world.tables;
  const claims = dynamoClaims(connection, state, SCOPE);
  const { writ } = await claims.look(ref, action);
  const isFresh = world.clock.ms <= Date.parse(writ?.seenAt ?? '') + SEEN_FOR_MS;
  const hadWrit = isOperators(of) && isCalm(fate) && isFresh;
  const run = hadWrit ? await dynamoDesk(connection, world.tables).run(ref) : undefined;
  await invoked(world, { what: 'act', slot }, fate, ({ scope }) => act(scope(answer), ref, action));
  if (run?.status === 'active' && (await claims.look(ref, action)).claim === undefined)
    throw new Error(`an operator's undo of ${slot.thing} has its writ, and was not begun`);
};

export const reconciles = (world: World, { slot, ref, action }: Action, fate: Fate) =>
  invoked(world, { what: 'reconcile', slot }, fate, ({ scope }) => reconcile(scope('done'), ref, action));

/** Reads the record after the action, and compares. */
export const verifies = async (model: Model, world: World, of: Action, fate: Fate): Promise<void> => {
  const { slot, ref, action } = of;
  const isOwn = of.undoes !== undefined && !isOperators(of);
  const call = isOwn ? ('undone' as const) : ('after' as const);
  if ((await looks(world, of, call, fate)) === undefined) return;
  const proof = await invoked(world, { what: 'verify', slot }, fate, ({ steps }) =>
    verify.run(steps, { ...ref, action, ...(isOwn && { call: 'undone' as const }) })
  );
  if (proof) model.proofs.set(keyOf(of), proof.kind);
};

/** An operator wants a run undone. */
export const wantsUndone = async (model: Model, world: World, slot: Slot, fate: Fate): Promise<void> => {
  const by = { ...OPERATOR, tenant: slot.ref.tenant };
  const answer = await invoked(world, { what: 'undo', slot }, fate, ({ submitting }) =>
    undoRun(submitting, by, slot.ref, { reason: 'it was wrong' })
  );
  if (answer?.kind === 'accepted') model.undos.set(slot.ref.run, { tenant: slot.ref.tenant, run: answer.run.run });
};

export const surveys = (world: World, { slot, ref, action }: Action, fate: Fate) =>
  invoked(world, { what: 'survey', slot }, fate, ({ steps }) => survey.run(steps, { ...ref, action }));

export const reports = (world: World, { slot, ref }: Action, fate: Fate) =>
  invoked(world, { what: 'report', slot }, fate, ({ steps }) =>
    respond.run(steps, { ...ref, outcome: 'reported', rules: [] })
  );

/** Somebody who can write proposals puts another one in the place of the first. */
export const proposesOtherwise = async ({ tables: { connection, state } }: World, { ref }: Slot): Promise<void> => {
  const table = dynamoTable(connection, state);
  const item = await table.get(keys.plan(ref, 1));
  if (item === undefined) return;
  const plan = Plan.parse(item.content);
  await table.put({ ...item, content: { ...plan, arguments: { ...plan.arguments, component: OTHER_QUEUE } } });
};
