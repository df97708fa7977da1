import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  controlsOver,
  EXPIRY_MARGIN_MS,
  homeOf,
  isInForce,
  isOver,
  stopAmong,
} from '../../../lambdas/core/gate/controls.ts';
import type { Control } from '../../../lambdas/core/records.ts';
import { AT } from '../../support/builders.ts';

const control = (subject: string, given: Partial<Control> = {}): Control => ({
  subject,
  stopped: true,
  reason: 'a test',
  by: 'op',
  at: AT.toISOString(),
  ...given,
});
const later = (ms: number): Date => new Date(AT.getTime() + ms);
const over = controlsOver('acme', 'triage', 'jira:write');

describe('a stop that ends by itself', () => {
  it('holds at least until its time on every clock that is not a minute wrong, and no more than two minutes after it', () => {
    const skew = fc.integer({ min: -EXPIRY_MARGIN_MS + 1, max: EXPIRY_MARGIN_MS - 1 });
    const real = fc.integer({ min: -86_400_000, max: 86_400_000 });
    fc.assert(
      fc.property(real, skew, (sinceUntil, wrongBy) => {
        const isHeld = isInForce({ stopped: true, until: AT.toISOString() }, later(sinceUntil + wrongBy));
        if (sinceUntil <= 0) expect(isHeld).toBe(true);
        if (sinceUntil > 2 * EXPIRY_MARGIN_MS) expect(isHeld).toBe(false);
      })
    );
  });

  it.each([
    [{ stopped: true }, true],
    [{ stopped: false }, false],
    [{ stopped: false, until: later(86_400_000).toISOString() }, false],
    [{ stopped: true, until: later(-EXPIRY_MARGIN_MS + 1).toISOString() }, true],
    [{ stopped: true, until: later(-EXPIRY_MARGIN_MS).toISOString() }, false],
  ])('%j: %s', (given, expected) => {
    expect(isInForce(given, AT)).toBe(expected);
  });
});

describe('the stop among controls', () => {
  it('is the widest in force, and for everything alone where that is asked', () => {
    const controls = [
      control('scope:jira:write', { stops: 'everything' }),
      control('tenant:acme'),
      control('workflow:triage', { stops: 'everything' }),
      control('global', { stops: 'everything', until: later(-EXPIRY_MARGIN_MS).toISOString() }),
    ];
    expect(stopAmong(controls, over, { now: AT })).toBe('STOPPED_TENANT');
    expect(stopAmong(controls, over, { now: AT, of: 'everything' })).toBe('STOPPED_WORKFLOW');
    expect(stopAmong(controls.slice(3), over, { now: AT })).toBeUndefined();
    expect(stopAmong([control('tenant:other')], over, { now: AT })).toBeUndefined();
  });
});

describe('what a control is over', () => {
  const place = { tenant: 'acme', workflow: 'triage', scope: 'jira:write' };
  it.each([
    ['global', true],
    ['tenant:acme', true],
    ['workflow:triage', true],
    ['scope:jira:write', true],
    ['tenant:umbra', false],
    ['workflow:acme', false],
    ['scope:jira:read', false],
  ])('%s: %s', (subject, expected) => {
    expect(isOver(subject, place)).toBe(expected);
  });
});

describe('the shard of a run', () => {
  it('is the same every time, one of those there are, and each is some run’s', () => {
    const runs = Array.from({ length: 400 }, (_, each) => ({ tenant: 'acme', run: `r-${each}` }));
    const homes = runs.map((run) => homeOf(run, 8));
    expect(homes).toEqual(runs.map((run) => homeOf(run, 8)));
    expect([...new Set(homes)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(homeOf({ tenant: 'acme', run: 'r-1' }, 1 << 20)).not.toBe(homeOf({ tenant: 'umbra', run: 'r-1' }, 1 << 20));
  });
});
