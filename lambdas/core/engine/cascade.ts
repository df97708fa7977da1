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

const askedStage = ({ abstained, engine, confidence, reason, cachedAt, usage }: Answer, latencyMs: number): Stage => ({
  state: abstained ? 'abstained' : 'answered',
  engine: nameOf(engine),
  confidence,
  ...(reason !== undefined && { reason }),
  ...(cachedAt !== undefined && { cachedAt }),
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
  const isFree = engines.every(({ mostMicrousd }) => mostMicrousd === undefined);
  const [first] = engines;

  /** Has one after the other answer as `how` says, until one does not abstain, or none is found where its turn is. */
  const ask = async <Found extends Answer | undefined>(
    question: Question,
    how: (engine: Engine) => Promise<Found>
  ): Promise<Answer | Found> => {
    const stages: Stage[] = [];
    let best: Answer | undefined;
    let usage: Usage | undefined;
    for (const engine of engines) {
      if (best !== undefined && !best.abstained) {
        stages.push({ state: 'not-asked', engine: nameOf(engine.id), mostMicroUsd: mostOf(engine, question) });
        continue;
      }
      const begunMs = nowMs();
      const answer = await how(engine);
      if (answer === undefined) return answer;
      stages.push(askedStage(answer, nowMs() - begunMs));
      usage = sum(usage, answer.usage);
      if (!answer.abstained || best === undefined || answer.confidence >= best.confidence) best = answer;
    }
    if (best === undefined) throw new TypeError('a cascade has at least one engine');
    return { ...best, ...(usage && { usage }), ...(!isFree && { stages }) };
  };

  return {
    id: first.id,
    ...(!isFree && {
      mostMicrousd: (question) => engines.reduce((most, engine) => most + mostOf(engine, question), 0),
    }),
    ...(!isFree &&
      (first.mostMicrousd === undefined || first.recall !== undefined) && {
        free: (question) =>
          ask(question, async (engine) =>
            engine.mostMicrousd === undefined ? engine.answer(question) : engine.recall?.(question)
          ),
      }),
    answer: (question) => ask(question, (engine) => engine.answer(question)),
  };
};
