import type { AuditEvent } from '../audit/record.ts';
import { digestOf } from '../digest.ts';
import { nameOf } from '../engine/cascade.ts';
import type { Answer } from '../engine/engine.ts';
import type { ApprovalHead } from '../gate/approval.ts';
import type { Dossier } from '../ledger.ts';
import { type Plan, readingName } from '../records.ts';
import { partition } from '../tables.ts';

/** Which engine answered and what it used, as the audit has it. */
export const modelOf = ({
  engine,
  usage,
  cachedAt,
}: Pick<Plan | Answer, 'engine' | 'usage' | 'cachedAt'>): NonNullable<AuditEvent['model']> => ({
  name: nameOf(engine),
  input_tokens: usage?.inputTokens ?? 0,
  output_tokens: usage?.outputTokens ?? 0,
  cached_tokens: usage?.cachedTokens ?? 0,
  cost_microusd: usage?.costMicroUsd ?? 0,
  ...(cachedAt !== undefined && { cached_at: cachedAt }),
});

/** What people said, as the audit has it. Their comments are theirs: digests alone. */
export const approvalOf = ({ digest, expiresAt, decisions }: ApprovalHead): NonNullable<AuditEvent['approval']> => ({
  digest,
  expires_at: expiresAt,
  decisions: decisions.map(({ by, roles, decision, at, comment }) => ({
    user: by,
    roles,
    decision,
    at,
    ...(comment && { comment_sha256: comment }),
  })),
});

/** How sure that engine was. */
export const answerOf = ({
  confidence,
  abstained,
  rule,
}: Pick<Plan | Answer, 'confidence' | 'abstained' | 'rule'>): NonNullable<AuditEvent['answer']> => ({
  confidence,
  abstained,
  ...(rule !== undefined && { rule }),
});

/** The writ and its use, as far as there are any. */
export const useOf = ({ writ, claim }: Pick<Dossier, 'writ' | 'claim'>): Pick<AuditEvent, 'writ' | 'claim'> => ({
  ...(writ && { writ: { action: writ.action, digest: writ.digest } }),
  ...(claim && { claim: { status: claim.status, attempt: claim.attempt } }),
});

/** Which engines were there to be asked, as the audit has it: nothing where none of them could have cost anything. */
export const stagesOf = ({ stages }: Pick<Plan | Answer, 'stages'>): Pick<AuditEvent, 'stages'> =>
  stages === undefined
    ? {}
    : {
        stages: stages.map((stage) =>
          stage.state === 'not-asked'
            ? { engine: stage.engine, state: stage.state, at_most_microusd: stage.mostMicroUsd }
            : {
                engine: stage.engine,
                state: stage.state,
                confidence: stage.confidence,
                ...(stage.reason !== undefined && { reason: stage.reason }),
                ...(stage.cachedAt !== undefined && { cached_at: stage.cachedAt }),
                cost_microusd: stage.costMicroUsd,
                latency_ms: stage.latencyMs,
              }
        ),
      };

type Sources = NonNullable<AuditEvent['sources']>;

/** Everything in a dossier besides the run: where it lies in the state table, and the digest of what was found there. */
export const sourcesOf = ({ run, input, plan, readings, writ, claim, approval }: Dossier): Sources => [
  ...(input ? [{ ref: partition.input(run), sha256: digestOf(input) }] : []),
  ...(plan ? [{ ref: `${partition.plan(run)}/${plan.action}`, sha256: digestOf(plan) }] : []),
  ...readings.map(({ scope, tool, sha256, readAt, ...which }) => ({
    ref: `${partition.read(scope, run)}/${tool}#${readingName(which)}`,
    sha256,
    ...(readAt !== undefined && { read_at: readAt }),
  })),
  ...(approval
    ? [{ ref: `${partition.approval(run)}/head#${approval.action}#${approval.round}`, sha256: digestOf(approval) }]
    : []),
  ...(writ ? [{ ref: `${partition.writ(writ.scope, run)}/${writ.action}`, sha256: writ.digest }] : []),
  ...(writ && claim ? [{ ref: `${partition.claim(writ.scope, run)}/${writ.action}`, sha256: digestOf(claim) }] : []),
];
