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

  it("leaves the CDK's own keys alone", () => {
    const context = { '@aws-cdk/core:checkSecretUsage': true, 'aws:cdk:enable-path-metadata': true };
    expect(readConfig(context)).toEqual(readConfig({}));
  });

  it.each([
    ['an unknown key with our prefix', { 'writ:mood': 'calm' }, 'writ:mood is not known: expected one of mode,'],
    ['an unknown key in our object', { writ: { retain: true } }, 'writ:retain is not known'],
    ['a key without our prefix', { mode: 'autopilot' }, 'mode is not known: did you mean writ:mode?'],
    ['a misspelt prefix', { 'wirt:mode': 'autopilot' }, 'wirt:mode is not known'],
    [
      'an unknown mode',
      { 'writ:mode': 'automatic' },
      /writ:mode: .*"shadow"\|"suggest"\|"autopilot"; found "automatic"/,
    ],
    ['a flag that is none', { 'writ:retainData': 'maybe' }, /writ:retainData: .*boolean.*; found "maybe"/],
    [
      'money in parts of a micro-dollar',
      { 'writ:tenantDayMicrousd': '1.5' },
      /writ:tenantDayMicrousd: .*int.*; found "1.5"/,
    ],
    [
      'more shards than anybody can read at once',
      { writ: { shards: { tenant: 1_025, workflow: 1 } } },
      'writ:shards.tenant',
    ],
    ['an origin that is none', { 'writ:allowedOrigins': '["example"]' }, 'writ:allowedOrigins.0'],
    ['a tenant that is none', { 'writ:operatorTenant': 'The Platform' }, 'writ:operatorTenant: a tenant must be'],
    ['an object that is none', { writ: 'autopilot' }, 'the context key writ must be an object'],
    [
      'a stray key of a machine',
      { writ: { machineClients: [{ name: 'a', tenant: 'b', roles: ['auditor'], x: 1 }] } },
      'writ:machineClients.0.x',
    ],
  ])('refuses %s, and says so', (_, context, message) => {
    expect(() => readConfig(context)).toThrow(ConfigError);
    expect(() => readConfig(context)).toThrow(message);
  });

  it('tells of every fault at once', () => {
    expect(() => readConfig({ 'writ:mood': 1, 'writ:mode': 2 })).toThrow(/mood[\s\S]*mode|mode[\s\S]*mood/);
  });
});
