import * as z from 'zod';
import { type EntryKey, entryKey } from '../../cache/cache.ts';
import { type Memory, once, recall } from '../../cache/once.ts';
import type { Answer, Engine, Question } from '../engine.ts';
import type { ModelEngine } from './model.ts';

export interface Remembering {
  readonly memory: Memory;
  /** Whose role keeps the answers: a step of a workflow. */
  readonly writer: string;
  /** What an answer to the same words may be another under. */
  readonly release: string;
  readonly keepSeconds: number;
}

/** What is kept of an answer: no more than a model may answer at all, of the labels that were asked about. */
const keptAnswer = (labels: readonly string[]) =>
  z
    .strictObject({
      label: z.enum(labels).optional(),
      confidence: z.number().min(0).max(1),
      abstained: z.boolean(),
      reason: z.string().optional(),
      engine: z.strictObject({ kind: z.literal('model'), name: z.string(), version: z.string() }),
    })
    .refine(({ label, abstained }) => abstained || label !== undefined);
type KeptAnswer = z.infer<ReturnType<typeof keptAnswer>>;

const toKeep = ({ isRepeatable, label, confidence, abstained, reason, engine }: Answer): KeptAnswer | undefined =>
  isRepeatable && engine.kind === 'model'
    ? {
        ...(label !== undefined && { label }),
        confidence,
        abstained,
        ...(reason !== undefined && { reason }),
        engine: { ...engine, kind: engine.kind },
      }
    : undefined;

const fromKept = ({ label, reason, ...others }: KeptAnswer, at: string): Answer => ({
  ...others,
  label,
  ...(reason !== undefined && { reason }),
  cachedAt: at,
});

/**
 * A model that gives the answer it gave before to the very same request of the same tenant under the same release: at once, for nothing,
 * and marked. Of those who ask the same at the same time one asks the model.
 */
export const remembered = (engine: ModelEngine, { memory, writer, release, keepSeconds }: Remembering): Engine => {
  const keyOf = (question: Question): EntryKey | undefined => {
    const asks = engine.asks(question);
    // without the temperature 0 nothing is ever kept, so nobody is waited for
    if (asks?.request.temperature !== 0 || question.tenant === undefined) return undefined;
    const of = { release, engine: engine.id.name, ...asks };
    return entryKey({ kind: 'completion', writer, tenant: question.tenant, of });
  };
  return {
    ...engine,
    async recall(question) {
      // where no model is asked at all, to say so costs nothing
      if (engine.asks(question) === undefined) return engine.answer(question);
      const key = keyOf(question);
      const found = key && (await recall(memory, key, keptAnswer(question.labels)));
      return found && fromKept(found.value, found.at);
    },
    async answer(question) {
      const key = keyOf(question);
      if (key === undefined) return engine.answer(question);
      const terms = { schema: keptAnswer(question.labels), keepSeconds, withinMs: engine.patienceMs };
      const given = await once(memory, key, terms, async (withinMs) => {
        const made = await engine.answer(question, withinMs);
        return { made, keep: toKeep(made) };
      });
      return given.kind === 'made' ? given.made : fromKept(given.recalled.value, given.recalled.at);
    },
  };
};
