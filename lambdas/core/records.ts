import * as z from 'zod';
import { Standing } from './limits/limit.ts';
import { Mode } from './mode.ts';
import { Digest, RuleId, RunId, ScopeName, Tenant, ToolName, WorkflowName } from './names.ts';

/*
 * What lies in the state table besides the run itself. Each kind is written by one kind of role (tables.ts), and
 * carries a digest of its content where the audit refers to it.
 */

/** The task's input and, by round, the replies that people gave when asked. */
export const Input = z.strictObject({
  fields: z.record(z.string(), z.string()),
  replies: z.array(z.record(z.string(), z.string())),
});
export type Input = z.infer<typeof Input>;

/** The fields of the task with its replies laid over them, later ones last. */
export const fieldsOf = ({ fields, replies }: Input): Readonly<Record<string, string>> =>
  Object.assign({}, fields, ...replies);

/** `undone`: after a run has undone its own action. `now`: before an operator's undo. */
export const ReadingCall = z.enum(['before', 'after', 'undone', 'now']);

/** Arguments of an authorised action: text, or several texts. */
export const Arguments = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
export type Arguments = z.infer<typeof Arguments>;

/** A read tool's answer, before the action or after it. */
export const Reading = z.strictObject({
  tool: ToolName,
  scope: ScopeName,
  call: ReadingCall,
  /** Of which action, where it is not the first. */
  action: z.int().positive().optional(),
  /** For which round of deciding it was read again, as people had been asked meanwhile; absent for the first. */
  round: z.int().min(2).optional(),
  output: z.record(z.string(), z.unknown()),
  /** Before an undo: whether what is to be undone was changed again since, also where it has the same value again. Absent: the system keeps no history. */
  changedSince: z.boolean().optional(),
  /** Digest of the output; where `changedSince` is there, of both. */
  sha256: Digest,
  /** The rule of the stop under which nothing was read: `output` is empty then. */
  stopped: RuleId.optional(),
  /** When the system gave this answer, where it is one that had been kept. */
  readAt: z.iso.datetime().optional(),
  at: z.iso.datetime(),
});
export type Reading = z.infer<typeof Reading>;

/** Which reading of a tool: `before`, `before#1.2` of the second round, `after#2` of the second action. */
export const readingName = ({ call, action = 1, round }: Pick<Reading, 'call' | 'action' | 'round'>): string =>
  round !== undefined ? `${call}#${action}.${round}` : action === 1 ? call : `${call}#${action}`;

/** One engine of those that were there to be asked, and what came of it. */
const Stage = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.enum(['answered', 'abstained']),
    engine: z.string(),
    confidence: z.number().min(0).max(1),
    reason: z.string().optional(),
    cachedAt: z.iso.datetime().optional(),
    costMicroUsd: z.int().nonnegative(),
    latencyMs: z.int().nonnegative(),
  }),
  z.strictObject({ state: z.literal('not-asked'), engine: z.string(), mostMicroUsd: z.int().nonnegative() }),
]);

/** What an engine proposes: an action, where each argument comes from, and how sure the engine is. */
export const Plan = z.strictObject({
  action: z.int().positive(),
  tool: ToolName,
  arguments: z.record(z.string(), z.string()),
  /** Per argument `user`, `record` or `composed`. A claim: Decide checks it against the sources. */
  provenance: z.record(z.string(), z.enum(['user', 'record', 'untrusted', 'composed'])),
  confidence: z.number().min(0).max(1),
  abstained: z.boolean(),
  engine: z.strictObject({ kind: z.enum(['rules', 'classifier', 'model']), name: z.string(), version: z.string() }),
  rule: z.string().optional(),
  /** Why no engine was asked: budgets that have no room for what an answer may cost. */
  overBudget: z.array(Standing).optional(),
  reason: z.string().optional(),
  /** When the answer was given, where it is one that had been kept. */
  cachedAt: z.iso.datetime().optional(),
  stages: z.array(Stage).optional(),
  /** Budgets that were at 80 % with what it cost. */
  nearly: z.array(Standing).optional(),
  /** Under which name its cost is held until it is settled. */
  hold: z.string().optional(),
  /** The rule of the stop under which no engine was asked. */
  stopped: RuleId.optional(),
  usage: z
    .strictObject({
      inputTokens: z.int().nonnegative(),
      outputTokens: z.int().nonnegative(),
      cachedTokens: z.int().nonnegative(),
      costMicroUsd: z.int().nonnegative(),
    })
    .optional(),
});
export type Plan = z.infer<typeof Plan>;

/** The immutable authorisation of one action. */
export const Writ = z.strictObject({
  tenant: Tenant,
  run: RunId,
  scope: ScopeName,
  action: z.int().positive(),
  /** Digest of tool and arguments: what exactly is authorised. */
  digest: Digest,
  tool: ToolName,
  arguments: Arguments,
  release: Digest,
  workflow: WorkflowName,
  rules: z.array(RuleId),
  user: z.string(),
  /** Who approved it, where somebody had to. */
  approvals: z.array(z.strictObject({ by: z.string(), at: z.iso.datetime() })).optional(),
  issuedAt: z.iso.datetime(),
  /** Of an undo: the action that it reverses, of this run or of the one that an operator named. */
  undoes: z.strictObject({ run: RunId, action: z.int().positive() }).optional(),
  /** Of an undo: when the record was seen that it is decided by. It is not begun long after. */
  seenAt: z.iso.datetime().optional(),
});
export type Writ = z.infer<typeof Writ>;

/** Under which name a writ's call is made: the system keeps it beside the change, where it can. */
export const markerOf = ({ run, action }: Pick<Writ, 'run' | 'action'>): string => `${run}-${action}`;

/**
 * The scope function's use of a writ. `executing` holds a lease; `released` means that nothing happened and that the
 * writ may be claimed again; `done`, `failed` and `in-doubt` are final for the function. Absent: never claimed.
 */
export const Claim = z.strictObject({
  digest: Digest,
  status: z.enum(['executing', 'released', 'done', 'failed', 'in-doubt']),
  attempt: z.int().positive(),
  startedAt: z.iso.datetime(),
  leaseUntil: z.iso.datetime(),
  latencyMs: z.number().nonnegative().optional(),
});
export type Claim = z.infer<typeof Claim>;

/** A claim that was executing when somebody looked. Past its lease nobody waits for its call any longer, but it may have taken effect. */
export const Executing = z.strictObject({
  tenant: Tenant,
  run: RunId,
  workflow: WorkflowName,
  scope: ScopeName,
  action: z.int().positive(),
  since: z.iso.datetime(),
  leaseUntil: z.iso.datetime(),
});
export type Executing = z.infer<typeof Executing>;

/** What a stop is for: `writes`, or `everything`, which is tasks, readings and engines too. */
export const Stops = z.enum(['writes', 'everything']);
export type Stops = z.infer<typeof Stops>;

/** An operator's word on a subject: whether it is stopped, and a tenant's mode where it differs from the release's. */
export const Control = z.strictObject({
  subject: z.string(),
  stopped: z.boolean(),
  /** Of a stop; absent: `writes`. */
  stops: Stops.optional(),
  /** Of a stop that ends by itself, as `Date` writes it; absent: somebody has to end it. */
  until: z.iso.datetime().optional(),
  mode: Mode.optional(),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
});
export type Control = z.infer<typeof Control>;

/** What the operating tenant said of a tenant: its own operators may stop more, and end or loosen nothing of this. */
export const Held = Control.pick({ stopped: true, stops: true, until: true, mode: true });
export type Held = z.infer<typeof Held>;

/**
 * An action of which nobody knows whether it took effect: what to look for, and where. `unclaimed`: it was authorised and not begun when its
 * execution ended, and a function that had been called may have begun it since.
 */
export const Doubt = z.strictObject({
  action: z.int().positive(),
  tool: ToolName,
  scope: ScopeName,
  /** The read tool that sees the effect. */
  seenBy: ToolName.optional(),
  /** As the audit may have them: empty where they are not the tool's. */
  arguments: z.record(z.string(), z.unknown()),
  /** The name under which the call was made. */
  marker: z.string(),
  claim: z.enum(['executing', 'in-doubt', 'unclaimed']),
  /** When it was begun; of what is unclaimed, when its execution was found to have ended. */
  since: z.iso.datetime(),
  /** Until when the call may still have taken effect, as far as anybody waits for it; of what is unclaimed, until when it may be begun. */
  leaseUntil: z.iso.datetime(),
});
export type Doubt = z.infer<typeof Doubt>;

/** A run handed to people, with what they need to go on from there. */
export const Escalation = z.strictObject({
  because: z.string(),
  rules: z.array(RuleId),
  /** Keys of the evidence in the state table: proposals, readings, writs, claims. */
  evidence: z.array(z.string()),
  /** Actions that may or may not have happened. Absent: there is none. */
  doubts: z.array(Doubt).optional(),
  at: z.iso.datetime(),
});
export type Escalation = z.infer<typeof Escalation>;
