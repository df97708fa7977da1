import * as z from 'zod';
import { Terminal } from '../errors.ts';
import type { Dossier, Wanted } from '../ledger.ts';
import { RunRef } from '../names.ts';
import { type CloseDeps, evidenceOf, handOver } from './close.ts';
import { usesOf } from './doubt.ts';
import { type Purse, settleLeft } from './paid.ts';
import { advance, defineStep } from './step.ts';

interface ReapDeps extends CloseDeps {
  readonly purse?: Purse;
}

type Uses = (dossier: Dossier) => Promise<readonly Dossier[]>;

const Reaped = z.strictObject({ kind: z.literal('reaped') });

/** The part that matters of EventBridge's "Step Functions Execution Status Change". */
const ExecutionEnded = z.object({
  detail: z.object({
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    input: z.string().transform((text, context) => {
      try {
        return RunRef.loose().parse(JSON.parse(text));
      } catch {
        context.addIssue({ code: 'custom', message: 'the execution input must be JSON with tenant and run' });
        return z.NEVER;
      }
    }),
  }),
});

/**
 * Closes a run whose execution ended without closing it, whatever release it was pinned to, and hands it to people, with as much evidence as
 * can be read. What its steps left held of budgets is settled.
 */
export const reap = defineStep({
  name: 'reap',
  input: ExecutionEnded,
  output: Reaped,
  run: async (
    deps: ReapDeps,
    {
      detail: {
        status,
        input: { tenant, run },
      },
    }
  ) => {
    const ref = { tenant, run };
    const output = { kind: 'reaped' as const };
    const known = await orWithout(
      () => deps.ledger.look(ref, { plan: 1 }),
      () => deps.ledger.look(ref, {})
    );
    if (known && deps.purse)
      await settleLeft({ ...deps.purse, now: deps.now }, ref, { of: ['route', 'propose'], plan: known.plan });
    if (known?.run.status === 'closed') return output;
    const close = (wanted: Wanted, uses: Uses, rules: readonly string[]) =>
      advance(deps, ref, { key: 'reap', wanted, output: Reaped, anyRelease: true }, async (dossier) =>
        handOver(deps, dossier, { output, because: 'fault', rules, outcome: 'failed', uses: await uses(dossier) })
      );
    const ended = `EXECUTION_${status}`;
    const uses: Uses = (dossier) => usesOf(deps, dossier);
    const unread = [ended, 'EVIDENCE_UNREADABLE'];
    return orWithout(
      () => close(evidenceOf(deps), uses, [ended]),
      () =>
        orWithout(
          () => close({}, uses, unread),
          () => close({}, async (dossier) => [dossier], unread)
        )
    );
  },
});

/** What another release kept, or in a scope that is gone, may be closed to this one: then it is done without. */
const orWithout = async <T>(work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (fault) {
    if (fault instanceof Terminal) return otherwise();
    throw fault;
  }
};
