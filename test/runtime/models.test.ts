import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelSettings } from '../../lambdas/core/engine/model/settings.ts';

/*
 * What lies beside a bundle, as the runtime finds it: here files that a test wrote.
 */

const folder = mkdtempSync(join(tmpdir(), 'writ-beside-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROVIDER = `export const open = ({ model, key, baseUrl, region }) => ({
  ask: async () => ({ kind: 'said', text: JSON.stringify({ model, key, baseUrl, region }) }),
});\n`;
const keysThat = (does: string): string =>
  `export const openKeys = ({ roleArn }) => async (provider, tenant) => { ${does} };\n`;
const REQUEST = { system: 'S', text: 'T', schema: {}, maxOutputTokens: 1, temperature: undefined, withinMs: 1_000 };

const ask = async (keys: string, model: string, given: object = {}) => {
  const beside = mkdtempSync(join(folder, 'function-')); // each its own: Node loads a file once
  for (const provider of ['anthropic', 'bedrock']) writeFileSync(join(beside, `models-${provider}.mjs`), PROVIDER);
  if (keys !== '') writeFileSync(join(beside, 'models-keys.mjs'), keys);
  vi.stubEnv('LAMBDA_TASK_ROOT', beside);
  vi.resetModules();
  const { modelDeps } = await import('../../lambdas/runtime/models.ts');
  const settings = ModelSettings.parse({ tiers: { small: [model] }, ...given });
  return modelDeps(settings, 1).open(model, 'acme').ask(REQUEST);
};

beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAROLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-role');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session-of-role');
  vi.stubEnv('MODEL_SECRETS_ROLE_ARN', 'arn:aws:iam::1:role/keys');
});

describe('a model beside the bundle', () => {
  it("is opened with the tenant's key of its provider, at the address that is configured", async () => {
    const keys = keysThat('return { apiKey: [roleArn, provider, tenant].join() }');
    const heard = await ask(keys, 'anthropic:claude', { endpoints: { anthropic: 'https://proxy.example/v1' } });
    expect(heard.kind === 'said' && JSON.parse(heard.text)).toEqual({
      model: 'claude',
      key: { apiKey: 'arn:aws:iam::1:role/keys,anthropic,acme' },
      baseUrl: 'https://proxy.example/v1',
      region: 'eu-central-1',
    });
  });

  it("is opened under the function's own role where it is Bedrock's, without any file of keys", async () => {
    const heard = await ask('', 'bedrock:amazon.nova-micro-v1:0', { bedrock: { region: 'eu-west-1' } });
    expect(heard.kind === 'said' && JSON.parse(heard.text)).toEqual({
      model: 'amazon.nova-micro-v1:0',
      key: { accessKeyId: 'AKIAROLE', secretAccessKey: 'secret-of-role', sessionToken: 'session-of-role' },
      region: 'eu-west-1',
    });
  });
});

describe('a key that cannot be had', () => {
  const fault = (name: string) => keysThat(`throw Object.assign(new Error('sk-in-a-message'), { name: '${name}' })`);

  it.each([
    ['for good', 'Terminal', false],
    ['for now', 'Retryable', true],
  ])('is an answer, %s', async (_, name, isPassing) => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0)
    );
    const heard = await ask(fault(name), 'anthropic:claude');
    for (const spy of spies) spy.mockRestore();
    expect(heard).toEqual({ kind: 'failed', why: 'no-key', mayCost: false, isPassing });
    expect(written.join('')).toContain('a key of a model cannot be had');
    expect(written.join('')).not.toContain('sk-in-a-message');
  });
});
