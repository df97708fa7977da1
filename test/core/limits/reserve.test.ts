import { describe, expect, it } from 'vitest';
import { Retryable } from '../../../lambdas/core/errors.ts';
import type { Counter, Counters, Reservation } from '../../../lambdas/core/limits/counters.ts';
import { budgetsOver, type Limit } from '../../../lambdas/core/limits/limit.ts';
import { HELD_SECONDS, reserve, weighWhole } from '../../../lambdas/core/limits/reserve.ts';
import { AT, aRelease } from '../../support/builders.ts';

/** Counters of which `used` is used, in the order of their shards, and which take a reservation after `busy` tries. */
const countersOf = (used: readonly number[], busy = 0) => {
  const reservations: Reservation[] = [];
  let reads = 0;
  const counters: Counters = {
    read: async (keys) => {
      reads += 1;
      return keys.map((key): Counter => ({ ...key, used: used[key.shard] ?? 0, holds: [] }));
    },
    reserve: async (reservation) => {
      reservations.push(reservation);
      return reservations.length > busy;
    },
    heldBy: async () => [],
    settle: async () => true,
  };
  return { counters, reservations, reads: () => reads };
};

const aLimit = (given: Partial<Limit> = {}): Limit => ({
  kind: 'budget',
  rule: 'BUDGET_TENANT_DAY',
  unit: 'microusd',
  subject: 'BUDGET#x',
  window: 'today',
  atMost: 40,
  shards: 4,
  asked: 5,
  forgetAt: AT.toISOString(),
  ...given,
});
const about = { id: 'a-reservation', home: () => 0, now: AT };

describe('limits that are weighed whole', () => {
  const weighed = (used: readonly number[]) => {
    const { counters, reads } = countersOf(used);
    const [home = 0] = used;
    const key = { subject: 'BUDGET#x', window: 'today', shard: 0 };
    const first = { asked: [key], counters: [{ ...key, used: home, holds: [] }], home: () => 0, now: AT };
    return { result: weighWhole([aLimit()], counters, first), reads };
  };

  it('look at every shard where one alone does not tell, and at what was used there', async () => {
    const { result, reads } = weighed([10, 10, 2, 10]);
    expect(await result).toMatchObject({ kind: 'fits', charges: [{ shard: 2, amount: 5 }] });
    expect(reads()).toBe(1);
  });

  it('refuse only what all of them together lack', async () => {
    expect(await weighed([10, 9, 9, 9]).result).toMatchObject({ kind: 'refused', limits: [{ used: 37 }] });
  });

  it('look no further where one shard tells', async () => {
    const { result, reads } = weighed([1, 10, 10, 10]);
    expect(await result).toMatchObject({ kind: 'fits', charges: [{ shard: 0, amount: 5 }] });
    expect(reads()).toBe(0);
  });
});

describe('a reservation', () => {
  it('holds what is asked in each counter, for longer than any function runs', async () => {
    const { counters, reservations } = countersOf([0, 0, 0, 0]);
    const until = new Date(AT.getTime() + HELD_SECONDS * 1_000).toISOString();
    const part = { subject: 'BUDGET#x', window: 'today', shard: 0, amount: 5 };
    expect(await reserve(counters, [aLimit()], about)).toEqual({
      kind: 'reserved',
      held: { id: 'a-reservation', until, parts: [part] },
      nearly: [],
    });
    expect(reservations).toMatchObject([{ id: 'a-reservation', until, charges: [{ ...part, part: 10 }] }]);
  });

  it('looks at every shard once others took what was seen, and gives up where they go on', async () => {
    const patient = countersOf([0, 0, 0, 0], 7);
    expect(await reserve(patient.counters, [aLimit()], about)).toMatchObject({ kind: 'reserved' });
    const { counters, reservations } = countersOf([0, 0, 0, 0], 8);
    await expect(reserve(counters, [aLimit()], about)).rejects.toMatchObject({
      name: Retryable.name,
      message: 'others kept taking what a reservation was to hold',
    });
    expect(reservations).toHaveLength(8);
  });

  it('is refused with the limits that lack the room, and holds nothing', async () => {
    const { counters, reservations } = countersOf([10, 10, 10, 9]);
    expect(await reserve(counters, [aLimit()], about)).toMatchObject({ kind: 'refused', limits: [{ used: 39 }] });
    expect(reservations).toEqual([]);
  });

  it('is of something', async () => {
    const { counters } = countersOf([]);
    const limits = budgetsOver(aRelease(), { tenant: 'acme', run: 'r' }, 0, AT);
    await expect(reserve(counters, limits, about)).rejects.toThrow(new TypeError('a reservation is of something'));
  });
});
