import type { Answer, Engine, Question } from '../../lambdas/core/engine/engine.ts';

interface Script {
  readonly name?: string;
  /** What an answer may cost. Absent: the engine is one that costs nothing. */
  readonly most?: number;
  /** It gave this answer before, and has kept it. */
  readonly isKept?: boolean;
}

/** An engine that gives this answer, whatever it is asked, and the questions that it was asked. */
export const scripted = (says: Partial<Answer>, { name = 'scripted', most, isKept = false }: Script = {}) => {
  const id = { kind: most === undefined ? 'classifier' : 'model', name, version: '1' } as const;
  const answer: Answer = { label: undefined, confidence: 0.9, abstained: false, engine: id, ...says };
  const recall = async () => answer;
  const asked: Question[] = [];
  const engine: Engine = {
    id,
    ...(most !== undefined && { mostMicrousd: () => most }),
    ...(isKept && { free: recall, recall }),
    answer: async (question) => {
      asked.push(question);
      return answer;
    },
  };
  return { engine, asked };
};
