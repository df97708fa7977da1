import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Counter, CounterKey } from '../../../lambdas/core/limits/counters.ts';
import { MOST_PIECES, partOf, shardsOf, weigh } from '../../../lambdas/core/limits/escrow.ts';
import { type Limit, shardsFor } from '../../../lambdas/core/limits/limit.ts';
import { windowOf } from '../../../lambdas/core/limits/windows.ts';
import { AT } from '../../support/builders.ts';

const aLimit = (given: Partial<Limit> = {}): Limit => ({
  kind: 'cap',
  rule: 'A_CAP',
  unit: 'units',
  subject: 'CAP#x',
  window: 'today',
  atMost: 10,
  shards: 4,
  asked: 1,
  resetsAt: AT.toISOString(),
  forgetAt: AT.toISOString(),
  ...given,
});

const countersOf = (limit: Limit, used: readonly number[]): readonly Counter[] =>
  shardsOf(limit).flatMap((key) => ({ ...key, used: used[key.shard] ?? 0, holds: [] }));

const weighed = (
  limit: Limit,
  used: readonly number[],
  given: { home?: number; asked?: readonly CounterKey[] } = {}
) => {
  const { home = 0, asked = shardsOf(limit) } = given;
  const counters = countersOf(limit, used).filter(({ shard }) => asked.some((key) => key.shard === shard));
  return weigh([limit], { asked, counters, home: () => home, now: AT });
};
const chargesOf = (result: ReturnType<typeof weigh>) =>
  result.kind === 'fits' ? result.charges.map(({ shard, amount }) => [shard, amount]) : result.kind;

describe('a limit over shards', () => {
  it.each([
    ['charges the home shard where it has room', 1, [0, 0, 0, 0], 2, [[2, 1]]],
    ['charges the next from home where home has none', 1, [3, 0, 2, 1], 2, [[3, 1]]],
    [
      'splits what no shard has room for',
      3,
      [2, 2, 1, 1],
      0,
      [
        [0, 1],
        [1, 1],
        [2, 1],
      ],
    ],
    ['refuses where all of them together lack it', 4, [2, 2, 2, 2], 0, 'refused'],
    ['gives the very last of it', 1, [3, 3, 2, 1], 0, [[3, 1]]],
  ])('%s', (_, asked, used, home, expected) => {
    expect(chargesOf(weighed(aLimit({ asked }), used, { home }))).toEqual(expected);
  });

  it('charges a shard that nobody has read, and looks at all where the one that was read lacks room', () => {
    const limit = aLimit();
    expect(chargesOf(weighed(limit, [3, 0, 0, 0], { asked: [] }))).toEqual([[0, 1]]);
    expect(chargesOf(weighed(limit, [3, 0, 0, 0], { asked: shardsOf(limit).slice(0, 1) }))).toBe('unclear');
  });

  it('splits over eight shards and no more, and counts in its own window alone', () => {
    const limit = aLimit({ atMost: 10, shards: 10, asked: 8 });
    expect(chargesOf(weighed(limit, []))).toHaveLength(8);
    expect(chargesOf(weighed({ ...limit, asked: 9 }, []))).toBe('refused');
    const asked = shardsOf(limit);
    const counters = countersOf({ ...limit, window: 'yesterday' }, Array(10).fill(1));
    expect(weigh([limit], { asked, counters, home: () => 0, now: AT }).kind).toBe('fits');
  });

  it('gives away the last of the one shard that was read, and looks at no other', () => {
    const home = { asked: shardsOf(aLimit()).slice(0, 1) };
    expect(chargesOf(weighed(aLimit(), [2], home))).toEqual([[0, 1]]);
    expect(chargesOf(weighed(aLimit({ asked: 2 }), [2], home))).toBe('unclear');
  });

  it.each(['cap', 'rate'] as const)('warns of no %s', (kind) => {
    const limit = aLimit({ kind });
    expect(weighed(limit, [3, 3, 2, 1])).toMatchObject({ kind: 'fits', nearly: [] });
    expect(weighed(limit, [2], { asked: shardsOf(limit).slice(0, 1) })).toMatchObject({ kind: 'fits' });
  });

  it('refuses with what stands in the audit: how much of what, and until when', () => {
    expect(weighed(aLimit({ asked: 5 }), [2, 2, 2, 1])).toEqual({
      kind: 'refused',
      by: 'cap',
      limits: [{ rule: 'A_CAP', unit: 'units', atMost: 10, used: 7, asked: 5, resetsAt: AT.toISOString() }],
    });
  });

  it('asks nothing of a limit of which nothing is asked, be it used up', () => {
    expect(weighed(aLimit({ asked: 0, atMost: 0 }), [0, 0, 0, 0])).toEqual({ kind: 'fits', charges: [], nearly: [] });
  });

  it.each([
    ['below 80 %', 7, false],
    ['at 80 %', 8, true],
    ['where it is used up', 10, true],
  ])('warns of a budget %s: %s of ten', (_, used, warns) => {
    const limit = aLimit({ kind: 'budget', rule: 'BUDGET_RUN', shards: 1, asked: 1 });
    const result = weighed(limit, [used - 1]);
    expect(result.kind === 'fits' && result.nearly).toEqual(warns ? [{ limit, used: used - 1 }] : []);
  });

  it('looks at every shard of a budget before it warns', () => {
    const limit = aLimit({ kind: 'budget', atMost: 100 });
    const home = shardsOf(limit).slice(0, 1);
    expect(chargesOf(weighed(limit, [18, 0, 0, 0], { asked: home }))).toEqual([[0, 1]]);
    expect(chargesOf(weighed(limit, [19, 0, 0, 0], { asked: home }))).toBe('unclear');
    expect(chargesOf(weighed(limit, [20, 0, 0, 0], { asked: home }))).toBe('unclear');
    expect(weighed(limit, [20, 0, 0, 0])).toMatchObject({ kind: 'fits', nearly: [] });
  });

  it('takes what was held and has lapsed for free, and gives it back with the charge', () => {
    const limit = aLimit({ shards: 1, asked: 3 });
    const hold = (id: string, until: number) => ({ id, amount: 4, until: new Date(until).toISOString() });
    const holds = [hold('over', AT.getTime() - 1), hold('held', AT.getTime() + 1)];
    const key = { subject: limit.subject, window: limit.window, shard: 0 };
    const seen = { asked: [key], counters: [{ ...key, used: 9, holds }], home: () => 0, now: AT };
    expect(weigh([limit], seen)).toMatchObject({ kind: 'fits', charges: [{ amount: 3, lapsed: [{ id: 'over' }] }] });
    expect(weigh([aLimit({ shards: 1, asked: 6 })], seen)).toMatchObject({ kind: 'refused', limits: [{ used: 5 }] });
  });

  it('has parts that make up the whole, never gives more, and strands less than it says', () => {
    const limits = fc.record({ atMost: fc.nat(500), shards: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(
        limits,
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 60 }),
        fc.nat(19),
        (size, asks, home) => {
          const used = Array.from({ length: size.shards }, () => 0);
          const parts = used.map((_, shard) => partOf(size, shard));
          expect(parts.reduce((a, b) => a + b, 0)).toBe(size.atMost);
          for (const asked of asks) {
            const limit = aLimit({ ...size, asked });
            const result = weighed(limit, used, { home: home % size.shards });
            const left = size.atMost - used.reduce((a, b) => a + b, 0);
            if (result.kind === 'refused') {
              expect(left < Math.max(asked, (asked * size.shards) / MOST_PIECES)).toBe(true);
              continue;
            }
            if (result.kind !== 'fits') throw new Error('every shard was read');
            expect(result.charges.reduce((sum, { amount }) => sum + amount, 0)).toBe(asked);
            for (const { shard, amount } of result.charges) used[shard] = (used[shard] ?? 0) + amount;
            for (const [shard, part] of parts.entries()) expect(used[shard]).toBeLessThanOrEqual(part);
          }
        }
      )
    );
  });
});

describe('shards', () => {
  it.each([
    [3, 'day', 1],
    [6_000, 'minute', 13],
    [1_000_000, 'minute', 16],
    [0, 'minute', 1],
  ] as const)('are as many as %i a %s asks for: %i', (atMost, per, expected) => {
    expect(shardsFor(atMost, per, 16)).toBe(expected);
  });
});

describe('a window', () => {
  it.each([
    ['minute', '2030-01-02T03:04:00.000Z', '2030-01-02T03:05:00.000Z'],
    ['hour', '2030-01-02T03:00:00.000Z', '2030-01-02T04:00:00.000Z'],
    ['day', '2030-01-02T00:00:00.000Z', '2030-01-03T00:00:00.000Z'],
  ] as const)('of a %s is the same for everybody', (per, start, end) => {
    expect(windowOf(AT, per)).toEqual({ start, end });
  });
});
