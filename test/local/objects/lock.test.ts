import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mustRemain, mustStay, retentionFrom } from '../../../local/objects/lock.ts';
import type { ObjectVersion, Retention, Version } from '../../../local/objects/version.ts';

const NOW = 1_000_000;
const retention = fc.record({
  mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const),
  until: fc.integer({ min: NOW - 100, max: NOW + 100 }),
});
const maybe = fc.option(retention, { nil: undefined });
const version = (kept: Retention | undefined, legalHold: boolean): ObjectVersion => ({
  kind: 'object',
  bucket: 'b',
  key: 'k',
  id: '1',
  modifiedAt: 0,
  digest: '',
  bytes: 0,
  etag: '',
  checksum: { algorithm: '', value: '' },
  headers: {},
  legalHold,
  ...(kept === undefined ? {} : { retention: kept }),
});

describe('a lock', () => {
  it('keeps a version that is retained or held, and no other', () => {
    fc.assert(
      fc.property(maybe, fc.boolean(), (kept, hold) => {
        const isKept = hold || (kept !== undefined && kept.until > NOW);
        expect(mustStay(version(kept, hold), NOW) !== undefined).toBe(isKept);
      })
    );
  });

  it('in COMPLIANCE never ends sooner, whatever is tried one after the other', () => {
    fc.assert(
      fc.property(retention, fc.array(maybe), (first, tries) => {
        let current: Retention | undefined = { ...first, mode: 'COMPLIANCE' };
        for (const next of tries) if (mustRemain(current, next, NOW) !== 'nothing') current = next;
        if (first.until > NOW) {
          expect(current?.mode).toBe('COMPLIANCE');
          expect(current?.until).toBeGreaterThanOrEqual(first.until);
        }
      })
    );
  });

  it.each([
    ['GOVERNANCE', 10, 'GOVERNANCE', 20, undefined],
    ['GOVERNANCE', 10, 'GOVERNANCE', 5, 'bypass'],
    ['GOVERNANCE', 10, 'COMPLIANCE', 20, 'bypass'],
    ['COMPLIANCE', 10, 'COMPLIANCE', 10, undefined],
    ['COMPLIANCE', 10, 'COMPLIANCE', 9, 'nothing'],
    ['COMPLIANCE', 10, 'GOVERNANCE', 20, 'nothing'],
    ['COMPLIANCE', -1, 'GOVERNANCE', 5, undefined],
  ] as const)('of %s for %i becomes %s for %i: what lifts it is %s', (mode, left, next, nextLeft, lifts) => {
    expect(mustRemain({ mode, until: NOW + left }, { mode: next, until: NOW + nextLeft }, NOW)).toBe(lifts);
  });

  it('does not keep a delete marker', () => {
    const marker: Version = { kind: 'marker', bucket: 'b', key: 'k', id: '1', modifiedAt: 0 };
    expect(mustStay(marker, NOW)).toBeUndefined();
  });

  it.each([
    [{ days: 2 }, '2024-03-01T12:00:00.000Z'],
    [{ years: 1 }, '2025-02-28T12:00:00.000Z'],
  ])('lasts %o from when the version is made', (period, until) => {
    const { until: end } = retentionFrom({ mode: 'GOVERNANCE', period }, Date.parse('2024-02-28T12:00:00Z'));
    expect(new Date(end).toISOString()).toBe(until);
  });
});
