import * as z from 'zod';
import { AuditRecord, Head } from '../audit/record.ts';
import { faultOf } from '../audit/verify.ts';
import { Retryable } from '../errors.ts';
import { Standing } from '../limits/limit.ts';
import { RunId, type RunRef } from '../names.ts';
import { Escalation, Plan } from '../records.ts';
import { Run } from '../run.ts';
import { ActionReport, reportsOf } from '../steps/report.ts';
import { ApprovalView, openApproval } from './approve.ts';
import { cursorOf, positionOf } from './cursor.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import type { Desk, File } from './ports.ts';
import { maySee } from './readers.ts';

/** A run in a list. */
export const RunSummary = Run.pick({
  run: true,
  workflow: true,
  release: true,
  status: true,
  outcome: true,
  rules: true,
  createdAt: true,
  updatedAt: true,
}).extend({ user: z.string() });

/** A run as its tenant sees it. Without task tokens, and without what was read: the audit names that by digest. */
export const RunView = RunSummary.extend({
  proposal: Plan.pick({
    tool: true,
    arguments: true,
    confidence: true,
    abstained: true,
    engine: true,
    cachedAt: true,
  }).optional(),
  question: z.strictObject({ round: z.int().nonnegative(), field: z.string(), text: z.string() }).optional(),
  /** What people are asked to approve before the run goes on. */
  approval: ApprovalView.optional(),
  escalation: Escalation.optional(),
  /** Limits that had no room for what the run wanted, as they stood then. */
  limits: z.array(Standing).optional(),
  /** Of a run that undoes another: which, and why. */
  undo: z.strictObject({ of: RunId, reason: z.string() }).optional(),
  /** Runs that were to undo this one, the last one last. */
  undoneBy: z.array(RunId).optional(),
  /** What became of each undo that this run made or tried: of its own actions, or of those of the run that it undoes. */
  undone: z.array(ActionReport).optional(),
});
export type RunView = z.infer<typeof RunView>;

export const RunList = z.strictObject({ runs: z.array(RunSummary), next: z.string().optional() });
export type RunList = z.infer<typeof RunList>;

export const RunAudit = z.strictObject({
  run: RunId,
  head: Head,
  fault: z.string().optional(),
  records: z.array(AuditRecord),
});
export type RunAudit = z.infer<typeof RunAudit>;

const summaryOf = ({ run, workflow, release, status, outcome, rules, user, createdAt, updatedAt }: Run) => ({
  run,
  workflow,
  release,
  status,
  ...(outcome && { outcome }),
  rules,
  user: user.id,
  createdAt,
  updatedAt,
});

const viewOf = ({ run, plan, question, escalation, approval: asked }: File, now: Date): RunView => {
  const approval = asked && openApproval({ run, ...(plan && { plan }), ...asked }, now);
  const limits = limitsThatRefused(run);
  const reports = reportsOf(run);
  return {
    ...summaryOf(run),
    ...(plan && {
      proposal: {
        tool: plan.tool,
        arguments: plan.arguments,
        confidence: plan.confidence,
        abstained: plan.abstained,
        engine: plan.engine,
        ...(plan.cachedAt !== undefined && { cachedAt: plan.cachedAt }),
      },
    }),
    ...(approval && { approval }),
    ...(question &&
      run.status === 'waiting' &&
      !Object.hasOwn(run.steps, `route#${question.round + 1}`) && {
        question: { round: question.round, field: question.field, text: question.text },
      }),
    ...(escalation && { escalation }),
    ...(limits.length > 0 && { limits: [...limits] }),
    ...(run.undo && { undo: run.undo }),
    ...(run.undoneBy && { undoneBy: run.undoneBy }),
    ...(reports.length > 0 && { undone: [...reports] }),
  };
};

const Limited = z.looseObject({ limits: z.array(Standing) });

/** The limits that a step of the run was refused by: what it answered names them. */
const limitsThatRefused = ({ steps }: Run): readonly Standing[] =>
  Object.values(steps).flatMap((answer) => Limited.safeParse(answer).data?.limits ?? []);

/** One run, or undefined where the tenant has none with this id that they may see. */
export const viewRun = async (
  { desk, now }: { readonly desk: Desk; readonly now: () => Date },
  by: Identity,
  ref: RunRef
): Promise<RunView | undefined> => {
  const file = await desk.file(ref);
  return file && maySee(by, file.run) ? viewOf(file, now()) : undefined;
};

/** A page of the tenant's runs, newest first. */
export const listRuns = async (
  { desk }: { readonly desk: Desk },
  tenant: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }
): Promise<RunList | { readonly errors: readonly FieldError[] }> => {
  const after = cursor === undefined ? undefined : positionOf(tenant, cursor);
  if (cursor !== undefined && after === undefined)
    return { errors: [{ field: 'cursor', expected: 'what this list gave as `next`', found: 'something else' }] };
  const { runs, next } = await desk.list(tenant, limit, after);
  return { runs: runs.map(summaryOf), ...(next && { next: cursorOf(tenant, next) }) };
};

/** How often run and chain are read again when the run moves in between. */
const TRIES = 5;

/** The audit of a run that they may see and its first fault, with the run and its chain as they were at one moment. */
export const auditRun = async (
  { desk }: { readonly desk: Desk },
  by: Identity,
  ref: RunRef
): Promise<RunAudit | undefined> => {
  let run = await desk.run(ref);
  if (run !== undefined && !maySee(by, run)) return undefined;
  for (let attempt = 0; attempt < TRIES && run !== undefined; attempt += 1) {
    const { records, unreadable } = await desk.chain(ref);
    const after = await desk.run(ref);
    if (after?.head.hash === run.head.hash) {
      const { head } = run;
      const fault =
        unreadable === undefined ? faultOf(records, head) : `record ${unreadable} is not a record of an audit`;
      return { run: ref.run, head, ...(fault !== undefined && { fault }), records: [...records] };
    }
    run = after;
  }
  if (run === undefined) return undefined;
  throw new Retryable(`run ${ref.run} kept moving while its audit was read`);
};
