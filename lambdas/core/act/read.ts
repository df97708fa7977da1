import { type EntryKey, entryKey } from '../cache/cache.ts';
import { type Memory, once } from '../cache/once.ts';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { controlsOver, stopAmong } from '../gate/controls.ts';
import type { RunRef } from '../names.ts';
import type { Control, Reading } from '../records.ts';
import type { ReadImplementation } from './implementation.ts';

/** Readings of one scope, kept by an adapter. */
export interface Readings {
  /** Keeps a reading, once: a repeated call finds the first one and returns it. `ref` is where it lies. */
  keep(run: RunRef, reading: Reading, at: Date): Promise<{ readonly ref: string; readonly sha256: string }>;
  /** What operators say of these subjects, as the run's shard has it. */
  controls(run: RunRef, subjects: readonly string[]): Promise<readonly Control[]>;
}

/** What a read scope's function needs. */
export interface ReadDeps<Client> {
  readonly readings: Readings;
  readonly scope: string;
  readonly reads: readonly ReadImplementation<Client>[];
  readonly open: (tenant: string) => Promise<Client>;
  readonly now: () => Date;
  /** Absent: nothing is kept beyond a run. */
  readonly remembers?: {
    readonly memory: Memory;
    /** Digest of the code, contracts included. */
    readonly version: string;
    /** Which account of which system a tenant has. */
    readonly accountOf: (tenant: string) => Promise<string>;
  };
}

export interface ReadRequest {
  readonly tool: string;
  readonly call: Reading['call'];
  /** Of which action, where it is not the first. */
  readonly action?: number | undefined;
  /** For which round of deciding, where it is not the first. */
  readonly round?: number | undefined;
  readonly input: unknown;
  /** Of the call that is to be undone: whether it was changed since is asked too. */
  readonly marker?: string | undefined;
  /** The run's workflow, which an operator may have stopped. */
  readonly workflow: string;
}

/** What a tool answers, and when the system gave it, where that is not now. */
interface Seen {
  readonly output: Readonly<Record<string, unknown>>;
  readonly readAt?: string;
}

/**
 * Has the system asked, or an answer given again that it gave before to the same tenant's account: where the contract says for how long, and
 * before the first action of the run alone. Whatever comes after an action is there to see what it did, and what is read for another round, to see what has changed.
 */
const seen = async <Client>(
  { scope, remembers }: ReadDeps<Client>,
  tenant: string,
  { contract }: ReadImplementation<Client>,
  { call, action = 1, round = 1, input }: Pick<ReadRequest, 'call' | 'action' | 'round' | 'input'>,
  ask: (withinMs: number) => Promise<Seen['output']>
): Promise<Seen> => {
  const withinMs = contract.timeoutSeconds * 1_000;
  const { cacheSeconds: keepSeconds } = contract;
  const isFirst = call === 'before' && action === 1 && round === 1;
  if (keepSeconds === undefined || remembers === undefined || !isFirst) return { output: await ask(withinMs) };
  const { memory, version, accountOf } = remembers;
  const of = { tool: contract.name, version, account: await accountOf(tenant), input };
  const key: EntryKey = entryKey({ kind: 'reading', writer: scope, tenant, of });
  const given = await once(memory, key, { schema: contract.output, keepSeconds, withinMs }, async (leftMs) => {
    const output = await ask(leftMs);
    return { made: output, keep: output };
  });
  return given.kind === 'made' ? { output: given.made } : { output: given.recalled.value, readAt: given.recalled.at };
};

/**
 * Calls a read tool and keeps its answer under the scope's own label. Step Functions sees a reference and a digest only. Where
 * everything is stopped nothing is read before an action, and that is kept instead. After an action it is read
 * all the same: what has happened is looked at, whatever is stopped.
 */
export const read = async <Client>(
  deps: ReadDeps<Client>,
  run: RunRef,
  { tool: name, call, action, round, input, marker, workflow }: ReadRequest
): Promise<{ readonly kind: 'read' | 'stopped'; readonly ref: string; readonly sha256: string }> => {
  const { readings, scope, reads, open, now } = deps;
  const tool = reads.find(({ contract }) => contract.name === name);
  if (tool === undefined) throw new Terminal(`scope ${scope} has no tool ${name}`);
  const parsed = tool.contract.input.safeParse(input);
  if (!parsed.success) throw new Terminal(`the input does not fit ${name}`, { cause: parsed.error });

  const which = { ...(action !== undefined && { action }), ...(round !== undefined && { round }) };
  const client = await open(run.tenant);
  if (call === 'before') {
    const over = controlsOver(run.tenant, workflow, scope);
    const controls = await readings.controls(
      run,
      over.map(({ subject }) => subject)
    );
    const at = now();
    const stopped = stopAmong(controls, over, { now: at, of: 'everything' });
    if (stopped !== undefined) {
      const none = {
        tool: name,
        scope,
        call,
        ...which,
        output: {},
        sha256: digestOf({}),
        stopped,
        at: at.toISOString(),
      };
      return { kind: 'stopped', ...(await readings.keep(run, none, at)) };
    }
  }
  const at = now(); // before the call: what it shows may be as old as that
  const { output, readAt } = await seen(deps, run.tenant, tool, { call, ...which, input: parsed.data }, (withinMs) =>
    tool.call(client, parsed.data, AbortSignal.timeout(withinMs))
  );
  // after the answer: what was changed before it is not missed
  const inTime = AbortSignal.timeout(tool.contract.timeoutSeconds * 1_000);
  const changedSince =
    marker === undefined ? undefined : await tool.isChangedSince?.(client, parsed.data, inTime, { marker });
  const reading = {
    tool: name,
    scope,
    call,
    ...which,
    output,
    ...(changedSince !== undefined && { changedSince }),
    sha256: digestOf(changedSince === undefined ? output : { output, changedSince }),
    ...(readAt !== undefined && { readAt }),
    at: at.toISOString(),
  };
  return { kind: 'read', ...(await readings.keep(run, reading, at)) };
};
