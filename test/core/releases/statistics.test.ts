import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fisherExact, mannWhitney } from '../../../lambdas/core/releases/statistics.ts';

describe("Fisher's exact test", () => {
  it.each([
    ["the lady's tea", [3, 4], [1, 4], 0.485714],
    ['a strong association', [1, 10], [11, 14], 0.002759],
    ['the same rates', [5, 10], [5, 10], 1],
    ['nothing counted', [0, 50], [0, 50], 1],
    ['all against none', [5, 5], [0, 5], 2 / 252],
  ] as const)('knows %s', (_, [a, n], [b, m], p) => {
    expect(fisherExact({ count: a, of: n }, { count: b, of: m })).toBeCloseTo(p, 5);
  });

  const proportion = fc
    .integer({ min: 1, max: 400 })
    .chain((of) => fc.record({ count: fc.nat(of), of: fc.constant(of) }));

  it('is the same both ways round, and for what was not counted', () => {
    const rest = ({ count, of }: { count: number; of: number }) => ({ count: of - count, of });
    fc.assert(
      fc.property(proportion, proportion, (one, other) => {
        const p = fisherExact(one, other);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(fisherExact(other, one)).toBeCloseTo(p, 7);
        expect(fisherExact(rest(one), rest(other))).toBeCloseTo(p, 7);
      })
    );
  });
});

describe("Mann–Whitney's test", () => {
  it('knows ages of two groups', () => {
    const { p, above } = mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    expect(p).toBeCloseTo(0.111347, 5);
    expect(above).toBeCloseTo(17 / 20, 10);
  });

  it('sees nothing where all values are one, or there are none', () => {
    expect(mannWhitney([5, 5, 5], [5, 5])).toEqual({ p: 1, above: 0.5 });
    expect(mannWhitney([], [1])).toEqual({ p: 1, above: 0.5 });
  });

  it('depends on the order of values alone, and is the same both ways round', () => {
    const values = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, values, (one, other) => {
        const { p, above } = mannWhitney(one, other);
        const back = mannWhitney(other, one);
        const stretched = mannWhitney(
          one.map((value) => value ** 3 + 7),
          other.map((value) => value ** 3 + 7)
        );
        expect(back.p).toBeCloseTo(p, 9);
        expect(back.above).toBeCloseTo(1 - above, 9);
        expect(stretched).toEqual({ p, above });
      })
    );
  });
});
