import type { AuditEvent } from '../audit/record.ts';
import { digestOf } from '../digest.ts';
import { nameOf } from '../engine/cascade.ts';
import type { Answer } from '../engine/engine.ts';
import type { Dossier } from '../ledger.ts';
import type { Plan } from '../records.ts';
import { partition } from '../tables.ts';

/** Which engine answered and what it used, as the audit has it. */
export const modelOf = ({
  engine,
  usage,
}: Pick<Plan | Answer, 'engine' | 'usage'>): NonNullable<AuditEvent['model']> => ({
  name: nameOf(engine),
  input_tokens: usage?.inputTokens ?? 0,
  output_tokens: usage?.outputTokens ?? 0,
  cached_tokens: usage?.cachedTokens ?? 0,
  cost_microusd: usage?.costMicroUsd ?? 0,
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
                cost_microusd: stage.costMicroUsd,
                latency_ms: stage.latencyMs,
              }
        ),
      };

type Sources = NonNullable<AuditEvent['sources']>;

/** Everything in a dossier besides the run: where it lies in the state table, and the digest of what was found there. */
export const sourcesOf = ({ run, input, plan, readings, writ, claim }: Dossier): Sources => [
  ...(input ? [{ ref: partition.input(run), sha256: digestOf(input) }] : []),
  ...(plan ? [{ ref: `${partition.plan(run)}/${plan.action}`, sha256: digestOf(plan) }] : []),
  ...readings.map(({ scope, tool, call, sha256 }) => ({
    ref: `${partition.read(scope, run)}/${tool}#${call}`,
    sha256,
  })),
  ...(writ ? [{ ref: `${partition.writ(writ.scope, run)}/${writ.action}`, sha256: writ.digest }] : []),
  ...(writ && claim ? [{ ref: `${partition.claim(writ.scope, run)}/${writ.action}`, sha256: digestOf(claim) }] : []),
];
