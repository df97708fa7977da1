import * as z from 'zod';

/*
 * What the HTTP API answers, as far as this command shows it. Unknown members are passed over, so that a newer API can be
 * spoken to.
 */

export const Submitted = z.object({
  run: z.string(),
  workflow: z.string(),
  status: z.string(),
  outcome: z.string().optional(),
});
export type Submitted = z.infer<typeof Submitted>;

const Proposal = z.object({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  confidence: z.number(),
  abstained: z.boolean(),
  engine: z.object({ kind: z.string(), name: z.string(), version: z.string() }),
  cachedAt: z.string().optional(),
});

const Limit = z.object({
  rule: z.string(),
  unit: z.string(),
  atMost: z.number(),
  used: z.number().optional(),
  asked: z.number(),
  resetsAt: z.string().optional(),
});
export type Limit = z.infer<typeof Limit>;

const Need = z.object({ role: z.string(), approvers: z.int() });
export type Need = z.infer<typeof Need>;

export const Approval = z.object({
  id: z.string(),
  run: z.string(),
  workflow: z.string(),
  digest: z.string(),
  action: Proposal.omit({ abstained: true }).extend({
    action: z.int(),
    provenance: z.record(z.string(), z.string()),
  }),
  rules: z.array(z.string()),
  requester: z.string(),
  at: z.string(),
  expiresAt: z.string(),
  needs: z.array(Need),
  missing: z.array(Need),
  missingPeople: z.int(),
  approved: z.array(z.object({ by: z.string(), at: z.string() })),
});
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = z.object({ approvals: z.array(Approval), next: z.string().optional() });
export type ApprovalPage = z.infer<typeof ApprovalPage>;

export const Decided = z.object({
  id: z.string(),
  decision: z.string(),
  missing: z.array(Need),
  missingPeople: z.int(),
});
export type Decided = z.infer<typeof Decided>;

/** An action that may or may not have happened, or happen yet: `unclaimed`. */
const Doubt = z.object({
  action: z.int(),
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  seenBy: z.string().optional(),
  marker: z.string(),
  claim: z.string().optional(),
  since: z.string(),
  leaseUntil: z.string(),
});
export type Doubt = z.infer<typeof Doubt>;

export const RunView = z.object({
  run: z.string(),
  workflow: z.string(),
  release: z.string().optional(),
  status: z.enum(['active', 'waiting', 'closed']),
  outcome: z.enum(['completed', 'not-eligible', 'recorded', 'refused', 'escalated', 'failed']).optional(),
  rules: z.array(z.string()).default([]),
  user: z.unknown().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  proposal: Proposal.optional(),
  approval: Approval.optional(),
  question: z.object({ round: z.int(), field: z.string(), text: z.string() }).optional(),
  escalation: z
    .object({
      because: z.string(),
      rules: z.array(z.string()).default([]),
      evidence: z.unknown().optional(),
      doubts: z.array(Doubt).optional(),
      at: z.string().optional(),
    })
    .optional(),
  limits: z.array(Limit).optional(),
  undo: z.object({ of: z.string(), reason: z.string() }).optional(),
  undoneBy: z.array(z.string()).optional(),
  undone: z.array(z.object({ action: z.int(), report: z.string() })).optional(),
});
export type RunView = z.infer<typeof RunView>;

export const RunPage = z.object({ runs: z.array(RunView), next: z.string().optional() });
export type RunPage = z.infer<typeof RunPage>;

/** One link of a chain. Kept whole, at every depth: its hash covers every member. */
export const AuditLink = z.looseObject({
  seq: z.int(),
  at: z.string(),
  step: z.string(),
  prev_hash: z.string(),
  hash: z.string(),
  user: z.looseObject({ id: z.string() }).optional(),
  model: z.looseObject({ name: z.string() }).optional(),
  tool: z.looseObject({ name: z.string(), scope: z.string() }).optional(),
  policy: z.looseObject({ decision: z.string(), rule_ids: z.array(z.string()) }).optional(),
  result: z.looseObject({ status: z.string() }).optional(),
});
export type AuditLink = z.infer<typeof AuditLink>;

export const AuditTrail = z.object({
  run: z.string(),
  head: z.object({ seq: z.int(), hash: z.string() }),
  fault: z.string().optional(),
  records: z.array(AuditLink),
});
export type AuditTrail = z.infer<typeof AuditTrail>;

export const Undoing = z.object({ run: z.string(), undoes: z.string() });
export type Undoing = z.infer<typeof Undoing>;
const Statement = z.looseObject({
  about: z.string(),
  text: z.string(),
  at: z.string(),
  proof: z.object({ seq: z.int(), hash: z.string() }),
  rules: z.array(z.object({ id: z.string(), because: z.string().optional() })).optional(),
});

/** Why a run did what it did: sentences, and the record that proves each. */
export const Story = z.looseObject({
  run: z.string(),
  tenant: z.string().optional(),
  workflow: z.string().optional(),
  outcome: z.string().optional(),
  cost_microusd: z.number(),
  knows_release: z.boolean().optional(),
  fault: z.string().optional(),
  statements: z.array(Statement),
});
export type Story = z.infer<typeof Story>;

export const Replied = z.object({ run: z.string(), round: z.int() });
export type Replied = z.infer<typeof Replied>;

/** The audit of a control. */
export const ControlTrail = AuditTrail.omit({ run: true }).extend({ subject: z.string() });
export type ControlTrail = z.infer<typeof ControlTrail>;

const Stop = z.object({
  stops: z.string().optional(),
  until: z.string().optional(),
  by: z.string().optional(),
  at: z.string().optional(),
  reason: z.string().optional(),
});
export type Stop = z.infer<typeof Stop>;

export const Control = Stop.extend({
  subject: z.string(),
  stopped: z.boolean(),
  /** The stop that was in force before. */
  replaced: Stop.optional(),
  /** The stop has ended by itself. */
  expired: z.boolean().optional(),
  head: z.object({ hash: z.string() }).optional(),
  held: z.object({ stopped: z.boolean(), stops: z.string(), until: z.string(), mode: z.string() }).partial().optional(),
  mode: z.string().optional(),
  reason: z.string().optional(),
  by: z.string().optional(),
  at: z.string().optional(),
  /** Of a workflow or a scope that is not: those that are. */
  deployedInstead: z.array(z.string()).optional(),
  executing: z
    .array(
      z.object({
        tenant: z.string(),
        run: z.string(),
        scope: z.string(),
        action: z.number(),
        since: z.string(),
        leaseUntil: z.string(),
      })
    )
    .optional(),
});
export type Control = z.infer<typeof Control>;

export const ControlList = z.object({ controls: z.array(Control) });
export type ControlList = z.infer<typeof ControlList>;

const ShownRelease = z.object({ release: z.string(), machine: z.string() });

const ReleaseSummary = z.object({
  runs: z.number(),
  completed: z.number(),
  escalated: z.number(),
  failed: z.number(),
  unfinished: z.number(),
  medianMs: z.number().optional(),
  meanMicrousd: z.number().optional(),
});

export const ReleaseView = z.object({
  workflow: z.string(),
  stable: ShownRelease,
  candidate: ShownRelease.extend({
    share: z.number().optional(),
    tenants: z.array(z.string()).optional(),
    since: z.string(),
  }).optional(),
  previous: ShownRelease.optional(),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
  comparison: z
    .object({
      verdict: z.string(),
      look: z.number(),
      bound: z.number(),
      measured: z.array(z.object({ measure: z.string(), p: z.number(), finding: z.string() })),
      stable: ReleaseSummary,
      candidate: ReleaseSummary,
    })
    .optional(),
  head: z.object({ hash: z.string() }).optional(),
  fault: z.string().optional(),
  records: z.array(AuditLink).optional(),
});
export type ReleaseView = z.infer<typeof ReleaseView>;

/** RFC 9457. Every member may be missing: gateways in front of the API answer in their own way. */
export const Problem = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  message: z.string().optional(),
  trace: z.string().optional(),
  errors: z
    .array(z.object({ field: z.string(), expected: z.string(), found: z.string().optional() }))
    .optional()
    .catch(undefined),
});
export type Problem = z.infer<typeof Problem>;
