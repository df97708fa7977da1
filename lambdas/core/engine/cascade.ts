import type { Answer, Engine, EngineId, Question, Stage, Usage } from './engine.ts';

/** An engine as the audit has it. */
export const nameOf = ({ kind, name, version }: EngineId): string => `${kind}:${name}@${version.slice(0, 12)}`;

const sum = (a: Usage | undefined, b: Usage | undefined): Usage | undefined =>
  a && b
    ? {
        inputTokens: a.inputTokens + b.inputTokens,
        outputTokens: a.outputTokens + b.outputTokens,
        cachedTokens: a.cachedTokens + b.cachedTokens,
        costMicroUsd: a.costMicroUsd + b.costMicroUsd,
      }
    : (a ?? b);

const askedStage = ({ abstained, engine, confidence, reason, usage }: Answer, latencyMs: number): Stage => ({
  state: abstained ? 'abstained' : 'answered',
  engine: nameOf(engine),
  confidence,
  ...(reason !== undefined && { reason }),
  costMicroUsd: usage?.costMicroUsd ?? 0,
  latencyMs: Math.max(0, Math.round(latencyMs)),
});

/**
 * Asks engines in the order given, cheap ones first, and returns the first answer that is not an abstention. Where all
 * abstain, the abstention that is surest of its guess is returned: it is what a person will look at. Its usage is that of all that
 * were asked. `nowMs` is any clock that does not go back.
 */
export const cascade = (engines: readonly [Engine, ...Engine[]], nowMs: () => number = () => 0): Engine => {
  const mostOf = (engine: Engine, question: Question): number => engine.mostMicrousd?.(question) ?? 0;
  const firstPriced = engines.findIndex(({ mostMicrousd }) => mostMicrousd !== undefined);
  const isFree = firstPriced === -1;

  /** Asks the first `howMany`; the others are told as not asked. */
  const ask = async (question: Question, howMany: number): Promise<Answer> => {
    const stages: Stage[] = [];
    let best: Answer | undefined;
    let usage: Usage | undefined;
    for (const [at, engine] of engines.entries()) {
      if (at >= howMany || (best !== undefined && !best.abstained)) {
        stages.push({ state: 'not-asked', engine: nameOf(engine.id), mostMicroUsd: mostOf(engine, question) });
        continue;
      }
      const begunMs = nowMs();
      const answer = await engine.answer(question);
      stages.push(askedStage(answer, nowMs() - begunMs));
      usage = sum(usage, answer.usage);
      if (!answer.abstained || best === undefined || answer.confidence >= best.confidence) best = answer;
    }
    if (best === undefined) throw new TypeError('a cascade has at least one engine');
    return { ...best, ...(usage && { usage }), ...(!isFree && { stages }) };
  };

  return {
    id: engines[0].id,
    ...(!isFree && {
      mostMicrousd: (question) => engines.reduce((most, engine) => most + mostOf(engine, question), 0),
    }),
    ...(firstPriced > 0 && {
      free: async (question) => {
        const answer = await ask(question, firstPriced);
        return answer.abstained ? undefined : answer;
      },
    }),
    answer: (question) => ask(question, engines.length),
  };
};
