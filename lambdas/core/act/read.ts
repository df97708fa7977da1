import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import type { RunRef } from '../names.ts';
import type { Reading } from '../records.ts';
import type { ReadImplementation } from './implementation.ts';

/** Readings of one scope, kept by an adapter. */
export interface Readings {
  /** Keeps a reading, once: a repeated call finds the first one and returns it. `ref` is where it lies. */
  keep(run: RunRef, reading: Reading, at: Date): Promise<{ readonly ref: string; readonly sha256: string }>;
}

/** What a read scope's function needs. */
export interface ReadDeps<Client> {
  readonly readings: Readings;
  readonly scope: string;
  readonly reads: readonly ReadImplementation<Client>[];
  readonly open: (tenant: string) => Promise<Client>;
  readonly now: () => Date;
}

/** Calls a read tool and keeps its answer under the scope's own label. Step Functions sees a reference and a digest only. */
export const read = async <Client>(
  { readings, scope, reads, open, now }: ReadDeps<Client>,
  run: RunRef,
  { tool: name, call, action, input }: Pick<Reading, 'tool' | 'call'> & { action?: number | undefined; input: unknown }
): Promise<{ readonly kind: 'read'; readonly ref: string; readonly sha256: string }> => {
  const tool = reads.find(({ contract }) => contract.name === name);
  if (tool === undefined) throw new Terminal(`scope ${scope} has no tool ${name}`);
  const parsed = tool.contract.input.safeParse(input);
  if (!parsed.success) throw new Terminal(`the input does not fit ${name}`, { cause: parsed.error });

  const client = await open(run.tenant);
  const output = await tool.call(client, parsed.data, AbortSignal.timeout(tool.contract.timeoutSeconds * 1_000));
  const at = now();
  const reading = {
    tool: name,
    scope,
    call,
    ...(action !== undefined && { action }),
    output,
    sha256: digestOf(output),
    at: at.toISOString(),
  };
  return { kind: 'read', ...(await readings.keep(run, reading, at)) };
};
