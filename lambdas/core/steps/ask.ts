import * as z from 'zod';
import { RunId, Tenant } from '../names.ts';
import { advance, defineStep, type StepDeps } from './step.ts';

const Output = z.strictObject({ kind: z.literal('asked'), field: z.string() });

/**
 * Asks whoever submitted the task for a missing field. The execution waits on the task token, which lies with the run
 * until the reply comes through the API. Asked again after a fault, only the token is new.
 */
export const ask = defineStep({
  name: 'ask',
  input: z.strictObject({
    tenant: Tenant,
    run: RunId,
    round: z.int().nonnegative(),
    field: z.string(),
    token: z.string().min(1),
  }),
  output: Output,
  run: async (deps: StepDeps, { round, field, token, ...ref }) => {
    const asked = deps.release.input.fields.find(({ name }) => name === field)?.ask;
    const question = {
      round,
      field,
      text: asked?.question ?? `Please send ${field}.`,
      token,
      at: deps.now().toISOString(),
    };
    const output = await advance(deps, ref, { key: `ask#${round}`, wanted: {}, output: Output }, () => ({
      output: { kind: 'asked' as const, field },
      rules: asked ? [asked.rule] : [],
      status: 'waiting' as const,
      event: { result: { status: 'asked' } },
      deed: { kind: 'ask' as const, question },
    }));
    // this attempt's token is the one that is waited for, also where another one was recorded before or at the same moment
    await deps.ledger.askAgain(ref, question);
    return output;
  },
});
