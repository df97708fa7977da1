import * as z from 'zod';
import { type AuditEvent, chain, GENESIS, type Head, headOf } from '../audit/record.ts';
import { digestOf } from '../digest.ts';
import { Retryable, Terminal } from '../errors.ts';
import type { RunRef } from '../names.ts';
import type { Run } from '../run.ts';
import { MAY_CHANGE, reportsOf } from '../steps/report.ts';
import { partition } from '../tables.ts';
import { ControlChange } from './control.ts';
import type { Identity } from './identity.ts';
import type { Deployed } from './ports.ts';
import { runIdOf } from './run-id.ts';
import { hasBegun, type SubmitDeps } from './submit.ts';

/** Why an operator wants a run undone: it goes into the audit, as the reason of a stop does. */
export const UndoRequest = z.strictObject({ reason: ControlChange.shape.reason });
export type UndoRequest = z.infer<typeof UndoRequest>;

export type Undoing =
  | { readonly kind: 'accepted'; readonly run: Run }
  | { readonly kind: 'unknown-run' }
  /** The run may still act: stop it, or wait until it is closed. */
  | { readonly kind: 'open' }
  /** An undo is not undone: the task can be submitted again. */
  | { readonly kind: 'is-undo' }
  /** The workflow is no longer deployed; or an undo that keeps no version of its own was accepted under another release, and never started. */
  | { readonly kind: 'release-gone' };

type UndoDeps = Pick<SubmitDeps, 'desk' | 'executions' | 'workflows' | 'now' | 'traceId'>;

/** How often it is tried when others ask for the same at the same time. */
const TRIES = 5;

/**
 * An undo that people got, or that was refused for what may be otherwise by now, or found nothing to undo, is at its end, and what it was to undo may still stand: it
 * may be asked for anew. Another one would come to no more.
 */
const mayComeToMore = (run: Run): boolean => {
  if (run.status !== 'closed') return false;
  if (run.outcome === 'escalated' || run.outcome === 'failed') return true;
  return reportsOf(run).some(({ report }) => MAY_CHANGE.includes(report));
};

/**
 * Has a closed run undone, by a run of its own whose user is the operator. Asked again it gives the same undo, and starts it where it was
 * written but not started, on the version that it keeps, whatever is deployed by then; a new one only where the one before ended with people, or
 * came to what may be otherwise by now. Each names the other, also in the audit.
 */
export const undoRun = async (deps: UndoDeps, by: Identity, ref: RunRef, { reason }: UndoRequest): Promise<Undoing> => {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const of = await deps.desk.run(ref);
    if (of === undefined) return { kind: 'unknown-run' };
    if (of.undo !== undefined) return { kind: 'is-undo' };
    if (of.status !== 'closed') return { kind: 'open' };
    const deployed = deps.workflows.get(of.workflow);
    if (deployed === undefined) return { kind: 'release-gone' };

    const before = of.undoneBy ?? [];
    const last = before.at(-1);
    const earlier = last === undefined ? undefined : await deps.desk.run({ tenant: ref.tenant, run: last });
    if (earlier !== undefined && !mayComeToMore(earlier)) return begin(deps, earlier, deployed);

    const made = make(deps, by, { of, before, reason, deployed });
    const created = await deps.desk.createUndo(made.undo, made.of);
    if (created === 'created') return begin(deps, made.undo.run, deployed);
    // somebody asks for the same undo at this moment: the next look finds theirs
  }
  throw new Retryable(`run ${ref.run} kept changing while it was to be undone: ask again`);
};

const begin = async ({ executions }: UndoDeps, run: Run, { release, undoMachine }: Deployed): Promise<Undoing> => {
  if (hasBegun(run)) return { kind: 'accepted', run };
  const machine = run.machine ?? (run.release === release ? undoMachine : undefined);
  if (machine === undefined) return { kind: 'release-gone' };
  await executions.start(machine, { tenant: run.tenant, run: run.run, workflow: run.workflow });
  return { kind: 'accepted', run };
};

const make = (
  { now, traceId }: UndoDeps,
  { id: user, tenant, roles }: Identity,
  { of, before, reason, deployed }: { of: Run; before: readonly string[]; reason: string; deployed: Deployed }
) => {
  const { release, undoMachine } = deployed;
  const at = now().toISOString();
  // no key of a client has a NUL in it, so this is no other run of theirs
  const id = runIdOf(tenant, `undo\0${of.run}\0${before.length}`);
  if (id === of.run) throw new Terminal(`run ${of.run} cannot undo itself`);
  const said = (head: Head, run: RunRef & { release: string }, event: AuditEvent) =>
    chain(head, event, { trace_id: traceId(), run_id: run.run, at, user: { id: user, tenant }, release: run.release });
  const ref = { tenant, run: id };
  const record = said(
    GENESIS,
    { ...ref, release },
    {
      step: 'submit-undo',
      workflow: of.workflow,
      args_redacted: { undoes: of.run, reason },
      result: { status: 'accepted' },
      sources: [{ ref: partition.run(of), sha256: of.head.hash }],
    }
  );
  const run: Run = {
    ...ref,
    workflow: of.workflow,
    release,
    machine: undoMachine,
    status: 'active',
    rules: [],
    user: { id: user, roles: [...roles] },
    taskDigest: digestOf({ undo: of.run }),
    steps: {},
    head: headOf(record),
    undo: { of: of.run, reason },
    createdAt: at,
    updatedAt: at,
  };
  const noted = said(of.head, of, {
    step: `undo#${before.length}`,
    args_redacted: { undone_by: id, reason },
    result: { status: 'undo-accepted' },
    sources: [{ ref: partition.run(ref), sha256: record.hash }],
  });
  // not moved: a closed run keeps the time at which it ended
  const after: Run = { ...of, head: headOf(noted), undoneBy: [...before, id] };
  return { undo: { run, record }, of: { run: after, record: noted, found: of.head } };
};
