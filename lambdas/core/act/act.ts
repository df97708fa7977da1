import { Retryable, Terminal, Uncertain } from '../errors.ts';
import type { RunRef } from '../names.ts';
import { type Claim, markerOf } from '../records.ts';
import type { Claims } from './claims.ts';
import type { WriteImplementation } from './implementation.ts';

/** What a write scope's function needs. `open` reaches the tenant's secret, and no other tenant's. */
export interface ActDeps<Client> {
  readonly claims: Claims;
  readonly writes: readonly WriteImplementation<Client>[];
  readonly open: (tenant: string) => Promise<Client>;
  readonly now: () => Date;
}

/** How long after its own time-out a call may still take effect at the other end, as far as anybody waits for it. */
const GRACE_MS = 5_000;

/** How long what an undo was decided by holds: what it sees as ours may be somebody else's soon. */
export const SEEN_FOR_MS = 60_000;

/** The writ of an action, and the tool that it authorises. */
export const writFor = async <Client>(
  { claims, writes }: Pick<ActDeps<Client>, 'claims' | 'writes'>,
  ref: RunRef,
  action: number
) => {
  const { writ, claim } = await claims.look(ref, action);
  if (writ === undefined) throw new Terminal(`no writ authorises action ${action} of run ${ref.run}: nothing is done`);
  const tool = writes.find(({ contract }) => contract.name === writ.tool);
  if (tool === undefined) throw new Terminal(`this scope has no tool ${writ.tool}`);
  const input = tool.contract.input.safeParse(writ.arguments);
  if (!input.success) throw new Terminal(`the arguments of the writ do not fit ${writ.tool}`, { cause: input.error });
  return { writ, claim, tool, input: input.data };
};

/**
 * Uses a writ: claims it, calls the system once, and keeps how it went. Answers `done` also where it was done before.
 * Throws `Retryable` where nothing happened and it may be tried again, `Terminal` where nothing happened and nothing will,
 * `Uncertain` for everything else: also where an earlier attempt was never settled, since that is never repeated.
 */
export const act = async <Client>(
  deps: ActDeps<Client>,
  ref: RunRef,
  action: number
): Promise<{ readonly kind: 'done' }> => {
  const { writ, claim: earlier, tool, input } = await writFor(deps, ref, action);
  if (earlier?.status === 'done') return { kind: 'done' };
  if (earlier?.status === 'failed') throw new Terminal(`action ${action} of run ${ref.run} has failed before`);
  if (earlier !== undefined && earlier.status !== 'released')
    throw new Uncertain(`action ${action} of run ${ref.run} was begun before, and nobody has heard how it ended`);

  const client = await deps.open(ref.tenant); // before the claim: without a secret nothing has begun
  const timeoutMs = tool.contract.timeoutSeconds * 1_000;
  const startedAt = deps.now();
  if (writ.seenAt !== undefined && startedAt.getTime() > Date.parse(writ.seenAt) + SEEN_FOR_MS)
    throw new Terminal(
      `action ${action} of run ${ref.run} would undo what was seen at ${writ.seenAt}: too long ago to be sure that it is still ours`
    );
  const claim: Claim = {
    digest: writ.digest,
    status: 'executing',
    attempt: (earlier?.attempt ?? 0) + 1,
    startedAt: startedAt.toISOString(),
    leaseUntil: new Date(startedAt.getTime() + timeoutMs + GRACE_MS).toISOString(),
  };
  const unclaimed = await deps.claims.begin(writ, claim);
  if (unclaimed === 'taken') throw new Uncertain(`action ${action} of run ${ref.run} was begun by somebody else`);
  if (unclaimed === 'no-writ' || unclaimed === 'run-closed')
    throw new Terminal(`action ${action} of run ${ref.run} was not begun: ${unclaimed}`);
  // a stop may be over soon; whether it is by the time that nobody tries any more, reconcile says
  if (unclaimed !== undefined)
    throw new Retryable(`action ${action} of run ${ref.run} is not begun while it is stopped: ${unclaimed}`);

  const settle = async (status: Claim['status']): Promise<void> => {
    // a clock may be set back
    const settled = { ...claim, status, latencyMs: Math.max(0, deps.now().getTime() - startedAt.getTime()) };
    const isSettled = await deps.claims.settle(writ, settled).catch(() => false);
    if (!isSettled) throw new Uncertain(`how action ${action} of run ${ref.run} ended (${status}) could not be kept`);
  };
  // the lease counts from before the claim: a call that began late could take effect after it
  const leftMs = Math.min(timeoutMs, timeoutMs - (deps.now().getTime() - startedAt.getTime()));
  if (leftMs <= 0) {
    await settle('released');
    throw new Retryable(`claiming action ${action} of run ${ref.run} took as long as the call may: nothing was sent`);
  }
  try {
    await tool.call(client, input, AbortSignal.timeout(leftMs), {
      marker: markerOf(writ),
      undoes: writ.undoes && markerOf(writ.undoes),
    });
  } catch (fault) {
    await settle(fault instanceof Retryable ? 'released' : fault instanceof Terminal ? 'failed' : 'in-doubt');
    if (fault instanceof Retryable || fault instanceof Terminal || fault instanceof Uncertain) throw fault;
    throw new Uncertain(`${writ.tool} failed in a way it does not name`, { cause: fault });
  }
  await settle('done');
  return { kind: 'done' };
};
