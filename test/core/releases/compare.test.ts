import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALPHA,
  boundOf,
  compare,
  dueOf,
  HORIZON_MS,
  LOOKS,
  type Observation,
} from '../../../lambdas/core/releases/compare.ts';

const START = Date.parse('2030-01-02T03:04:05.000Z');
const LATER = new Date(START + 10 * HORIZON_MS);

const observation = (
  at: number,
  {
    outcome = 'completed',
    ms = 1_000 + at,
    cost = 10,
  }: { outcome?: Observation['run']['outcome']; ms?: number; cost?: number }
): Observation => ({
  run: {
    createdAt: new Date(START + at).toISOString(),
    updatedAt: new Date(START + at + ms).toISOString(),
    status: outcome === undefined ? 'active' : 'closed',
    ...(outcome && { outcome }),
    rules: ['SOME_RULE'],
  },
  costMicrousd: cost,
});
const arm = (size: number, of: (at: number) => Parameters<typeof observation>[1] = () => ({})) =>
  Array.from({ length: size }, (_, at) => observation(at, of(at)));
const open = (at: number): Observation => {
  const { run, costMicrousd } = observation(at, {});
  const { outcome: _, ...rest } = run;
  return { run: { ...rest, status: 'active' }, costMicrousd };
};

/** Numbers that are the same for the same seed. */
const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

describe('a comparison', () => {
  it('says nothing before 50 runs of each are known', () => {
    expect(compare({ stable: arm(500), candidate: arm(49, () => ({ outcome: 'failed' })) }, LATER)).toMatchObject({
      verdict: 'too-few',
      look: 0,
    });
  });

  it('finds a candidate that fails worse, and takes it back', () => {
    const found = compare(
      { stable: arm(50), candidate: arm(50, (at) => (at % 3 === 0 ? { outcome: 'failed' } : {})) },
      LATER
    );
    expect(found.verdict).toBe('worse');
    expect(found.measured.find(({ measure }) => measure === 'failed')?.finding).toBe('worse');
    expect(dueOf(found)).toBe('rollback');
  });

  it('finds a candidate that escalates less better, and promotes it', () => {
    const escalating = (at: number) => (at % 2 === 0 ? { outcome: 'escalated' as const } : {});
    const found = compare({ stable: arm(60, escalating), candidate: arm(60) }, LATER);
    expect(found).toMatchObject({ verdict: 'better', look: 50, stable: { escalations: { SOME_RULE: 30 } } });
    expect(dueOf(found)).toBe('promote');
  });

  it('does not take back what is slower and dearer alone, nor promote it', () => {
    const found = compare({ stable: arm(50), candidate: arm(50, () => ({ ms: 60_000, cost: 900 })) }, LATER);
    expect(found.verdict).toBe('worse');
    expect(dueOf(found)).toBeUndefined();
  });

  it.each([
    ['dearer', 900, 'worse'],
    ['cheaper', 1, 'better'],
  ] as const)('still finds that it fails more often, though it was found %s before', (_, cost, finding) => {
    const candidate = arm(400, (at) => ({ cost, ...(at >= 50 && at % 8 === 0 && { outcome: 'failed' }) }));
    const early = compare({ stable: arm(50), candidate: candidate.slice(0, 50) }, LATER);
    expect(early).toMatchObject({ verdict: finding, look: 50 });
    expect(dueOf(early)).not.toBe('rollback');
    const found = compare({ stable: arm(400), candidate }, LATER);
    expect(found).toMatchObject({ verdict: 'worse', look: 200 });
    expect(found.measured.find(({ measure }) => measure === 'cost')).toEqual(
      early.measured.find(({ measure }) => measure === 'cost')
    );
    expect(dueOf(found)).toBe('rollback');
  });

  it('waits for the first run that is not known, for an hour, then counts it as unfinished', () => {
    const candidate = [...arm(20), open(20), ...arm(60).slice(21)];
    const soon = new Date(START + 5_000 + 60);
    expect(compare({ stable: arm(60), candidate }, soon)).toMatchObject({ look: 0, candidate: { runs: 20 } });
    expect(compare({ stable: arm(60), candidate }, LATER)).toMatchObject({
      look: 50,
      candidate: { runs: 60, unfinished: 1 },
    });
  });

  it('is what it was, however a run ends after the hour', () => {
    const late = arm(50, (at) => (at < 25 ? { outcome: 'failed', ms: HORIZON_MS + 1 } : {}));
    const stillOpen = late.map((each, at) => (at < 25 ? open(at) : each));
    const { measured, candidate } = compare({ stable: arm(50), candidate: late }, LATER);
    expect(candidate).toMatchObject({ failed: 0, unfinished: 25 });
    expect(compare({ stable: arm(50), candidate: stillOpen }, LATER).measured).toEqual(measured);
  });

  it('keeps the verdict that a look gave, whatever comes after it', () => {
    const bad = arm(50, (at) => (at % 3 === 0 ? { outcome: 'failed' } : {}));
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 300 }), (size) => {
        const found = compare({ stable: arm(size), candidate: [...bad, ...arm(size).slice(50)] }, LATER);
        expect(found).toMatchObject({ verdict: 'worse', look: 50 });
      }),
      { numRuns: 20 }
    );
  });

  it('spends less than all of its error over all looks and measures', () => {
    const spent = LOOKS.reduce((sum, _, at) => sum + 5 * boundOf(at + 1), 0);
    expect(spent).toBeLessThan(ALPHA);
  });

  it('calls equal releases different in less than one of 20 canaries, looked at after every look', () => {
    const random = seeded(7);
    const draw = () =>
      arm(400, () => {
        const lot = random();
        return {
          outcome: lot < 0.1 ? 'escalated' : lot < 0.15 ? 'failed' : 'completed',
          ms: 1_000 + random() * 60_000,
          cost: Math.floor(random() * 50),
        };
      });
    const canaries = 200;
    let wrong = 0;
    for (let each = 0; each < canaries; each += 1) {
      const { verdict } = compare({ stable: draw(), candidate: draw() }, LATER);
      if (verdict !== 'no-difference') wrong += 1;
    }
    expect(wrong / canaries).toBeLessThanOrEqual(ALPHA);
  });
});
