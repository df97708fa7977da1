import { afterEach, expect, it, vi } from 'vitest';
import { ModelSettings } from '../../lambdas/core/engine/model/settings.ts';
import { remembering } from '../../lambdas/runtime/remembering.ts';
import { aRelease } from '../support/builders.ts';

const settings = (given: object = {}) => ModelSettings.parse({ tiers: { small: ['openai:gpt-5-nano'] }, ...given });

afterEach(() => vi.unstubAllEnvs());

it('remembers nothing where there are no models or the configuration turns it off, and then needs no table', () => {
  vi.stubEnv('STATE_TABLE', undefined);
  expect(remembering(aRelease(), 'propose')).toBeUndefined();
  expect(remembering(aRelease({ models: settings({ cacheSeconds: 0 }) }), 'propose')).toBeUndefined();
  expect(() => remembering(aRelease({ models: settings() }), 'propose')).toThrow('STATE_TABLE');
});

it('remembers for a day by default, and for no longer than content is kept', () => {
  expect(settings().cacheSeconds).toBe(86_400);
  expect(settings({ cacheSeconds: 7_776_000 }).cacheSeconds).toBe(7_776_000);
  expect(() => settings({ cacheSeconds: 7_776_001 })).toThrow();
});
