import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifierEngine } from '../../../../lambdas/core/engine/classifier/engine.ts';
import { TEXT_LIMIT } from '../../../../lambdas/core/engine/classifier/features.ts';
import { predict, probabilities } from '../../../../lambdas/core/engine/classifier/model.ts';
import { train } from '../../../../lambdas/core/engine/classifier/train.ts';
import { ticketsOf } from './examples.ts';

const model = train(ticketsOf(150, { noise: 0.3 }));

describe('a prediction', () => {
  it('is a probability, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const chances = probabilities(model, text);
        const { confidence } = predict(model, text);

        expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        expect(chances.every((chance) => chance >= 0 && chance <= 1)).toBe(true);
        expect(confidence).toBe(Math.max(...chances));
      })
    );
  });

  it('abstains exactly below the threshold', () => {
    const texts = ticketsOf(200, { noise: 0.7, seed: 5 }).map(({ text }) => text);
    const predictions = texts.map((text) => predict(model, text));

    for (const { confidence, abstained } of predictions) expect(abstained).toBe(confidence < model.threshold);
    expect(new Set(predictions.map(({ abstained }) => abstained)).size).toBe(2);
  });

  it('grows surer with every further word of the same queue', () => {
    const network = model.labels.indexOf('Network');
    const words = ['please help', 'please help vpn', 'please help vpn router', 'please help vpn router dns'];
    const chances = words.map((text) => probabilities(model, text)[network] ?? 0);

    expect(chances).toEqual(chances.toSorted((a, b) => a - b));
    expect(predict(model, 'please help vpn router dns')).toMatchObject({ label: 'Network', abstained: false });
  });

  it('does not see case, accents, compatibility forms or punctuation', () => {
    const plain = predict(model, 'the vpn router');

    for (const text of ['THE VPN ROUTER', 'thé vpń röuter', 'ｔｈｅ ｖｐｎ ｒｏｕｔｅｒ', '(the) vpn... router!'])
      expect(predict(model, text)).toEqual(plain);
  });

  it('gives only labels that are allowed, and does not press a text into another label', () => {
    const text = 'vpn wifi router dns';
    const free = predict(model, text);
    const restricted = predict(model, text, ['Access', 'Hardware', 'Unheard of']);

    expect(free.label).toBe('Network');
    expect(['Access', 'Hardware']).toContain(restricted.label);
    expect(restricted.confidence).toBeLessThan(1 - free.confidence);
    expect(restricted.abstained).toBe(true);
    expect(predict(model, text, ['Unheard of'])).toEqual({ label: undefined, confidence: 0, abstained: true });
  });
});

describe('hostile text', () => {
  const long = 'vpn router '.repeat(1_000_000);

  it.each([
    ['nothing', ''],
    ['white space', ' \u00a0\n\t\u2003'],
    ['emojis alone', '🔥👨‍👩‍👧‍👦🇩🇪'.repeat(500)],
    ['lone surrogates', '\ud800\udc00\udfff\ud83d'.repeat(300)],
    ['control and bidirectional marks', '\u0000\u202e\u2066\ufeff\u001b[31m'],
    ['an unknown script', '在辦公室無法連接到無線網路'],
  ])('%s is abstained from', (_, text) => {
    const { abstained, confidence } = predict(model, text);

    expect(abstained).toBe(true);
    expect(confidence).toBeGreaterThan(0);
    expect(confidence).toBeLessThan(1);
  });

  it('of 11 MB is judged by its beginning', () => {
    expect(predict(model, long)).toEqual(predict(model, long.slice(0, TEXT_LIMIT)));
  });

  it('cut within a surrogate pair, or of characters that unfold into many, does no harm', () => {
    const cut = `vpn router ${' '.repeat(TEXT_LIMIT - 12)}🔥 laptop`;
    const unfolding = '\ufdfa'.repeat(TEXT_LIMIT);

    expect(predict(model, cut)).toEqual(predict(model, 'vpn router'));
    expect(predict(model, unfolding).abstained).toBe(true);
  });

  it('around known words is ignored', () => {
    expect(predict(model, '\ud800 vpn 🔥 router \u0000')).toEqual(predict(model, 'vpn router'));
  });
});

describe('the engine', () => {
  const engine = classifierEngine('queue', 'v1', model);

  it('answers with what the model says, and who said it', async () => {
    const answer = await engine.answer({ text: 'vpn wifi router dns', labels: ['Network', 'Access'] });

    expect(answer).toEqual({
      ...predict(model, 'vpn wifi router dns'),
      engine: { kind: 'classifier', name: 'queue', version: 'v1' },
    });
    expect(answer).toMatchObject({ label: 'Network', abstained: false });
  });

  it('has no answer where the question has no label of the model', async () => {
    const answer = await engine.answer({ text: 'vpn', labels: ['__proto__', 'Payroll'] });

    expect(answer).toMatchObject({ label: undefined, confidence: 0, abstained: true });
  });
});
