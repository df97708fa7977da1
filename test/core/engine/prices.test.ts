import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelRef } from '../../../lambdas/core/engine/model/settings.ts';
import { costOf, LIST, type Price, priceOf } from '../../../lambdas/core/engine/prices.ts';

const AT = new Date('2026-11-25T12:00:00Z');
const tokens = fc.record({
  input: fc.nat(300_000),
  cachedInput: fc.nat(300_000),
  cacheWrite: fc.nat(300_000),
  output: fc.nat(300_000),
});
const listed = fc.constantFrom(...LIST.flatMap(({ models }) => models));

describe('prices', () => {
  it('are whole micro-dollars, each model listed once for a day, and none for free', () => {
    const keys = LIST.flatMap(({ models, from }) => models.map((model) => `${model} ${from}`));
    expect(new Set(keys).size).toBe(keys.length);
    for (const { models, from, input, cachedInput, cacheWrite, output } of LIST) {
      for (const model of models) expect(ModelRef.safeParse(model).success, model).toBe(true);
      expect(from).toMatch(/^\d{4}-\d\d-\d\d$/);
      for (const price of [input, cachedInput, cacheWrite, output])
        expect(Number.isInteger(price) && price > 0).toBe(true);
      expect(cachedInput).toBeLessThanOrEqual(input);
      expect(cacheWrite).toBeGreaterThanOrEqual(input);
      expect(output).toBeGreaterThan(input);
    }
  });

  it('round up, never down, and by less than one micro-dollar', () => {
    void fc.assert(
      fc.property(listed, tokens, (model, used) => {
        const price = priceOf(model, AT);
        if (price === undefined) throw new Error(`${model} has a price`);
        const exact =
          BigInt(used.input) * BigInt(price.input) +
          BigInt(used.cachedInput) * BigInt(price.cachedInput) +
          BigInt(used.cacheWrite) * BigInt(price.cacheWrite) +
          BigInt(used.output) * BigInt(price.output);
        const cost = BigInt(costOf(price, used)) * 1_000_000n;
        expect(cost >= exact && cost < exact + 1_000_000n).toBe(true);
      })
    );
  });

  it('charge one token of the cheapest model with a micro-dollar', () => {
    const nano = priceOf('openai:gpt-5-nano', AT);
    expect(nano && costOf(nano, { input: 1, cachedInput: 0, cacheWrite: 0, output: 0 })).toBe(1);
    expect(nano && costOf(nano, { input: 1_000_000, cachedInput: 0, cacheWrite: 0, output: 0 })).toBe(50_000);
  });

  it('refuse more tokens than numbers can hold', () => {
    const price: Price = { input: 1_000_000_000, cachedInput: 0, cacheWrite: 0, output: 0 };
    expect(() => costOf(price, { input: 10_000_000, cachedInput: 0, cacheWrite: 0, output: 0 })).toThrow(RangeError);
  });

  it.each([
    ['openai:gpt-99'],
    ['openai:GPT-5-nano'],
    ['anthropic:gpt-5-nano'],
    ['openai-compatible:llama'],
    ['openai:constructor'],
  ])('are not known of %s', (model) => expect(priceOf(model, AT)).toBeUndefined());

  it('hold from their day on, until another does', () => {
    const of = (input: number): Price => ({ input, cachedInput: 1, cacheWrite: input, output: input });
    const list = [
      { models: ['openai:x'], from: '2026-03-01', ...of(2) },
      { models: ['openai:x'], from: '2026-01-01', ...of(1) },
    ];
    const on = (day: string) => priceOf('openai:x', new Date(`${day}T23:59:59Z`), {}, list)?.input;
    expect([on('2025-12-31'), on('2026-01-01'), on('2026-02-28'), on('2026-03-01'), on('2030-01-01')]).toEqual([
      undefined,
      1,
      1,
      2,
      2,
    ]);
  });

  it('are what the configuration says where it says something, nothing included', () => {
    const free: Price = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };
    expect(priceOf('openai-compatible:llama', AT, { 'openai-compatible:llama': free })).toEqual(free);
    expect(priceOf('openai:gpt-5-nano', AT, { 'openai:gpt-5-nano': free })).toEqual(free);
  });
});
