import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../../lambdas/core/engine/classifier/random.ts';
import { chanceInside, fitScope, type Signs } from '../../../../lambdas/core/engine/classifier/scope.ts';

/** Signs around a lead, and how many of the features are known. */
const signsOf = (count: number, lead: number, known: number, seed: number): readonly Signs[] => {
  const random = seeded(seed);
  const spread = () => random() + random() + random() - 1.5;
  return Array.from({ length: count }, () => ({ lead: lead + 3 * spread(), known: known + spread() / 5 }));
};

describe('the chance of being in scope', () => {
  const scope = fitScope(signsOf(3_000, 2, 0.8, 1), signsOf(300, 0, 0.6, 2));

  it('grows with the lead over what is out of scope, and with the share of what is known', () => {
    expect(scope.lead).toBeGreaterThan(0.5);
    expect(scope.known).toBeGreaterThan(0.5);
    expect(chanceInside(scope, { lead: 3, known: 0.9 })).toBeGreaterThan(0.95);
    expect(chanceInside(scope, { lead: -1, known: 0.5 })).toBeLessThan(0.3);
  });

  it('is as often true as it says, on texts not seen', () => {
    const inside = signsOf(3_000, 2, 0.8, 3).map((signs) => chanceInside(scope, signs));
    const outside = signsOf(300, 0, 0.6, 4).map((signs) => chanceInside(scope, signs));
    const sum = (chances: readonly number[]) => chances.reduce((a, b) => a + b, 0);
    const unsure = (chances: readonly number[]) => chances.filter((chance) => chance < 0.8);

    expect((sum(inside) + sum(outside)) / 3_300).toBeCloseTo(3_000 / 3_300, 1);
    const expected = sum(unsure(inside)) + sum(unsure(outside));
    expect(Math.abs(expected - unsure(inside).length)).toBeLessThan(0.15 * expected);
  });

  it('promises the less the fewer the rows that were told apart', () => {
    const chances = [2, 20, 200].map((count) =>
      chanceInside(fitScope(signsOf(count, 9, 1, 1), signsOf(count, -9, 0.2, 2)), { lead: 9, known: 1 })
    );

    expect(chances).toEqual(chances.toSorted((a, b) => a - b));
    expect(new Set(chances).size).toBe(3);
  });

  it('is a probability, whatever the rows and the text', () => {
    const signs = fc.record({
      lead: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      known: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const some = fc.array(signs, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(some, some, signs, (inside, outside, text) => {
        const chance = chanceInside(fitScope(inside, outside), text);

        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
      })
    );
  });
});
