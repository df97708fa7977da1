import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../lib/config.ts';

describe('the configuration', () => {
  it('has safe defaults', () => {
    expect(readConfig({})).toEqual({
      mode: 'shadow',
      operatorTenant: 'platform',
      rollout: 'all',
      canary: { share: 10, automatic: { rollback: true, promote: false } },
      machineClients: [],
      tenantDayMicrousd: 50_000_000,
      shards: { tenant: 16, workflow: 32 },
      logLevel: 'INFO',
      retainData: true,
      archive: { lock: 'none' },
      allowedOrigins: [],
    });
  });

  it('takes a canary from the command line, in whole percent below all', () => {
    const config = readConfig({ 'writ:rollout': 'canary', 'writ:canary': '{"share":25}' });
    expect(config).toMatchObject({
      rollout: 'canary',
      canary: { share: 25, automatic: { rollback: true, promote: false } },
    });
    for (const share of [0, 100, 2.5]) expect(() => readConfig({ 'writ:canary': { share } })).toThrow(/writ:canary/);
    expect(() => readConfig({ 'writ:rollout': 'some' })).toThrow(/writ:rollout/);
  });

  it('is read from the object and from prefixed keys, which win', () => {
    const context = { writ: { mode: 'suggest', logLevel: 'WARN' }, 'writ:mode': 'autopilot' };
    expect(readConfig(context)).toMatchObject({ mode: 'autopilot', logLevel: 'WARN' });
  });

  it('takes text from the command line', () => {
    const machines = '[{"name":"helpdesk","tenant":"demo","roles":["submitter"]}]';
    const config = readConfig({ 'writ:retainData': 'false', 'writ:machineClients': machines });
    expect(config).toMatchObject({ retainData: false, machineClients: [{ name: 'helpdesk', tenant: 'demo' }] });
  });

  it('takes a lock of the archive with the days that it holds', () => {
    const config = readConfig({ 'writ:archive': '{"lock":"compliance","days":2557}' });
    expect(config.archive).toEqual({ lock: 'compliance', days: 2_557 });
  });

  it("leaves the CDK's own keys alone", () => {
    const context = { '@aws-cdk/core:checkSecretUsage': true, 'aws:cdk:enable-path-metadata': true };
    expect(readConfig(context)).toEqual(readConfig({}));
  });

  it.each([
    ['an unknown key with our prefix', { 'writ:mood': 'calm' }, 'writ:mood is not known: expected one of mode,'],
    ['an unknown key in our object', { writ: { retain: true } }, 'writ:retain is not known'],
    ['a key without our prefix', { mode: 'autopilot' }, 'mode is not known: did you mean writ:mode?'],
    [
      'a lock of the archive without its days',
      { writ: { archive: { lock: 'governance' } } },
      'writ:archive: expected `days`',
    ],
    [
      'days without a lock of the archive',
      { writ: { archive: { lock: 'none', days: 3 } } },
      'writ:archive: expected `days`',
    ],
    ['a misspelt prefix', { 'wirt:mode': 'autopilot' }, 'wirt:mode is not known'],
    [
      'an unknown mode',
      { 'writ:mode': 'automatic' },
      /writ:mode: .*"shadow"\|"suggest"\|"supervised"\|"autopilot"; found "automatic"/,
    ],
    ['a flag that is none', { 'writ:retainData': 'maybe' }, /writ:retainData: .*boolean.*; found "maybe"/],
    [
      'money in parts of a micro-dollar',
      { 'writ:tenantDayMicrousd': '1.5' },
      /writ:tenantDayMicrousd: .*int.*; found "1.5"/,
    ],
    [
      'more shards than anybody can read at once',
      { 'writ:shards': '{"tenant":1025,"workflow":1}' },
      /writ:shards\.tenant: .*1024; found 1025$/,
    ],
    ['an origin that is none', { 'writ:allowedOrigins': '["example"]' }, 'writ:allowedOrigins.0'],
    ['a tenant that is none', { 'writ:operatorTenant': 'The Platform' }, 'writ:operatorTenant: a tenant must be'],
    [
      'an object that is none',
      { writ: 'autopilot' },
      'must be an object such as {"mode": "shadow"}, found a string: write one',
    ],
    [
      'a machine of a name that is none',
      { writ: { machineClients: [{ name: 'Help desk', tenant: 'b', roles: ['auditor'] }] } },
      'writ:machineClients.0.name: a machine must be 1 to 40 of a-z, 0-9 and "-", and start with a letter; found "Help desk"',
    ],
    [
      'a stray key of a machine',
      { writ: { machineClients: [{ name: 'a', tenant: 'b', roles: ['auditor'], x: 1 }] } },
      'writ:machineClients.0.x',
    ],
    [
      'a model of no provider',
      { 'writ:models': '{"tiers":{"small":["gpt-5-nano"]}}' },
      'writ:models.tiers.small.0: a model must be provider:model, such as anthropic:claude-haiku-4-5',
    ],
    [
      'a tier that is none',
      { writ: { models: { tiers: { tiny: ['openai:gpt-5-nano'] } } } },
      /writ:models\.tiers.*tiny/,
    ],
    ['a tier of no models', { writ: { models: { tiers: { small: [] } } } }, 'writ:models.tiers.small'],
    [
      'an endpoint without TLS',
      { writ: { models: { tiers: {}, endpoints: { openai: 'http://models.example' } } } },
      'writ:models.endpoints.openai: a base URL must be https',
    ],
    [
      'an endpoint with a password',
      { writ: { models: { tiers: {}, endpoints: { openai: 'https://a:b@models.example' } } } },
      'without user, password',
    ],
    [
      'a price of parts',
      { writ: { models: { tiers: {}, prices: { 'openai:x': { input: 0 } } } } },
      'writ:models.prices.openai:x.output',
    ],
    ['a stray key of models', { writ: { models: { tiers: {}, key: 'x' } } }, 'writ:models.key is not known'],
  ])('refuses %s, and says so', (_, context, message) => {
    expect(() => readConfig(context)).toThrow(ConfigError);
    expect(() => readConfig(context)).toThrow(message);
  });

  const KEY = `sk-${'a'.repeat(45)}`;
  const URL = 'https://ada:PASSWORD@models.example';
  it.each<[string, unknown]>([
    ['a key that no model has', { tiers: {}, apiKey: KEY }],
    ['a key as a model', { tiers: { small: [KEY] } }],
    ['a short key as a model', { tiers: { small: ['sk-PASSWORD'] } }],
    ['a key as a tier', { tiers: { [KEY]: ['openai:x'] } }],
    ['a key as a price', { tiers: {}, prices: { 'openai:x': KEY } }],
    ['a key as the model of a price', { tiers: {}, prices: { [KEY]: {} } }],
    ['a password in an address', { tiers: {}, endpoints: { openai: URL } }],
    ['a password in the address of an unknown provider', { tiers: {}, endpoints: { [URL]: URL } }],
    ['a password beside another fault', { tiers: 1, endpoints: { openai: URL }, cacheSeconds: 'sk-PASSWORD' }],
    ['a key alone', KEY],
    ['text that is no JSON', `{"tiers":{},"apiKey":"sk-PASSWORD"`],
    ['a list', [KEY, URL]],
    ['another password', 'sk-PASSWORD'],
  ])('never repeats what may be a secret: %s', (_, models) => {
    for (const given of [{ writ: { models } }, { 'writ:models': models }, { 'writ:models': JSON.stringify(models) }]) {
      const read = () => readConfig(given);
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(/^(?!.*(?:PASSWORD|sk-))/s);
    }
    expect(() => readConfig({ 'writ:allowedOrigins': URL })).toThrow(/^(?!.*PASSWORD).*found text of 35 characters/s);
    expect(() => readConfig({ 'writ:logLevel': KEY })).toThrow(/found text of 48 characters/);
  });

  it('tells of every fault at once', () => {
    expect(() => readConfig({ 'writ:mood': 1, 'writ:mode': 2 })).toThrow(/mood[\s\S]*mode|mode[\s\S]*mood/);
  });
});
