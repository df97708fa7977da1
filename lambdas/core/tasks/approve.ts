import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Retryable } from '../errors.ts';
import {
  ApprovalRequest,
  type ApproverRole,
  approvalDigest,
  Decided,
  type Missing,
  missing,
  Need,
  type Round,
  roundKey,
  withDecision,
} from '../gate/approval.ts';
import { Digest, RunId, type RunRef, WorkflowName } from '../names.ts';
import { Plan } from '../records.ts';
import type { Run } from '../run.ts';
import { cursorOf, positionOf } from './cursor.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import type { ApprovalFile, Approvals, Executions } from './ports.ts';

export interface ApproveDeps {
  readonly approvals: Approvals;
  readonly executions: Executions;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

const ID = /^([a-z2-7]{26})-([1-9]\d?)-([1-9])$/;

/** Names an approval: the run, its action, and how often that has asked. */
export const ApprovalId = z.string().regex(ID, 'an approval id must be a run id, an action and a round, joined by "-"');

export const approvalId = (run: string, { action, round }: Round): string => `${run}-${action}-${round}`;

/** An approval's run and round. */
const placeOf = (tenant: string, id: string): { readonly ref: RunRef; readonly round: Round } | undefined => {
  const [, run, action, round] = ID.exec(id) ?? [];
  return run === undefined
    ? undefined
    : { ref: { tenant, run }, round: { action: Number(action), round: Number(round) } };
};

/** What somebody is asked to approve, with all that they need to tell whether they should. */
export const ApprovalView = z.strictObject({
  id: ApprovalId,
  run: RunId,
  workflow: WorkflowName,
  /** What an answer must quote: of exactly this action, release and policy. */
  digest: Digest,
  action: Plan.pick({
    action: true,
    tool: true,
    arguments: true,
    provenance: true,
    confidence: true,
    engine: true,
    cachedAt: true,
  }),
  rules: ApprovalRequest.shape.rules,
  requester: z.string(),
  at: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  needs: z.array(Need),
  /** How many of each role are still missing. */
  missing: z.array(Need),
  /** How many different people are still missing at least: nobody counts for two roles. */
  missingPeople: z.int().nonnegative(),
  approved: z.array(Decided.pick({ by: true, at: true })),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

export const ApprovalList = z.strictObject({ approvals: z.array(ApprovalView), next: z.string().optional() });
export type ApprovalList = z.infer<typeof ApprovalList>;

/** Whether people can still decide: nobody refused, some are missing, it has not expired, and the run waits for it. */
const isOpen = ({ run, request, head }: ApprovalFile, now: Date): boolean =>
  run.status === 'waiting' &&
  !wentOn(run, request) &&
  request.expiresAt > now.toISOString() &&
  head?.vetoed !== true &&
  missing(request.needs, head).people > 0;

/** Whether the run went on from this request, which it does only when that is decided. */
const wentOn = ({ steps }: Run, { action, round }: Round): boolean =>
  Object.hasOwn(steps, roundKey('decide', { action, round: round + 1 }));

/** How a request that is still open shows; undefined where it is not, or not of what was proposed. */
export const openApproval = (file: ApprovalFile, now: Date): ApprovalView | undefined => {
  const { run, plan, request, head } = file;
  // what people see and what they approve is the same, or they see nothing
  if (!isOpen(file, now) || plan === undefined || approvalDigest(run, plan, request.policy) !== request.digest)
    return undefined;
  const { action, tool, arguments: args, provenance, confidence, engine, cachedAt } = plan;
  const { roles, people } = missing(request.needs, head);
  return {
    id: approvalId(run.run, request),
    run: run.run,
    workflow: run.workflow,
    digest: request.digest,
    action: {
      action,
      tool,
      arguments: args,
      provenance,
      confidence,
      engine,
      ...(cachedAt !== undefined && { cachedAt }),
    },
    rules: request.rules,
    requester: request.requester,
    at: request.at,
    expiresAt: request.expiresAt,
    needs: request.needs,
    missing: [...roles],
    missingPeople: people,
    approved: (head?.decisions ?? []).map(({ by, at }) => ({ by, at })),
  };
};

/** How much of the index is looked through for one page of what is still open: so many pages of so many entries. */
const LOOKS = 5;
const LOOK_AT = 50;

/**
 * A page of what the tenant's people are asked, what expires first coming first. A page may have fewer than `limit` and
 * still a next one, where much was decided already.
 */
export const listApprovals = async (
  { approvals, now }: Pick<ApproveDeps, 'approvals' | 'now'>,
  tenant: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }
): Promise<ApprovalList | { readonly errors: readonly FieldError[] }> => {
  let after = cursor === undefined ? undefined : positionOf(tenant, cursor);
  if (cursor !== undefined && after === undefined)
    return { errors: [{ field: 'cursor', expected: 'what this list gave as `next`', found: 'something else' }] };
  const found: ApprovalView[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    const page = await approvals.pending(tenant, { limit: LOOK_AT, now: now(), after });
    for (const file of page.files) {
      const open = openApproval(file, now());
      if (open === undefined) continue;
      const last = found.at(-1);
      if (last !== undefined && found.length === limit)
        return { approvals: found, next: cursorOf(tenant, { createdAt: last.expiresAt, run: last.run }) };
      found.push(open);
    }
    after = page.next;
    if (after === undefined) break;
  }
  return { approvals: found, ...(after && { next: cursorOf(tenant, after) }) };
};

export const Decision = z.strictObject({
  decision: z.enum(['approve', 'refuse']),
  digest: Digest,
  comment: z
    .string()
    .min(1)
    .max(2_000)
    .refine((text) => text.isWellFormed(), 'text that is valid Unicode')
    .optional(),
});
export type Decision = z.infer<typeof Decision>;

export type Deciding =
  /** Kept, also where it was before. `missing` says who else must approve; nobody, where the run goes on. */
  | { readonly kind: 'decided'; readonly missing: Missing }
  | { readonly kind: 'unknown' }
  /** An approval is a person's. */
  | { readonly kind: 'machine' }
  /** Whoever asked never approves it themselves. */
  | { readonly kind: 'own' }
  | { readonly kind: 'lacks-role'; readonly roles: readonly ApproverRole[] }
  /** The digest is of something else than what is asked. */
  | { readonly kind: 'other-digest' }
  /** This person said something else before. */
  | { readonly kind: 'said-otherwise' }
  /** Enough have approved, or somebody has refused. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'closed' }
  /** It is kept, and the execution does not wait for it: at this moment, or any longer. */
  | { readonly kind: 'not-waiting' };

/** How often a decision is begun anew where others decide at the same moment. */
const TRIES = 12;

/**
 * Keeps one person's decision, once, and lets the run go on where that settles it: with the last approval that is needed, or
 * the first refusal. Sent again after whatever happened in between, the same decision does what is still to be done. It
 * authorises nothing: the run decides again.
 */
export const decideApproval = async (
  deps: ApproveDeps,
  by: Identity,
  id: string,
  { decision, digest, comment }: Decision
): Promise<Deciding> => {
  const place = placeOf(by.tenant, id);
  if (place === undefined) return { kind: 'unknown' };
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const file = await deps.approvals.file(place.ref, place.round);
    if (file === undefined) return { kind: 'unknown' };
    const { request, head } = file;
    const roles = request.needs.map(({ role }) => role);
    if (by.isMachine) return { kind: 'machine' };
    if (by.id === request.requester) return { kind: 'own' };
    if (!roles.some((role) => by.roles.includes(role))) return { kind: 'lacks-role', roles };
    if (digest !== request.digest) return { kind: 'other-digest' };

    const before = head?.decisions.find((each) => each.by === by.id);
    if (before !== undefined)
      return before.decision === decision ? deliver(deps, place.ref, file) : { kind: 'said-otherwise' };
    const at = deps.now().toISOString();
    if (file.run.status === 'closed') return { kind: 'closed' };
    if (request.expiresAt <= at) return { kind: 'expired' };
    if (head?.vetoed === true || missing(request.needs, head).people === 0) return { kind: 'settled' };

    const decided: Decided = {
      by: by.id,
      roles: [...by.roles],
      decision,
      at,
      ...(comment !== undefined && { comment: digestOf(comment) }),
    };
    const next = withDecision(head, request, decided);
    if (await deps.approvals.decide(place.ref, { request, before: head, head: next, decided, comment }))
      return deliver(deps, place.ref, { ...file, head: next });
  }
  throw new Retryable(`approval ${id} kept changing while a decision was to be kept`);
};

/** How often, and how far apart, a run is looked at that does not wait: somebody else may have let it go on just now. */
const LOOKS_AGAIN = 5;
const LOOK_AGAIN_MS = 400;

const NOBODY: Missing = { roles: [], people: 0 };

/** Lets the execution go on where the request is settled. */
const deliver = async (deps: ApproveDeps, ref: RunRef, file: ApprovalFile): Promise<Deciding> => {
  const { request, head } = file;
  const left = head?.vetoed === true ? NOBODY : missing(request.needs, head);
  if (left.people > 0) return { kind: 'decided', missing: left };
  let now: ApprovalFile | undefined = file;
  for (let look = 0; now !== undefined; look += 1) {
    if (now.run.status === 'closed' || wentOn(now.run, request)) return { kind: 'decided', missing: NOBODY };
    // a step that asks again has another token, which is then the one that is waited for
    const isNew = look === 0 || now.request.token !== file.request.token;
    if (isNew && (await deps.executions.answer(now.request.token, { decided: request.round })) === 'answered')
      return { kind: 'decided', missing: NOBODY };
    if (look === LOOKS_AGAIN) break;
    await deps.pause(LOOK_AGAIN_MS);
    now = await deps.approvals.file(ref, request);
  }
  return { kind: 'not-waiting' };
};
