import { describe, expect, it } from 'vitest';
import { cascade } from '../../../lambdas/core/engine/cascade.ts';
import type { Answer, Engine } from '../../../lambdas/core/engine/engine.ts';

const question = { text: 'the vpn is down', labels: ['Network'] };

/** An engine that always says the same, and counts how often it is asked. */
const scripted = (name: string, answer: Pick<Answer, 'label' | 'confidence' | 'abstained'>) => {
  const id = { kind: 'model' as const, name, version: '1' };
  const asked: unknown[] = [];
  const engine: Engine = {
    id,
    answer: async (it) => {
      asked.push(it);
      return { ...answer, engine: id };
    },
  };
  return { engine, asked };
};

const sure = (name: string) => scripted(name, { label: name, confidence: 0.9, abstained: false });
const unsure = (name: string, confidence: number) => scripted(name, { label: name, confidence, abstained: true });

describe('a cascade', () => {
  it('answers by the first engine that does not abstain, and asks none after it', async () => {
    const [first, second, third] = [unsure('cheap', 0.4), sure('middling'), sure('dear')];
    const answer = await cascade([first.engine, second.engine, third.engine]).answer(question);

    expect(answer).toMatchObject({ label: 'middling', abstained: false, engine: { name: 'middling' } });
    expect([first.asked, second.asked, third.asked]).toEqual([[question], [question], []]);
  });

  it.each([
    [0.2, 0.6, 'b'],
    [0.6, 0.2, 'a'],
    [0.5, 0.5, 'b'], // the later, dearer one is taken to know better
  ])('returns the surest guess where all abstain: %d and %d', async (a, b, label) => {
    const answer = await cascade([unsure('a', a).engine, unsure('b', b).engine]).answer(question);

    expect(answer).toMatchObject({ label, abstained: true });
  });

  it('fails where an engine fails: a fault is no abstention', async () => {
    const broken: Engine = { id: sure('x').engine.id, answer: () => Promise.reject(new Error('no answer')) };

    await expect(cascade([broken, sure('y').engine]).answer(question)).rejects.toThrow('no answer');
  });
});
