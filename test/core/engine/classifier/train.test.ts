import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../../lambdas/core/digest.ts';
import type { Example } from '../../../../lambdas/core/engine/classifier/examples.ts';
import { predict, probabilities } from '../../../../lambdas/core/engine/classifier/model.ts';
import { serialise } from '../../../../lambdas/core/engine/classifier/serialise.ts';
import { train } from '../../../../lambdas/core/engine/classifier/train.ts';
import { ticketsOf } from './examples.ts';

const digestOfModel = (examples: readonly Example[]): string => sha256(serialise(train(examples)));

describe('training', () => {
  const tickets = ticketsOf(90, { noise: 0.3 });

  it('gives the same bytes for the same examples, whatever their order and however often they are repeated', () => {
    const digest = digestOfModel(tickets);

    fc.assert(
      fc.property(
        fc.shuffledSubarray([...tickets], { minLength: tickets.length }),
        fc.subarray([...tickets]),
        (shuffled, repeated) => {
          expect(digestOfModel([...shuffled, ...repeated])).toBe(digest);
        }
      ),
      { numRuns: 8 }
    );
  });

  it('gives this very model on every machine', () => {
    expect(digestOfModel(tickets)).toMatchInlineSnapshot(
      `"b010ba645ad66b8ec44156e2f4b4855c34f1634e25ba47ad59d265386b232fc0"`
    );
  });

  it('gives other bytes for other examples', () => {
    expect(digestOfModel(tickets.slice(3))).not.toBe(digestOfModel(tickets));
  });

  it('does not depend on what labels are called', () => {
    const names: Readonly<Record<string, string>> = { Network: 'zz', Hardware: 'a', Access: '運用' };
    const model = train(tickets);
    const renamed = train(tickets.map(({ text, label }) => ({ text, label: names[label] ?? '' })));

    for (const { text } of ticketsOf(60, { noise: 0.5, seed: 2 })) {
      const { label, ...rest } = predict(model, text);
      expect(predict(renamed, text)).toEqual({ label: names[label ?? ''], ...rest });
    }
  });

  it('takes labels named like members of every object', () => {
    const names: Readonly<Record<string, string>> = {
      Network: '__proto__',
      Hardware: 'constructor',
      Access: 'toString',
    };
    const model = train(ticketsOf(90).map(({ text, label }) => ({ text, label: names[label] ?? '' })));

    expect(predict(model, 'the vpn router has no dns').label).toBe('__proto__');
    expect(predict(model, 'monitor and keyboard of my laptop').label).toBe('constructor');
    expect(predict(model, 'password of a locked account').label).toBe('toString');
  });

  it('asks more confidence where a wrong answer costs more', () => {
    const noisy = ticketsOf(300, { noise: 0.6 });
    const thresholds = [1, 2, 5, 20].map((wrongCost) => train(noisy, { wrongCost }).threshold);

    expect(thresholds).toEqual(thresholds.toSorted((a, b) => a - b));
    expect(new Set(thresholds).size).toBe(4);
  });

  it.each([2, 4, 10])('stays unsure with %i examples of a label that say nothing in common', (each) => {
    const word = (at: number) =>
      String.fromCharCode(...[1, 7, 13, 19, 23].map((k) => 97 + ((at * k + k) % 26))).repeat(2);
    const examples = Array.from({ length: 2 * each }, (_, at) => ({ text: word(at), label: at % 2 ? 'a' : 'b' }));
    const model = train(examples);

    expect(predict(model, 'something else entirely').abstained).toBe(true);
  });
});

describe('examples that cannot train', () => {
  const good = ticketsOf(30);

  it.each<[string, readonly Example[], RegExp]>([
    ['none', [], /at least 2 labels, found 0/],
    ['one label', good.filter(({ label }) => label === 'Access'), /at least 2 labels, found 1/],
    [
      'a label with one text',
      [...good, { text: 'x ray', label: 'Rare' }],
      /"Rare" must have at least 2 different texts/,
    ],
    [
      'a label with one text twice',
      [...good, { text: 'x ray', label: 'Rare' }, { text: 'x ray', label: 'Rare' }],
      /"Rare" must have at least 2 different texts/,
    ],
    ['an empty text', [...good, { text: ' \n', label: 'Access' }], /example 31 \(label "Access"\) has no text/],
    ['an empty label', [...good, { text: 'hello', label: '' }], /example 31 has no label/],
    [
      'more labels than 300',
      Array.from({ length: 602 }, (_, at) => ({ text: `text ${at}`, label: `label ${at % 301}` })),
      /at most 300 labels, found 301/,
    ],
  ])('are refused: %s', (_, examples, message) => {
    expect(() => train(examples)).toThrow(message);
    expect(() => train(examples)).toThrow(RangeError);
  });

  it.each([0.9, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d as the cost of a wrong answer',
    (wrongCost) => {
      expect(() => train(good, { wrongCost })).toThrow(/must cost at least as much as an escalation/);
    }
  );

  it.each<[string, string, RegExp]>([
    ['no example has', 'Payroll', /no example has the label "Payroll"/],
    ['all labels but one have', 'Access', /at least 2 labels, found 1 in scope/],
  ])('refuses a label out of scope that %s', (_, outside, message) => {
    expect(() =>
      train(
        good.filter(({ label }) => label !== 'Network'),
        { outside }
      )
    ).toThrow(message);
  });
});

describe('what is out of scope', () => {
  const options = { outside: 'Access' };
  const model = train(ticketsOf(240, { noise: 0.2 }), options);

  it('is no label of the model, and is withheld', () => {
    const unseen = ticketsOf(300, { noise: 0.2, seed: 8 }).map(({ text, label }) => ({
      ...predict(model, text),
      label2: label,
    }));
    const given = (isOut: boolean) => {
      const some = unseen.filter(({ label2 }) => (label2 === 'Access') === isOut);
      return some.filter(({ abstained }) => !abstained).length / some.length;
    };

    expect(model.labels.toSorted()).toEqual(['Hardware', 'Network']);
    expect(given(true)).toBeLessThan(0.15);
    expect(given(false)).toBeGreaterThan(0.85);
  });

  it('takes its share of the certainty', () => {
    const sum = (text: string) => probabilities(model, text).reduce((a, b) => a + b, 0);

    expect(sum('the vpn router has no dns')).toBeGreaterThan(0.9);
    expect(sum('password of a locked account, permission by sso')).toBeLessThan(0.2);
  });

  it('gives the same bytes whatever the order of the examples', () => {
    const tickets = ticketsOf(90, { noise: 0.3 });

    expect(sha256(serialise(train(tickets.toReversed(), options)))).toBe(sha256(serialise(train(tickets, options))));
  });
});
