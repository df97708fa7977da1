import * as z from 'zod';
import type { Engine } from '../engine/engine.ts';
import { controlsOverRun, stopAmong } from '../gate/controls.ts';
import { Standing } from '../limits/limit.ts';
import { RuleId, RunId, Tenant } from '../names.ts';
import { fieldsOf } from '../records.ts';
import { answerOf, modelOf, sourcesOf, stagesOf } from './evidence.ts';
import { askWithinBudget, type PayingDeps } from './paid.ts';
import { notedAs } from './spending.ts';
import { type Advance, advance, defineStep, type StepDeps } from './step.ts';

const Output = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('eligible'), rule: RuleId, ids: z.record(z.string(), z.string()) }),
  z.strictObject({ kind: z.literal('missing'), rule: RuleId, field: z.string() }),
  z.strictObject({ kind: z.literal('not-eligible'), rule: RuleId }),
  z.strictObject({ kind: z.literal('unsure'), rule: RuleId }),
  z.strictObject({ kind: z.literal('stopped'), rule: RuleId }),
  z.strictObject({ kind: z.literal('over-budget'), rule: RuleId, limits: z.array(Standing) }),
]);
type Output = z.infer<typeof Output>;

export interface RouteDeps extends StepDeps, PayingDeps {
  readonly eligibility: Engine;
}

/** The label with which an eligibility engine says no; every other label says yes. */
export const NOT_ELIGIBLE = 'not-eligible';

/**
 * The cheap gate: looks at the submitted text alone, before anything is read or paid for. What an engine calls off-topic is
 * answered so; what no engine is sure of goes to a person; a field that is missing is asked for, and only then. Where an
 * operator has stopped everything, no engine is asked.
 */
export const route = defineStep({
  name: 'route',
  input: z.strictObject({ tenant: Tenant, run: RunId, round: z.int().nonnegative() }),
  output: Output,
  run: (deps: RouteDeps, { round, ...ref }) => {
    const over = controlsOverRun(ref.tenant, deps.release.workflow);
    const wanted = { input: true, controls: over.map(({ subject }) => subject) };
    return advance(
      deps,
      ref,
      { key: `route#${round}`, wanted, output: Output },
      async (dossier): Promise<Advance<Output>> => {
        const stop = stopAmong(dossier.controls, over, { now: deps.now(), of: 'everything' });
        if (stop !== undefined)
          return {
            output: { kind: 'stopped', rule: stop },
            rules: [stop],
            event: { policy: { decision: 'stopped', rule_ids: [stop] } },
          };
        const fields = dossier.input ? fieldsOf(dossier.input) : {};
        const { text, whenUnsure, labels } = deps.release.eligibility;
        const words = text.map((name) => fields[name] ?? '').join('\n');
        const paid = await askWithinBudget(deps, { ...ref, step: 'route' }, deps.eligibility, { text: words, labels });
        if (paid.kind === 'over-budget') return unpaid(paid.limits);
        const { answer } = paid;
        await paid.settle();
        const routed = (output: Output): Advance<Output> => ({
          output,
          rules: [output.rule],
          status: 'active',
          event: {
            model: modelOf(answer),
            answer: answerOf(answer),
            ...stagesOf(answer),
            policy: { decision: output.kind, rule_ids: [output.rule] },
            ...(paid.nearly.length > 0 && { limits: [...notedAs('nearly-used', paid.nearly)] }),
            sources: sourcesOf(dossier),
          },
        });
        if (answer.abstained && whenUnsure === 'unsure') return routed({ kind: 'unsure', rule: 'ELIGIBILITY_UNSURE' });
        if (!answer.abstained && answer.label === NOT_ELIGIBLE)
          return routed({ kind: 'not-eligible', rule: answer.rule ?? 'CLASSIFIED_NOT_ELIGIBLE' });

        const missing = deps.release.input.fields.find(
          ({ name, needed }) => needed === 'before-routing' && !fields[name]?.trim()
        );
        if (missing?.ask) return routed({ kind: 'missing', rule: missing.ask.rule, field: missing.name });
        const ids = deps.release.input.fields.flatMap(({ name, isId }) => {
          const id = fields[name];
          return isId && id !== undefined ? [[name, id] as const] : [];
        });
        const rule = answer.rule ?? (answer.abstained ? 'NOTHING_AGAINST_IT' : 'CLASSIFIED_ELIGIBLE');
        return routed({ kind: 'eligible', rule, ids: Object.fromEntries(ids) });
      }
    );
  },
});

/** No engine was asked: no budget has room for what its answer may cost. */
const unpaid = (limits: readonly Standing[]): Advance<Output> => {
  const rules = limits.map(({ rule }) => rule);
  const [rule = 'BUDGET_RUN'] = rules;
  return {
    output: { kind: 'over-budget', rule, limits: [...limits] },
    rules,
    event: { policy: { decision: 'over-budget', rule_ids: rules }, limits: [...notedAs('refused', limits)] },
  };
};
