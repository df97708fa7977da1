import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { dynamoCache } from '../lambdas/adapters/dynamodb/cache.ts';
import type { Connection } from '../lambdas/adapters/dynamodb/connection.ts';
import { type EntryKey, entryKey } from '../lambdas/core/cache/cache.ts';
import { type Memory, once, recall } from '../lambdas/core/cache/once.ts';
import { openSteps } from './governed-steps.ts';
import { cells, quantile } from './statistics.ts';
import { metered } from './write-units.ts';

/** What a question costs beside its model, everything on disk. */
export interface Asking {
  readonly what: string;
  readonly calls: number;
  readonly units: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Many who want the same answer of a model that takes so long. */
export interface Crowd {
  readonly atOnce: number;
  readonly modelMs: number;
  readonly asked: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface CacheFigures {
  readonly asking: readonly Asking[];
  readonly crowd: Crowd;
}

const WARM_UP = 100;
const ROUNDS = 400;
const AT_ONCE = 32;
const MODEL_MS = 500;
/** What a step with three tiers gives each. */
const WITHIN_MS = 10_000;

const ANSWER = z.strictObject({ label: z.string(), confidence: z.number(), abstained: z.boolean() });
const answer = { label: 'Network', confidence: 0.9, abstained: false };
const terms = { schema: ANSWER, keepSeconds: 3_600, withinMs: WITHIN_MS };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const keyOf = (question: string): EntryKey =>
  entryKey({ kind: 'completion', writer: 'propose:bench', tenant: 'bench', of: { question } });

const memoryOver = (connection: Connection, table: string): Memory => ({
  cache: dynamoCache(connection, table),
  now: () => new Date(),
  newToken: () => randomUUID(),
  random: Math.random,
  wait: pause,
  onFault: (doing, error) => {
    throw new Error(`${doing} failed`, { cause: error });
  },
});

/** As a step asks: what is kept first, then, where nothing is, the one who has the lease. */
const ask = async (memory: Memory, key: EntryKey, model: () => Promise<void>): Promise<void> => {
  if (await recall(memory, key, ANSWER)) return;
  await once(memory, key, terms, async () => {
    await model();
    return { made: answer, keep: answer };
  });
};

/** Questions that were never asked, and those again; then one question of many at once. */
export const measureCache = async (): Promise<CacheFigures> => {
  await using opening = await openSteps();
  const { connection: real, state } = opening;
  const { connection, taken } = metered(real);
  const memory = memoryOver(real, state);
  const counting = memoryOver(connection, state);

  const measure = async (what: string): Promise<Asking> => {
    const atOnce = async () => undefined;
    for (let round = 0; round < WARM_UP; round += 1) await ask(memory, keyOf(`warm ${round}`), atOnce);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      await ask(memory, keyOf(`${round}`), atOnce);
      times.push(performance.now() - start);
    }
    taken();
    await ask(counting, keyOf('counted'), atOnce);
    const { calls, units } = taken();
    return { what, calls, units, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
  };
  const asking = [await measure('never asked'), await measure('kept')];

  let asked = 0;
  const times = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const start = performance.now();
      await ask(memoryOver(real, state), keyOf('of all'), async () => {
        asked += 1;
        await pause(MODEL_MS);
      });
      return performance.now() - start;
    })
  );
  return {
    asking,
    crowd: { atOnce: AT_ONCE, modelMs: MODEL_MS, asked, p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95) },
  };
};

export const cacheLines = ({ asking, crowd }: CacheFigures): readonly string[] => {
  const widths = [13, 8, 12, 8, 8];
  return [
    'What a kept answer costs beside its model, everything on disk',
    '',
    cells(['question', 'calls', 'write units', 'p50 ms', 'p95 ms'], widths),
    ...asking.map(({ what, calls, units, p50Ms, p95Ms }) =>
      cells([what, calls, units, p50Ms.toFixed(1), p95Ms.toFixed(1)], widths)
    ),
    '',
    `The same question ${crowd.atOnce} times at once, of a model that takes ${crowd.modelMs} ms: asked ${crowd.asked} time${crowd.asked === 1 ? '' : 's'}, answered after p50 ${crowd.p50Ms.toFixed(0)} ms, p95 ${crowd.p95Ms.toFixed(0)} ms`,
  ];
};
