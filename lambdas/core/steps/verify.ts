import * as z from 'zod';
import { Terminal } from '../errors.ts';
import { actionOfUndo } from '../gate/undo.ts';
import { RuleId, RunId, Tenant } from '../names.ts';
import type { Tools } from '../provenance.ts';
import { writeToolOf } from './decide.ts';
import { sourcesOf, useOf } from './evidence.ts';
import { advance, defineStep, type StepDeps } from './step.ts';

const Output = z.strictObject({ kind: z.enum(['verified', 'undone', 'mismatch']), rules: z.array(RuleId) });
type Output = z.infer<typeof Output>;

/**
 * Compares what was read back with what the writ authorised, and puts the outcome into the audit. Believes no answer of
 * the system that acted: only what a read scope saw afterwards.
 */
export const verify = defineStep({
  name: 'verify',
  input: z.strictObject({
    tenant: Tenant,
    run: RunId,
    action: z.int().positive(),
    /** Which reading shows the effect. */
    call: z.enum(['after', 'undone']).optional(),
  }),
  output: Output,
  run: (deps: StepDeps & { readonly tools: Tools }, { action, call = 'after', ...ref }) => {
    const { scope, seenBy, name } = writeToolOf(deps);
    const seer = deps.tools[seenBy];
    if (seer === undefined) throw new Terminal(`${name} is seen by ${seenBy}, which is not a tool here`);
    const wanted = {
      readings: [{ scope: seer.scope, tool: seer.name, call, action: actionOfUndo(action) }],
      writ: { scope, action },
      claim: { scope, action },
    };
    return advance(deps, ref, { key: `verify#${action}`, wanted, output: Output }, (dossier) => {
      const { writ, claim, readings } = dossier;
      const [after] = readings;
      if (writ === undefined || claim === undefined || after === undefined)
        throw new Terminal(`run ${ref.run} has no writ, claim and reading of action ${action} to compare`);

      const tool = writ.undoes ? deps.tools[writ.tool] : writeToolOf(deps);
      if (tool === undefined || tool.effect === 'read') throw new Terminal(`there is no write tool ${writ.tool} here`);
      const input = tool.input.safeParse(writ.arguments);
      if (!input.success)
        throw new Terminal(`the arguments of the writ do not fit ${tool.name}`, { cause: input.error });
      const seen = tool.shows(input.data, after.output);
      const output: Output = seen
        ? { kind: writ.undoes ? 'undone' : 'verified', rules: writ.rules }
        : { kind: 'mismatch', rules: ['EFFECT_NOT_SEEN'] };
      return {
        output,
        rules: output.rules,
        event: {
          tool: { name: tool.name, scope, dry_run: false },
          args_redacted: { ...tool.redact(input.data) },
          policy: { decision: output.kind, rule_ids: output.rules },
          ...useOf(dossier),
          result: {
            status: output.kind,
            ...(claim.latencyMs !== undefined && { latency_ms: claim.latencyMs }),
            retries: claim.attempt - 1,
          },
          sources: sourcesOf(dossier),
        },
      };
    });
  },
});
