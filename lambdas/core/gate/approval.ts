import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Digest, Role, RuleId } from '../names.ts';
import type { Plan } from '../records.ts';
import type { Run } from '../run.ts';

/*
 * A person's approve or refuse of one action. It is bound to the digest of the action, the release and the policy, and
 * it expires. It authorises nothing: Decide decides again, and finds it among what it looks at.
 */

/** Roles whose people may be asked. */
export const APPROVER_ROLES = ['approver', 'operator'] as const;
export const ApproverRole = z.enum(APPROVER_ROLES);
export type ApproverRole = z.infer<typeof ApproverRole>;

/** How many distinct people of a role must approve. */
export const Need = z.strictObject({ role: ApproverRole, approvers: z.int().min(1).max(10) });
export type Need = z.infer<typeof Need>;

/** How long an approval is waited for, and good for. */
export const APPROVAL_SECONDS = 86_400;

/** How often one action may ask people: once, and once more where it came to need more, or what was given expired. */
export const APPROVAL_ROUNDS = [1, 2] as const;
/** The rounds of deciding that follow an approval, for each of which the record is read again. */
export const ROUNDS_AFTER_APPROVAL = APPROVAL_ROUNDS.map((round) => round + 1);

/** What is asked, by which rules. Nothing is needed where no rule asks. */
export interface Asked {
  readonly rules: readonly string[];
  readonly needs: readonly Need[];
}

/** All needs at once: of each role the most. What several roles need takes as many different people, whoever has two of them. */
export const strictest = (needs: readonly Need[]): readonly Need[] =>
  APPROVER_ROLES.flatMap((role) => {
    const of = needs.filter((need) => need.role === role).map(({ approvers }) => approvers);
    return of.length === 0 ? [] : [{ role, approvers: Math.max(...of) }];
  });

/** What is asked together. */
export const together = (...asked: readonly Asked[]): Asked => ({
  rules: asked.flatMap(({ rules }) => rules),
  needs: strictest(asked.flatMap(({ needs }) => needs)),
});

/** What an approval is bound to: exactly this action of this run, under its release and this version of the policy. */
export const approvalDigest = (
  { tenant, run, release }: Pick<Run, 'tenant' | 'run' | 'release'>,
  { action, tool, arguments: args }: Pick<Plan, 'action' | 'tool' | 'arguments'>,
  policy: string
): string => digestOf({ tenant, run, action, tool, arguments: args, release, policy });

/** One of several things that a run may ask people for: its action, and how often it has asked for that. */
export interface Round {
  readonly action: number;
  readonly round: number;
}

/** The key of a step that an action may come to more than once: `decide#1`, then `decide#1.2`. */
export const roundKey = (step: 'decide' | 'approve', { action, round }: Round): string =>
  round === 1 ? `${step}#${action}` : `${step}#${action}.${round}`;

export const ApprovalRequest = z.strictObject({
  action: z.int().positive(),
  round: z.int().positive(),
  digest: Digest,
  policy: Digest,
  rules: z.array(RuleId),
  needs: z.array(Need).min(1),
  /** Who asked: whoever submitted the task. They may not approve it. */
  requester: z.string(),
  at: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** With which the run goes on. */
  token: z.string(),
});
/** What people are asked to approve. */
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

export const Decided = z.strictObject({
  by: z.string(),
  /** The roles that they had then. */
  roles: z.array(Role),
  decision: z.enum(['approve', 'refuse']),
  at: z.iso.datetime(),
  /** Digest of their comment, which is theirs and stays out of the audit. */
  comment: Digest.optional(),
});
/** One person's word. */
export type Decided = z.infer<typeof Decided>;

export const ApprovalHead = z.strictObject({
  action: z.int().positive(),
  round: z.int().positive(),
  /** What everybody of `decisions` saw. */
  digest: Digest,
  requester: z.string(),
  expiresAt: z.iso.datetime(),
  /** How many approved, by the role that counts. */
  approved: z.record(ApproverRole, z.int().nonnegative()),
  /** Who approved: each once. */
  approvers: z.array(z.string()),
  vetoed: z.boolean(),
  /** Everybody's word, oldest first. */
  decisions: z.array(Decided).min(1),
});
/** What all decisions on one request come to; changes together with each of them. */
export type ApprovalHead = z.infer<typeof ApprovalHead>;

/** How many different people these needs take: nobody counts for two of them. */
export const peopleFor = (needs: readonly Need[]): number => needs.reduce((sum, { approvers }) => sum + approvers, 0);

/** Who must still approve. */
export interface Missing {
  /** At least so many of each of these roles. */
  readonly roles: readonly Need[];
  /** So many people more at least, whatever roles they have of those that count. Nobody: it is enough. */
  readonly people: number;
}

/**
 * What is still open of these needs. It is enough where each role has its number, and all roles together as many different
 * people: for two roles exactly where everybody can stand for one role, and each need has people of its own (ADR 59).
 */
export const missing = (needs: readonly Need[], head: ApprovalHead | undefined): Missing => {
  const counting = (head?.decisions ?? []).filter(
    ({ decision, roles }) => decision === 'approve' && needs.some(({ role }) => roles.includes(role))
  );
  const roles = needs.flatMap(({ role, approvers }) => {
    const left = approvers - (head?.approved[role] ?? 0);
    return left > 0 ? [{ role, approvers: left }] : [];
  });
  const people = peopleFor(needs) - new Set(counting.map(({ by }) => by)).size;
  return { roles, people: Math.max(people, ...roles.map(({ approvers }) => approvers), 0) };
};

/** The head with one more person's word. */
export const withDecision = (
  head: ApprovalHead | undefined,
  { action, round, digest, requester, expiresAt }: ApprovalRequest,
  decided: Decided
): ApprovalHead => {
  const { approved = { approver: 0, operator: 0 }, approvers = [], vetoed = false, decisions = [] } = head ?? {};
  const isVeto = decided.decision === 'refuse';
  const more = (role: ApproverRole): number => approved[role] + (!isVeto && decided.roles.includes(role) ? 1 : 0);
  return {
    action,
    round,
    digest,
    requester,
    expiresAt,
    approved: { approver: more('approver'), operator: more('operator') },
    approvers: isVeto ? approvers : [...approvers, decided.by],
    vetoed: vetoed || isVeto,
    decisions: [...decisions, decided],
  };
};

/** The rule that a person's refusal is named by: in which role they spoke. */
export const vetoRule = ({ decisions }: ApprovalHead): string => {
  const roles = decisions.find(({ decision }) => decision === 'refuse')?.roles ?? [];
  return `REFUSED_BY_${(APPROVER_ROLES.find((role) => roles.includes(role)) ?? 'approver').toUpperCase()}`;
};

/** How an approval stands when Decide looks at it. */
export type ApprovalStanding =
  | { readonly kind: 'approved'; readonly head: ApprovalHead }
  | { readonly kind: 'vetoed'; readonly rule: string }
  /** Something was approved, and it is not this. */
  | { readonly kind: 'other' }
  /** Nothing was asked, or what was given is not enough, or no longer good. */
  | { readonly kind: 'open' };

/** What people said, held against what is to be done now. Pure: the transaction checks the same again. */
export const approvalStanding = (
  head: ApprovalHead | undefined,
  {
    digest,
    needs,
    requester,
    now,
  }: {
    readonly digest: string;
    readonly needs: readonly Need[];
    readonly requester: string;
    readonly now: Date;
  }
): ApprovalStanding => {
  if (head === undefined) return { kind: 'open' };
  if (head.vetoed) return { kind: 'vetoed', rule: vetoRule(head) };
  if (head.digest !== digest || head.requester !== requester || head.approvers.includes(requester))
    return { kind: 'other' };
  const isGood = head.expiresAt > now.toISOString() && missing(needs, head).people === 0;
  return isGood ? { kind: 'approved', head } : { kind: 'open' };
};
