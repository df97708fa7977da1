import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, ln, twoTo } from '../../../../lambdas/core/engine/classifier/exact.ts';

const near = (found: number, expected: number): boolean => Math.abs(found - expected) <= 4e-15 * Math.abs(expected);

describe('functions that are the same on every machine', () => {
  it('exp is e to the power of its argument', () => {
    expect([exp(0), exp(-701), exp(Number.NEGATIVE_INFINITY)]).toEqual([1, 0, 0]);
    fc.assert(fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => near(exp(x), Math.exp(x))));
  });

  it('ln is the natural logarithm', () => {
    expect([ln(1), ln(2), ln(0.5)]).toEqual([0, Math.LN2, -Math.LN2]);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
        (x) => Math.abs(ln(x) - Math.log(x)) <= 4e-15 * Math.max(1, Math.abs(Math.log(x)))
      )
    );
  });

  it('twoTo is exact', () => {
    expect([-1022, -64, -1, 0, 1, 127, 1023].map(twoTo)).toEqual([
      2 ** -1022,
      2 ** -64,
      0.5,
      1,
      2,
      2 ** 127,
      2 ** 1023,
    ]);
  });

  it('give the very bits that they gave before', () => {
    expect([exp(1), exp(-0.1), exp(12.345), ln(3), ln(10), ln(12_345.678)]).toMatchInlineSnapshot(`
      [
        2.7182818284590455,
        0.9048374180359595,
        229808.1248612461,
        1.0986122886681098,
        2.302585092994046,
        9.421061321291832,
      ]
    `);
  });
});
