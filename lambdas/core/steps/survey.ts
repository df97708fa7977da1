import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { type Reversal, reversalOf, ruleOf, UndoRefusal } from '../gate/undo.ts';
import { Digest, RuleId, RunId, Tenant } from '../names.ts';
import type { Tools } from '../provenance.ts';
import { markerOf, type Writ } from '../records.ts';
import type { Run } from '../run.ts';
import { lookBack } from './look-back.ts';
import { reportOf, STANDS_NO_MORE } from './report.ts';
import { advance, defineStep, type StepDeps } from './step.ts';

const Output = z.discriminatedUnion('kind', [
  /** `input`: what shows the record again, ids alone. `record`: which record that is. `marker`: of the call that is to be undone. */
  z.strictObject({
    kind: z.literal('reversible'),
    input: z.record(z.string(), z.string()),
    record: Digest,
    marker: z.string(),
  }),
  z.strictObject({
    kind: z.literal('refused'),
    because: UndoRefusal,
    rules: z.array(RuleId),
    record: Digest.optional(),
  }),
]);
type Output = z.infer<typeof Output>;

const Surveyed = z.looseObject({ record: Digest.optional() });

/** Whether an action that came after this one, on the same record or on one that nobody can tell, still stands. */
const isBelow = ({ steps }: Run, action: number, record: string): boolean =>
  Object.entries(steps).some(([key, answer]) => {
    const [, newer] = /^survey#(\d+)$/.exec(key) ?? [];
    if (newer === undefined || Number(newer) <= action) return false;
    const other = Surveyed.safeParse(answer).data?.record;
    const report = reportOf(steps, Number(newer));
    return (other === undefined || other === record) && !STANDS_NO_MORE.includes(report);
  });

const refused = (because: UndoRefusal, more: { readonly record?: string } = {}): Output => ({
  kind: 'refused',
  because,
  rules: [ruleOf(because)],
  ...more,
});

/** What is said of an action that could be reversed: that it is, unless a newer one stands. */
const surveyed = (run: Run, of: Pick<Writ, 'run' | 'action'>, { seenWith }: Reversal): Output => {
  const record = digestOf(seenWith);
  if (isBelow(run, of.action, record)) return refused('newer-stands', { record });
  return { kind: 'reversible', input: { ...seenWith }, record, marker: markerOf(of) };
};

/**
 * Begins to undo one action of the run that this run was made to undo: looks at what is left of it, and says by which ids the record
 * is seen again. An older write is not undone below a newer one to the same record that stands.
 */
export const survey = defineStep({
  name: 'survey',
  input: z.strictObject({ tenant: Tenant, run: RunId, action: z.int().positive() }),
  output: Output,
  run: (deps: StepDeps & { readonly tools: Tools }, { action, ...ref }) =>
    advance(deps, ref, { key: `survey#${action}`, wanted: {}, output: Output }, async ({ run }) => {
      if (run.undo === undefined) throw new Terminal(`run ${ref.run} was not made to undo another`);
      const of = run.undo.of;
      const past = await lookBack(deps, { tenant: ref.tenant, run: of }, action);
      const found = reversalOf(past, { tools: deps.tools, at: deps.now().toISOString() });
      const output = found.kind === 'refused' ? refused(found.because) : surveyed(run, { run: of, action }, found);
      const rules = output.kind === 'refused' ? output.rules : [];
      return {
        output,
        rules,
        event: {
          policy: { decision: output.kind, rule_ids: rules },
          result: { status: output.kind === 'refused' ? output.because : output.kind },
          sources: past.sources,
        },
      };
    }),
});
