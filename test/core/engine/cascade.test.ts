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

  const priced = (name: string, most: number, answer: Partial<Answer>, cost = 0): Engine => {
    const id = { kind: 'model' as const, name, version: '1' };
    const usage = { inputTokens: 2, outputTokens: 1, cachedTokens: 1, costMicroUsd: cost };
    return {
      id,
      mostMicrousd: ({ text }) => most * text.length,
      answer: async () => ({ label: 'Network', confidence: 0.5, abstained: true, engine: id, usage, ...answer }),
    };
  };

  it('says of each stage what it came to, and of those not asked what they would have cost at most', async () => {
    let nowMs = 0;
    const ticking = () => (nowMs += 3);
    const stages = cascade(
      [
        unsure('free', 0.4).engine,
        priced('small', 2, { reason: 'unsure' }, 7),
        priced('medium', 3, { abstained: false, confidence: 0.9 }, 11),
        priced('large', 5, {}, 13),
      ],
      ticking
    );
    const text = question.text.length;
    expect(stages.mostMicrousd?.(question)).toBe(10 * text);
    const answer = await stages.answer(question);
    expect(answer).toMatchObject({ engine: { name: 'medium' }, abstained: false });
    // what the stage that abstained used is paid for too
    expect(answer.usage).toEqual({ inputTokens: 4, outputTokens: 2, cachedTokens: 2, costMicroUsd: 18 });
    expect(answer.stages).toEqual([
      { state: 'abstained', engine: 'model:free@1', confidence: 0.4, costMicroUsd: 0, latencyMs: 3 },
      { state: 'abstained', engine: 'model:small@1', confidence: 0.5, reason: 'unsure', costMicroUsd: 7, latencyMs: 3 },
      { state: 'answered', engine: 'model:medium@1', confidence: 0.9, costMicroUsd: 11, latencyMs: 3 },
      { state: 'not-asked', engine: 'model:large@1', mostMicroUsd: 5 * text },
    ]);
  });

  it('keeps what was paid where all abstain, and speaks of no stages where nothing could cost', async () => {
    const all = await cascade([unsure('surest', 0.6).engine, priced('small', 2, {}, 7)]).answer(question);
    expect(all).toMatchObject({ engine: { name: 'surest' }, abstained: true, usage: { costMicroUsd: 7 } });
    const free = await cascade([unsure('a', 0.6).engine, sure('b').engine]).answer(question);
    expect(free).not.toHaveProperty('stages');
    expect(free).not.toHaveProperty('usage');
  });

  it('lets those that cost nothing be asked alone, where they come first', async () => {
    const small = priced('small', 2, { abstained: false }, 7);
    const sureFirst = cascade([unsure('rules', 0).engine, sure('classifier').engine, small]);
    expect(await sureFirst.free?.(question)).toMatchObject({
      engine: { name: 'classifier' },
      stages: [{}, {}, { state: 'not-asked' }],
    });
    expect(await cascade([unsure('classifier', 0.4).engine, small]).free?.(question)).toBeUndefined();
    expect(cascade([small, sure('classifier').engine])).not.toHaveProperty('free');
    expect(cascade([sure('classifier').engine])).not.toHaveProperty('free');
  });
});
