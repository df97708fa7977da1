import { dynamoApprovals } from '../../lambdas/adapters/dynamodb/approvals.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { approvalId, decideApproval } from '../../lambdas/core/tasks/approve.ts';
import { nameOf } from './journal.ts';
import type { Fate } from './life.ts';
import { SCOPE } from './release.ts';
import { ALL_SLOTS, type Slot } from './slots.ts';
import { invoked, type World } from './world.ts';

/*
 * What people say when they are asked. What they saw, quoted and were answered is kept beside the world, for the promises to be judged by.
 */

/** Who submits every task. */
export const REQUESTER = 'u-1';
export const APPROVERS = ['a-1', 'a-2', 'a-3'] as const;
/** Everybody who speaks: approvers, whoever submitted the task, and somebody who may not approve anything. */
export const PEOPLE = [...APPROVERS, REQUESTER, 'x-1'] as const;
export type Person = (typeof PEOPLE)[number];

export interface Word {
  readonly by: Person;
  readonly run: string;
  readonly decision: 'approve' | 'refuse';
  /** Of what they quoted; the arguments are those that they saw. */
  readonly digest: string;
  readonly saw: Readonly<Record<string, unknown>>;
  /** It was answered as kept. */
  isKept: boolean;
  /** There was a writ when it was answered. */
  isLate: boolean;
}

export interface Saying {
  readonly by: Person;
  readonly decision: Word['decision'];
  /** They quote a digest of something else. */
  readonly isOther?: boolean;
}

/** Somebody answers the newest request of a run, if it has asked. */
export const says = async (world: World, slot: Slot, { by, decision, isOther }: Saying, fate: Fate): Promise<void> => {
  const { tables, words } = world;
  const approvals = dynamoApprovals(tables.connection, tables.state);
  const rounds = [2, 1].map((round) => ({ action: 1, round }));
  const files = await Promise.all(rounds.map((round) => approvals.file(slot.ref, round)));
  const file = files.find((each) => each !== undefined);
  if (file?.plan === undefined) return;
  const digest = isOther ? digestOf('something else') : file.request.digest;
  const { run, tenant } = slot.ref;
  const word: Word = { by, run, decision, digest, saw: file.plan.arguments, isKept: false, isLate: false };
  words.push(word);
  const roles = by === 'x-1' ? (['submitter'] as const) : (['submitter', 'approver'] as const);
  const answer = await invoked(world, { what: 'say', slot }, fate, ({ approving }) =>
    decideApproval(approving, { id: by, tenant, roles }, approvalId(run, file.request), { decision, digest })
  );
  if (answer?.kind !== 'decided') return;
  if (decision === 'refuse') word.isLate = tables.begun().has(nameOf({ key: keys.writ(slot.ref, SCOPE, 1) }));
  word.isKept = true;
};

/** Who of all runs waits for people. */
export const asking = ({ waiting }: World): readonly Slot[] => ALL_SLOTS.filter(({ ref }) => waiting.has(ref.run));
