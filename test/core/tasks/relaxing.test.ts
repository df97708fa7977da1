import { describe, expect, it } from 'vitest';
import { heldBy, relaxes } from '../../../lambdas/core/tasks/relaxing.ts';
import { AT } from '../../support/builders.ts';

const at = (hours: number): string => new Date(AT.getTime() + hours * 3_600_000).toISOString();
const stop = { stopped: true, stops: 'writes' } as const;
const all = { stopped: true, stops: 'everything' } as const;
const running = { stopped: false } as const;

describe('a word that relaxes another', () => {
  it.each([
    [running, stop, true],
    [running, { ...stop, until: at(1) }, true],
    [running, { ...stop, until: at(-1) }, false],
    [running, running, false],
    [stop, running, false],
    [stop, stop, false],
    [all, stop, false],
    [stop, all, true],
    [stop, { stopped: true } as const, false],
    [{ stopped: true } as const, all, true],
    [{ ...all, until: at(1) }, stop, true],
    [{ ...stop, until: at(1) }, { ...stop, until: at(2) }, true],
    [{ ...stop, until: at(2) }, { ...stop, until: at(1) }, false],
    [{ ...stop, until: at(1) }, { ...stop, until: at(1) }, false],
    [stop, { ...stop, until: at(1) }, false],
    [{ ...stop, mode: 'shadow' } as const, { ...stop, mode: 'suggest' } as const, false],
    [{ ...stop, mode: 'suggest' } as const, { ...stop, mode: 'shadow' } as const, true],
    [{ ...running, mode: 'autopilot' } as const, { ...running, mode: 'supervised' } as const, true],
    [{ ...running, mode: 'shadow' } as const, { ...running, mode: 'shadow' } as const, false],
    [running, { ...running, mode: 'autopilot' } as const, true],
    [{ ...running, mode: 'autopilot' } as const, running, false],
  ])('%j over %j: %s', (next, before, expected) => {
    expect(relaxes(next, before, AT)).toBe(expected);
  });
});

describe('what the operating tenant holds', () => {
  it.each([
    [running, undefined, undefined, undefined],
    [stop, undefined, undefined, stop],
    [{ ...all, until: at(1) }, undefined, undefined, { ...all, until: at(1) }],
    // the mode of the word itself may be the tenant's own
    [{ ...stop, mode: 'shadow' } as const, undefined, undefined, stop],
    [stop, 'shadow', undefined, { ...stop, mode: 'shadow' }],
    [running, undefined, { ...stop, mode: 'suggest' } as const, { ...running, mode: 'suggest' }],
    [running, 'autopilot', { ...stop, mode: 'suggest' } as const, { ...running, mode: 'autopilot' }],
  ] as const)('after %j, naming %s, before %j: %j', (word, mode, before, expected) => {
    expect(heldBy(word, { mode, before })).toEqual(expected);
  });
});
