import { describe, expect, it } from 'vitest';
import type { Counters, Held, Reservation } from '../../../lambdas/core/limits/counters.ts';
import { budgetsOver } from '../../../lambdas/core/limits/limit.ts';
import { HELD_SECONDS } from '../../../lambdas/core/limits/reserve.ts';
import { askWithinBudget, settleLeft } from '../../../lambdas/core/steps/paid.ts';
import { AT, aRelease } from '../../support/builders.ts';
import { scripted } from '../../support/scripted.ts';

const REF = { tenant: 'acme', run: 'r' };
const now = () => AT;
const until = (ms: number): string => new Date(AT.getTime() + ms).toISOString();
const usage = { inputTokens: 4, outputTokens: 3, cachedTokens: 0, costMicroUsd: 120 };

/** Counters that have room for everything, and what was reserved and settled there. */
const roomy = (left: readonly Held[] = []) => {
  const reserved: Reservation[] = [];
  const settled: (readonly [string, number])[] = [];
  const counters: Counters = {
    read: async () => [],
    reserve: async (reservation) => {
      reserved.push(reservation);
      return true;
    },
    heldBy: async () => left,
    settle: async ({ id }, spent) => {
      settled.push([id, spent]);
      return true;
    },
  };
  return { counters, reserved, settled };
};

describe('an engine that is asked within budgets', () => {
  const ask = async (...script: Parameters<typeof scripted>) => {
    const { engine, asked } = scripted(...script);
    const { counters, reserved, settled } = roomy();
    const deps = { release: aRelease(), now, purse: { counters, newId: () => 'one', warn: () => undefined } };
    const question = { text: 'the vpn drops', labels: ['Network'] };
    const paid = await askWithinBudget(deps, { ...REF, step: 'propose' }, engine, question);
    if (paid.kind !== 'answered') throw new Error(`expected an answer, found ${paid.kind}`);
    return { paid, asked, reserved, settled };
  };

  it.each<[string, number, ...Parameters<typeof scripted>]>([
    ['costs nothing', 1, { label: 'Network' }, {}],
    ['costs 0 at most', 1, { label: 'Network' }, { most: 0 }],
    ['has kept its answer', 0, { label: 'Network', cachedAt: AT.toISOString() }, { most: 500, isKept: true }],
  ])('has nothing set aside or charged where it %s', async (_, times, ...script) => {
    const { paid, asked, reserved, settled } = await ask(...script);
    await paid.settle();
    expect(paid).toMatchObject({ kind: 'answered', answer: script[0] });
    expect(paid).not.toHaveProperty('hold');
    expect(asked).toEqual(Array(times).fill({ text: 'the vpn drops', labels: ['Network'], tenant: 'acme' }));
    expect([reserved, settled]).toEqual([[], []]);
  });

  it('has the most that it may cost set aside in every budget, in the name of the step', async () => {
    const { paid, asked, reserved } = await ask({ label: 'Network', usage }, { most: 500 });
    expect(paid).toMatchObject({ kind: 'answered', answer: { label: 'Network', usage }, hold: 'propose.one' });
    expect(asked).toEqual([{ text: 'the vpn drops', labels: ['Network'], tenant: 'acme' }]);
    const charges = budgetsOver(aRelease(), REF, 500, AT).map(({ rule, subject }) => ({ rule, subject, amount: 500 }));
    expect(reserved).toMatchObject([{ id: 'propose.one', until: until(HELD_SECONDS * 1_000), charges }]);
  });

  it.each([
    ['what it cost', 120, { usage }],
    ['nothing, where it used nothing', 0, {}],
  ])('is charged, once its answer is kept and not before, %s', async (_, spent, says) => {
    const { paid, settled } = await ask(says, { most: 500 });
    expect(settled).toEqual([]);
    await paid.settle();
    expect(settled).toEqual([['propose.one', spent]]);
  });
});

describe('what attempts left that nobody has heard of', () => {
  /** Held of the run in one piece, and of its tenant in two. */
  const held = (id: string, ms = 1_000): Held => {
    const [run, , tenant] = budgetsOver(aRelease(), REF, 0, AT);
    const parts = [
      { subject: run.subject, window: run.window, shard: 0, amount: 500 },
      { subject: tenant.subject, window: tenant.window, shard: 1, amount: 200 },
      { subject: tenant.subject, window: tenant.window, shard: 2, amount: 300 },
    ];
    return { id, until: until(ms), parts };
  };
  const settles = async (left: readonly Held[], about: Parameters<typeof settleLeft>[2]) => {
    const { counters, settled } = roomy(left);
    await settleLeft({ counters, now }, REF, about);
    return settled;
  };
  const both = ['route', 'propose'] as const;

  it.each<[string, Parameters<typeof settleLeft>[2], readonly (readonly [string, number])[]]>([
    [
      'in full, as nobody knows what it cost',
      { of: both, plan: undefined },
      [
        ['route.1', 500],
        ['propose.1', 500],
        ['propose.2', 500],
      ],
    ],
    ['of no step that is not over', { of: ['route'], plan: undefined }, [['route.1', 500]]],
    [
      'at what it cost, where its proposal was kept, and of other attempts in full',
      { of: ['propose'], plan: { hold: 'propose.2', usage } },
      [
        ['propose.1', 500],
        ['propose.2', 120],
      ],
    ],
    [
      'at nothing, where the proposal that was kept used nothing',
      { of: ['propose'], plan: { hold: 'propose.1' } },
      [
        ['propose.1', 0],
        ['propose.2', 500],
      ],
    ],
  ])('is settled %s', async (_, about, expected) => {
    const left = [held('route.1'), held('propose.1'), held('propose.2')];
    expect(await settles(left, about)).toEqual(expected);
  });

  it('is settled until its time is over, and from then on left to whoever charges those counters next', async () => {
    const left = [held('route.1', -1), held('route.2', 0), held('route.3', 1)];
    expect(await settles(left, { of: both, plan: undefined })).toEqual([
      ['route.2', 500],
      ['route.3', 500],
    ]);
  });
});
