import type { Answer, Engine } from './engine.ts';

/**
 * Asks engines in the order given, cheap ones first, and returns the first answer that is not an abstention. Where all
 * abstain, the abstention that is surest of its guess is returned: it is what a person will look at.
 */
export const cascade = (engines: readonly [Engine, ...Engine[]]): Engine => ({
  id: engines[0].id,
  mostMicrousd: engines.reduce((sum, { mostMicrousd = 0 }) => sum + mostMicrousd, 0),
  async answer(question) {
    let best: Answer | undefined;
    for (const engine of engines) {
      const answer = await engine.answer(question);
      if (!answer.abstained) return answer;
      if (best === undefined || answer.confidence >= best.confidence) best = answer;
    }
    return best ?? engines[0].answer(question);
  },
});
