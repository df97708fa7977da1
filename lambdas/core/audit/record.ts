import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Digest, Tenant } from '../names.ts';

/** What a step has to say for the audit: redacted values, references and digests; no content, no personal data. */
export const AuditEvent = z.strictObject({
  step: z.string(),
  model: z
    .strictObject({
      name: z.string(),
      input_tokens: z.int().nonnegative(),
      output_tokens: z.int().nonnegative(),
      cached_tokens: z.int().nonnegative(),
      cost_microusd: z.int().nonnegative(),
      /** When the answer was given, where it is one that had been kept: nothing was asked now. */
      cached_at: z.iso.datetime().optional(),
    })
    .optional(),
  /** Each engine that was there to be asked, in order, where asking could cost something: who was, and what the others would have cost at most. */
  stages: z
    .array(
      z.strictObject({
        engine: z.string(),
        state: z.enum(['answered', 'abstained', 'not-asked']),
        confidence: z.number().min(0).max(1).optional(),
        reason: z.string().optional(),
        cached_at: z.iso.datetime().optional(),
        cost_microusd: z.int().nonnegative().optional(),
        at_most_microusd: z.int().nonnegative().optional(),
        latency_ms: z.int().nonnegative().optional(),
      })
    )
    .optional(),
  /** `cost_microusd`: what its contract says that a call costs, where it was charged. */
  tool: z
    .strictObject({
      name: z.string(),
      scope: z.string(),
      dry_run: z.boolean(),
      cost_microusd: z.int().positive().optional(),
    })
    .optional(),
  args_redacted: z.record(z.string(), z.unknown()).optional(),
  provenance: z.record(z.string(), z.string()).optional(),
  policy: z
    .strictObject({ decision: z.string(), rule_ids: z.array(z.string()), version: z.string().optional() })
    .optional(),
  /** What people were asked to approve, and everybody's word on it: comments by their digest alone. */
  approval: z
    .strictObject({
      digest: Digest,
      needs: z.array(z.strictObject({ role: z.string(), approvers: z.int().positive() })).optional(),
      expires_at: z.iso.datetime(),
      decisions: z.array(
        z.strictObject({
          user: z.string(),
          roles: z.array(z.string()),
          decision: z.enum(['approve', 'refuse']),
          at: z.iso.datetime(),
          comment_sha256: Digest.optional(),
        })
      ),
    })
    .optional(),
  result: z
    .strictObject({
      status: z.string(),
      latency_ms: z.number().nonnegative().optional(),
      retries: z.int().nonnegative().optional(),
    })
    .optional(),
  /** What was spent, of which limit: how it stood before, as far as all of its counters were read and no tenants share it. */
  limits: z
    .array(
      z.strictObject({
        state: z.enum(['spent', 'nearly-used', 'refused']),
        rule: z.string(),
        unit: z.string(),
        at_most: z.int().nonnegative(),
        used: z.int().nonnegative().optional(),
        asked: z.int().nonnegative(),
        resets_at: z.iso.datetime().optional(),
      })
    )
    .optional(),
  /** Which workflow was asked for. */
  workflow: z.string().optional(),
  /** How far runs might go by themselves when this was decided. */
  mode: z.string().optional(),
  /** How sure the engine was that answered, and whether it would rather not have. */
  answer: z
    .strictObject({ confidence: z.number().min(0).max(1), abstained: z.boolean(), rule: z.string().optional() })
    .optional(),
  /** The writ that was issued or used: which action, and the digest of exactly what it authorises. */
  writ: z.strictObject({ action: z.int().positive(), digest: Digest }).optional(),
  /** How its use stood when it was looked at. */
  claim: z.strictObject({ status: z.string(), attempt: z.int().positive() }).optional(),
  /** Actions of which nobody knows whether they took effect, when the run was handed to people: what to look for, and where. */
  doubts: z
    .array(
      z.strictObject({
        action: z.int().positive(),
        tool: z.string(),
        scope: z.string(),
        seen_by: z.string().optional(),
        args_redacted: z.record(z.string(), z.unknown()),
        marker: z.string(),
        claim: z.string(),
        since: z.iso.datetime(),
        lease_until: z.iso.datetime(),
      })
    )
    .optional(),
  /** What was looked at or acted on, so that it can be shown later that it was this and nothing else. */
  sources: z
    .array(
      z.strictObject({
        ref: z.string(),
        sha256: Digest,
        /** When the system gave it, where it is an answer that had been kept. */
        read_at: z.iso.datetime().optional(),
      })
    )
    .optional(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditRecord = AuditEvent.extend({
  trace_id: z.string(),
  run_id: z.string(),
  seq: z.int().nonnegative(),
  at: z.iso.datetime(),
  user: z.strictObject({ id: z.string(), tenant: Tenant }),
  release: z.string(),
  prev_hash: Digest,
  hash: Digest,
});
/** One link of a chain: the structured event of one step. `hash` covers every other field. */
export type AuditRecord = z.infer<typeof AuditRecord>;

/** The last link of a chain: the next record must follow it. */
export const Head = z.strictObject({ seq: z.int().gte(-1), hash: Digest });
export type Head = z.infer<typeof Head>;

/** The head of a chain that has no record yet. */
export const GENESIS: Head = { seq: -1, hash: '0'.repeat(64) };

type Circumstances = Pick<AuditRecord, 'trace_id' | 'run_id' | 'at' | 'user' | 'release'>;

/** Links an event to a chain. */
export const chain = (head: Head, event: AuditEvent, circumstances: Circumstances): AuditRecord => {
  const body = { ...circumstances, ...event, seq: head.seq + 1, prev_hash: head.hash };
  return { ...body, hash: digestOf(body) };
};

export const headOf = ({ seq, hash }: AuditRecord): Head => ({ seq, hash });
