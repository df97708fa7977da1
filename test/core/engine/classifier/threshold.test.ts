import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../lambdas/core/engine/classifier/random.ts';
import { chooseThreshold, type Judged, worthGiving } from '../../../../lambdas/core/engine/classifier/threshold.ts';

/** Answers that are right as often as `truth` says of their confidence. */
const drawn = (count: number, truth: (confidence: number) => number): readonly Judged[] => {
  const random = seeded(3);
  return Array.from({ length: count }, () => {
    const confidence = random();
    return { confidence, right: random() < truth(confidence), weight: 1 };
  });
};

const asPromised = drawn(4_000, (confidence) => confidence);

describe('the threshold', () => {
  it.each([1, 2, 4, 10])(
    'is near what is worth giving, where confidence is true and a wrong answer costs %d',
    (cost) => {
      const threshold = chooseThreshold(asPromised, cost, false);

      expect(threshold).toBeGreaterThanOrEqual(worthGiving(cost));
      expect(threshold).toBeLessThan(worthGiving(cost) + 0.08);
    }
  );

  it('is higher where answers are worse than they promise', () => {
    const boasting = drawn(4_000, (confidence) => confidence ** 3);

    expect(chooseThreshold(boasting, 2, false)).toBeGreaterThan(chooseThreshold(asPromised, 2, false) + 0.05);
  });

  it('is higher where texts out of scope are still to come', () => {
    const sure = drawn(4_000, (confidence) => 0.5 + confidence / 2);

    expect(chooseThreshold(asPromised, 2, true)).toBeGreaterThan(chooseThreshold(asPromised, 2, false));
    expect(chooseThreshold(sure, 2, true)).toBeGreaterThanOrEqual(chooseThreshold(sure, 2, false));
  });

  it('counts rows by their weight', () => {
    const wrong = drawn(400, () => 0).filter(({ confidence }) => confidence < 0.8);
    const among = (weight: number) => [...asPromised, ...wrong.map((answer) => ({ ...answer, weight }))];

    expect(chooseThreshold(among(20), 2, false)).toBeGreaterThan(chooseThreshold(among(0), 2, false) + 0.1);
  });

  it('does not depend on the order, and keeps its bounds, whatever the answers', () => {
    const answers = fc.array(
      fc.record({
        confidence: fc.double({ min: 0, max: 1, noNaN: true }),
        right: fc.boolean(),
        weight: fc.constantFrom(0.5, 1, 7),
      }),
      { maxLength: 40 }
    );
    fc.assert(
      fc.property(answers, fc.double({ min: 1, max: 50, noNaN: true }), fc.boolean(), (judged, cost, unseen) => {
        const threshold = chooseThreshold(judged, cost, unseen);

        expect(threshold).toBeGreaterThanOrEqual(worthGiving(cost));
        expect(threshold).toBeLessThanOrEqual(worthGiving(2 * cost));
        expect(chooseThreshold(judged.toReversed(), cost, unseen)).toBeCloseTo(threshold, 9);
      })
    );
  });
});
