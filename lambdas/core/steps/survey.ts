import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { reversalOf, ruleOf, UndoRefusal } from '../gate/undo.ts';
import { Digest, RuleId, RunId, Tenant } from '../names.ts';
import type { Tools } from '../provenance.ts';
import { markerOf } from '../records.ts';
import type { Run } from '../run.ts';
import { sourcesOf } from './evidence.ts';
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

/**
 * Begins to undo one action of the run that this run was made to undo: looks at what is left of it, and says by which ids the record
 * is seen again. An older write is not undone below a newer one to the same record that stands.
 */
export const survey = defineStep({
  name: 'survey',
  input: z.strictObject({ tenant: Tenant, run: RunId, action: z.int().positive() }),
  output: Output,
  run: (deps: StepDeps & { readonly tools: Tools }, { action, ...ref }) =>
    advance(deps, ref, { key: `survey#${action}`, wanted: {}, output: Output }, async (dossier) => {
      const { run } = dossier;
      if (run.undo === undefined) throw new Terminal(`run ${ref.run} was not made to undo another`);
      const past = await lookBack(deps, { tenant: ref.tenant, run: run.undo.of }, action);
      const found = reversalOf(past, { tools: deps.tools, at: deps.now().toISOString() });
      const record = found.kind === 'reversible' ? digestOf(found.seenWith) : undefined;
      const because =
        found.kind === 'refused'
          ? found.because
          : isBelow(run, action, digestOf(found.seenWith))
            ? 'newer-stands'
            : undefined;
      const output: Output =
        found.kind === 'reversible' && because === undefined
          ? {
              kind: 'reversible',
              input: { ...found.seenWith },
              record: digestOf(found.seenWith),
              marker: markerOf({ run: past.run.run, action }),
            }
          : {
              kind: 'refused',
              because: because ?? 'never-done',
              rules: [ruleOf(because ?? 'never-done')],
              ...(record && { record }),
            };
      const rules = output.kind === 'refused' ? output.rules : [];
      return {
        output,
        rules,
        event: {
          policy: { decision: output.kind, rule_ids: rules },
          result: { status: output.kind === 'refused' ? output.because : output.kind },
          sources: [...sourcesOf(dossier), ...past.sources],
        },
      };
    }),
});
