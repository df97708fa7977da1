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
}

export interface ReadRequest {
  readonly tool: string;
  readonly call: Reading['call'];
  readonly input: unknown;
  /** The run's workflow, which an operator may have stopped. */
  readonly workflow: string;
}

/**
 * Calls a read tool and keeps its answer under the scope's own label. Step Functions sees a reference and a digest only. Where
 * everything is stopped nothing is read before an action, and that is kept instead. After an action it is read
 * all the same: what has happened is looked at, whatever is stopped.
 */
export const read = async <Client>(
  { readings, scope, reads, open, now }: ReadDeps<Client>,
  run: RunRef,
  { tool: name, call, input, workflow }: ReadRequest
): Promise<{ readonly kind: 'read' | 'stopped'; readonly ref: string; readonly sha256: string }> => {
  const tool = reads.find(({ contract }) => contract.name === name);
  if (tool === undefined) throw new Terminal(`scope ${scope} has no tool ${name}`);
  const parsed = tool.contract.input.safeParse(input);
  if (!parsed.success) throw new Terminal(`the input does not fit ${name}`, { cause: parsed.error });

  const client = await open(run.tenant);
  if (call === 'before') {
    const over = controlsOver(run.tenant, workflow, scope);
    const seen = await readings.controls(
      run,
      over.map(({ subject }) => subject)
    );
    const at = now();
    const stopped = stopAmong(seen, over, { now: at, of: 'everything' });
    if (stopped !== undefined) {
      const none = { tool: name, scope, call, output: {}, sha256: digestOf({}), stopped, at: at.toISOString() };
      return { kind: 'stopped', ...(await readings.keep(run, none, at)) };
    }
  }
  const output = await tool.call(client, parsed.data, AbortSignal.timeout(tool.contract.timeoutSeconds * 1_000));
  const at = now();
  const reading = { tool: name, scope, call, output, sha256: digestOf(output), at: at.toISOString() };
  return { kind: 'read', ...(await readings.keep(run, reading, at)) };
};
