import * as z from 'zod';
import type { Answer, Engine } from '../engine/engine.ts';
import { RuleId, RunId, Tenant } from '../names.ts';
import { fieldsOf } from '../records.ts';
import { advance, defineStep, type StepDeps } from './step.ts';

const Output = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('eligible'), rule: RuleId, ids: z.record(z.string(), z.string()) }),
  z.strictObject({ kind: z.literal('missing'), rule: RuleId, field: z.string() }),
  z.strictObject({ kind: z.literal('not-eligible'), rule: RuleId }),
  z.strictObject({ kind: z.literal('unsure'), rule: RuleId }),
]);
type Output = z.infer<typeof Output>;

/** The labels between which eligibility engines decide. */
export const ELIGIBLE = 'eligible';
export const NOT_ELIGIBLE = 'not-eligible';

const ruleOf = (answer: Answer, otherwise: string): string => answer.rule ?? otherwise;

/**
 * The cheap gate: looks at the submitted text alone, before anything is read or paid for. A missing field is asked for;
 * what an engine calls off-topic is answered so; what no engine is sure of goes to a person.
 */
export const route = defineStep({
  name: 'route',
  input: z.strictObject({ tenant: Tenant, run: RunId, round: z.int().nonnegative() }),
  output: Output,
  run: ({ eligibility, ...deps }: StepDeps & { readonly eligibility: Engine }, { round, ...ref }) =>
    advance(
      deps,
      ref,
      { key: `route#${round}`, wanted: { input: true }, output: Output },
      async ({ input }): Promise<{ output: Output; event: object; status: 'active' }> => {
        const fields = input ? fieldsOf(input) : {};
        const record = (output: Output, model?: string) => ({
          output,
          status: 'active' as const,
          event: {
            policy: { decision: output.kind, rule_ids: [output.rule] },
            ...(model && {
              model: { name: model, input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost_microusd: 0 },
            }),
          },
        });
        const missing = deps.release.input.fields.find(
          ({ name, needed }) => needed === 'before-routing' && !fields[name]?.trim()
        );
        if (missing?.ask) return record({ kind: 'missing', rule: missing.ask.rule, field: missing.name });

        const { text, whenUnsure, labels } = deps.release.eligibility;
        const answer = await eligibility.answer({ text: text.map((name) => fields[name] ?? '').join('\n'), labels });
        const model = `${answer.engine.name}@${answer.engine.version.slice(0, 12)}`;
        const ids = Object.fromEntries(
          deps.release.input.fields.flatMap(({ name, isId }) => {
            const id = fields[name];
            return isId && id !== undefined ? [[name, id]] : [];
          })
        );
        if (answer.abstained && whenUnsure === 'unsure')
          return record({ kind: 'unsure', rule: 'ELIGIBILITY_UNSURE' }, model);
        if (!answer.abstained && answer.label === NOT_ELIGIBLE)
          return record({ kind: 'not-eligible', rule: ruleOf(answer, 'CLASSIFIED_NOT_ELIGIBLE') }, model);
        return record({ kind: 'eligible', rule: ruleOf(answer, 'CLASSIFIED_ELIGIBLE'), ids }, model);
      }
    ),
});
