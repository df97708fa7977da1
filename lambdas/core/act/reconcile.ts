import { Retryable, Terminal } from '../errors.ts';
import type { StopRule } from '../gate/controls.ts';
import type { RunRef } from '../names.ts';
import { markerOf } from '../records.ts';
import { type ActDeps, writFor } from './act.ts';

/** `done`: the system shows the effect. `not-done`: it may be tried again. `stopped`: it is not done, and may not be now. `in-doubt`: a person has to look. */
export type Reconciled =
  | { readonly kind: 'done' | 'not-done' | 'in-doubt' }
  | { readonly kind: 'stopped'; readonly rules: readonly StopRule[] };

/**
 * Finds out what became of an action that nobody has heard of. What was never claimed has not happened, and is not tried again while it is stopped. What was claimed is
 * looked up in the system: if it is there, it is done. If it is not, it may still be on its way until the lease is over
 * (`Retryable`); after that, a tool for which once more does no harm may try again, any other is in doubt.
 */
export const reconcile = async <Client>(deps: ActDeps<Client>, ref: RunRef, action: number): Promise<Reconciled> => {
  const { writ, claim, tool, input } = await writFor(deps, ref, action);
  if (claim === undefined || claim.status === 'released') {
    const stop = await deps.claims.stopOver(writ, deps.now());
    return stop === undefined ? { kind: 'not-done' } : { kind: 'stopped', rules: [stop] };
  }
  if (claim.status === 'done') return { kind: 'done' };
  if (claim.status === 'failed') throw new Terminal(`action ${action} of run ${ref.run} has failed`);

  const client = await deps.open(ref.tenant);
  const signal = AbortSignal.timeout(tool.contract.timeoutSeconds * 1_000);
  const isOver = deps.now().toISOString() > claim.leaseUntil; // before the look: what arrives during it is not missed
  const isThere = await tool.lookUp(client, input, signal, { marker: markerOf(writ) });
  if (!isThere && !isOver)
    throw new Retryable(`action ${action} of run ${ref.run} is not seen yet, but may still come`);

  const mayRepeat = tool.contract.effect === 'idempotent';
  const status = isThere ? 'done' : mayRepeat ? 'released' : 'in-doubt';
  if (!(await deps.claims.settle(writ, { ...claim, status })))
    throw new Retryable(`the claim of action ${action} of run ${ref.run} moved while it was reconciled`);
  return { kind: isThere ? 'done' : mayRepeat ? 'not-done' : 'in-doubt' };
};
