import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterDeployment,
  type Policy,
  type Rollout,
  type Served,
  sampleOf,
  servedTo,
} from '../../../lambdas/core/releases/rollout.ts';
import { aRelease, aRunId } from '../../support/builders.ts';

const { input } = aRelease();
const AT = '2030-01-02T03:04:05.000Z';
const version = (letter: string, number: number): Served => ({
  release: letter.repeat(64),
  input,
  machine: `arn:aws:states:us-east-1:000000000000:stateMachine:triage:${number}`,
});
const [a, b, c] = [version('a', 1), version('b', 2), version('c', 3)];
const all: Policy = { kind: 'all' };
const canary: Policy = { kind: 'canary', share: 10, automatic: { rollback: true, promote: false } };

/** Deployments one after the other. */
const deployed = (policy: Policy, ...served: readonly Served[]): Rollout => {
  const last = served.reduce<Rollout | undefined>(
    (before, each) => afterDeployment(before, 'triage', each, { policy, at: AT }) ?? before,
    undefined
  );
  if (last === undefined) throw new Error('nothing was deployed');
  return last;
};

describe('a deployment', () => {
  it.each([
    ['the first, for all', all, [a], { stable: a }],
    ['the first, as a canary', canary, [a], { stable: a }],
    ['another, for all', all, [a, b], { stable: b, previous: a }],
    ['another, as a canary', canary, [a, b], { stable: a, candidate: { ...b, share: 10 } }],
    ['a third while a candidate runs', canary, [a, b, c], { stable: a, candidate: { ...c, share: 10 } }],
    ['the candidate again', canary, [a, b, version('b', 3)], { stable: a, candidate: version('b', 3) }],
    ['for all while a candidate runs', all, [a, b, c], { stable: c, previous: b }],
  ])('%s', (_, policy, served, expected) => {
    expect(deployed(policy, ...served)).toMatchObject(expected);
  });

  it('of the stable release again ends a canary', () => {
    const again = version('a', 3);
    const rollout = deployed(canary, a, b, again);
    expect(rollout.stable).toEqual(again);
    expect(rollout).not.toHaveProperty('candidate');
  });

  it('is noted once, and not by a function of the deployment before that is still warm', () => {
    const now = deployed(all, a, b);
    expect(afterDeployment(now, 'triage', b, { policy: all, at: AT })).toBeUndefined();
    expect(afterDeployment(now, 'triage', a, { policy: all, at: AT })).toBeUndefined();
    expect(deployed(all, a, version('b', 10), version('c', 9)).stable.release).toBe('b'.repeat(64));
  });

  it('of a state machine made anew counts, whatever its number', () => {
    const anew = { ...c, machine: 'arn:aws:states:us-east-1:000000000000:stateMachine:triage-2:1' };
    expect(deployed(all, b, anew).stable).toEqual(anew);
  });
});

describe('the release of a run', () => {
  const withShare = (share: number): Rollout => deployed({ ...canary, share }, a, b);
  const refs = Array.from({ length: 4_000 }, () => ({ tenant: 'acme', run: aRunId() }));

  it('is the candidate for about the share of runs, and the same every time', () => {
    for (const share of [1, 10, 50, 99]) {
      const rollout = withShare(share);
      const given = refs.filter((ref) => servedTo(rollout, ref).release === b.release);
      const spread = 5 * Math.sqrt(refs.length * (share / 100) * (1 - share / 100)); // beyond by chance once in a million
      expect(Math.abs(given.length - (refs.length * share) / 100)).toBeLessThan(spread);
      expect(given.every((ref) => servedTo(rollout, ref).machine === b.machine)).toBe(true);
    }
  });

  it('stays the candidate where the share grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 98 }), fc.nat(3_999), (share, at) => {
        const ref = refs[at] ?? { tenant: 'acme', run: aRunId() };
        if (servedTo(withShare(share), ref).release === b.release)
          expect(servedTo(withShare(share + 1), ref).release).toBe(b.release);
      })
    );
  });

  it('is the candidate for a cohort, and stable for the others', () => {
    const { share: _, ...candidate } = withShare(10).candidate ?? {
      ...b,
      since: AT,
      automatic: { rollback: true, promote: false },
    };
    const rollout = { ...withShare(10), candidate: { ...candidate, tenants: ['acme'] } };
    expect(servedTo(rollout, { tenant: 'acme', run: aRunId() })).toEqual(b);
    expect(servedTo(rollout, { tenant: 'demo', run: aRunId() })).toEqual(a);
  });

  it('counts in the comparison: each of the candidate, and as many of the stable', () => {
    const rollout = withShare(10);
    const samples = refs.map((ref) => sampleOf(rollout, servedTo(rollout, ref).release, ref)?.arm);
    const [candidates, stables] = (['candidate', 'stable'] as const).map(
      (arm) => samples.filter((each) => each === arm).length
    );
    expect(candidates).toBe(refs.filter((ref) => servedTo(rollout, ref).release === b.release).length);
    expect(Math.abs((stables ?? 0) - (candidates ?? 0))).toBeLessThan(140); // 5 deviations of the difference
    expect(sampleOf(deployed(all, a), a.release, { tenant: 'acme', run: aRunId() })).toBeUndefined();
  });
});
