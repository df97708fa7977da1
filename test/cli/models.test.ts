import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { modelFrom } from '../../cli/models/environment.ts';
import type { Provider } from '../../lambdas/core/engine/model/settings.ts';
import { type Behaviour, says10Megabytes, sends, startServer } from '../adapters/model/server.ts';
import { WIRE } from '../adapters/model/wire.ts';
import { aShell } from './support/shell.ts';

const NOW = new Date('2026-11-25T00:00:00Z');
const KEY = 'key-of-acme';
const folder = mkdtempSync(join(tmpdir(), 'writ-models-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const check = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const { shell, written } = aShell({ env, columns: 120 });
  const code = await main(['models', 'check', ...args], shell);
  return { code, ...written };
};
const served = async (...behaviours: readonly Behaviour[]) => {
  const server = await startServer(behaviours);
  open.push(server);
  return server;
};
const configuration = (models: unknown): string => {
  const file = join(folder, 'cdk.json');
  writeFileSync(file, JSON.stringify({ app: 'x', context: { 'writ:models': models } }));
  return file;
};

const ENV: Readonly<Record<Provider, Readonly<Record<string, string>>>> = {
  openai: { OPENAI_API_KEY: KEY },
  anthropic: { ANTHROPIC_API_KEY: KEY },
  google: { GOOGLE_GENERATIVE_AI_API_KEY: KEY },
  'openai-compatible': { WRIT_MODEL_KEY: KEY },
  bedrock: { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-of-acme', AWS_REGION: 'eu-central-1' },
};
const PROVIDERS = Object.keys(ENV) as Provider[];

describe('models check', () => {
  it.each(PROVIDERS)('calls a model of %s once, and says what it took', async (provider) => {
    const wire = WIRE[provider];
    const server = await served(sends(wire.answer({ text: '{"label":"Hardware","confidence":0.9}' })));
    const env = { ...ENV[provider], WRIT_MODEL: `${provider}:m`, WRIT_MODEL_URL: server.url, WRIT_MODEL_PRICE: '1/10' };
    const { code, out, err } = await check(env, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { models } = JSON.parse(out);
    expect(models).toEqual([
      {
        model: `${provider}:m`,
        tiers: ['small'],
        ok: true,
        latencyMs: expect.any(Number),
        inputTokens: 100,
        outputTokens: 10,
        costMicroUsd: 200,
        structured: true,
        problem: null,
      },
    ]);
    expect(server.received).toHaveLength(1);
    const [header, value] = wire.key;
    expect(server.received[0]?.headers[header]).toMatch(value);
    expect(out).not.toMatch(/key-of-acme|secret-of-acme/);
  });

  const COMPATIBLE = { WRIT_MODEL: 'openai-compatible:m', WRIT_MODEL_PRICE: '0/0', WRIT_MODEL_KEY: KEY };
  const wire = WIRE['openai-compatible'];

  it.each([
    ['a wrong key', sends(wire.error(401), 401), 'its key was refused'],
    ['no such model', sends(wire.error(404), 404), 'does the model exist under this name'],
    ['a request that it does not take', sends(wire.error(400), 400), 'name it under noTemperature'],
    ['a limit', sends(wire.error(429), 429), 'called too often'],
    ['an answer that is no JSON', sends('<html>'), 'is the address right?'],
    ['ten megabytes', says10Megabytes, 'far too large'],
    ['an answer of its own', sends(wire.answer({ text: 'Hardware, surely' })), 'did not follow the schema'],
    ['a refusal', sends(wire.refusal()), 'declined'],
    ['a long thought', sends(wire.cutShort()), 'did not come to an end within 512 tokens'],
  ])('explains %s, and fails', async (_, behaviour, explanation) => {
    const server = await served(behaviour);
    const { code, out } = await check({ ...COMPATIBLE, WRIT_MODEL_URL: server.url });
    expect(code).toBe(1);
    expect(out.replaceAll('\n', ' ')).toContain(explanation);
    expect(out).not.toContain(KEY);
    expect(server.received).toHaveLength(1);
  });

  it('explains that nobody is there', async () => {
    const server = await startServer([sends({})]);
    await server.close();
    const { code, out } = await check({ ...COMPATIBLE, WRIT_MODEL_URL: server.url });
    expect(code).toBe(1);
    expect(out).toContain('it cannot be reached');
  });

  it("checks every model of the configuration, tenants' own too, and fails if one does", async () => {
    const server = await served(sends(WIRE.anthropic.answer({ text: '{"label":"Hardware","confidence":0.9}' })));
    const file = configuration({
      tiers: { small: ['anthropic:claude-haiku-4-5'], large: ['anthropic:claude-opus-5'] },
      tenants: { acme: { small: ['openai:gpt-5-nano'] } },
      endpoints: { anthropic: server.url },
    });
    const { code, out } = await check({ ANTHROPIC_API_KEY: KEY }, '--config', file, '--json');
    expect(code).toBe(1);
    const { models } = JSON.parse(out);
    expect(models.map(({ model, ok }: { model: string; ok: boolean }) => [model, ok])).toEqual([
      ['anthropic:claude-haiku-4-5', true],
      ['openai:gpt-5-nano', false],
      ['anthropic:claude-opus-5', true],
    ]);
    expect(out).toContain('set OPENAI_API_KEY');
  });

  it('has nothing to check where no model is configured, and says so', async () => {
    const { code, out } = await check({}, '--config', configuration({ tiers: {} }));
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('No model is configured') });
  });

  it('repeats no key that was pasted into the configuration', async () => {
    const models = { tiers: { small: 'sk-PASSWORD' }, apiKey: 'sk-PASSWORD' };
    const { code, err } = await check({}, '--config', configuration(models));
    expect(code).toBe(2);
    expect(err).toContain('writ:models.apiKey is not known');
    expect(err).not.toContain('PASSWORD');
  });

  it('refuses a configuration that a synthesis would refuse', async () => {
    const { code, err } = await check({}, '--config', configuration({ tiers: { small: ['openai:gpt-99'] } }));
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('openai:gpt-99 has no known price') });
  });
});

describe('WRIT_MODEL', () => {
  it('has the price that is given; what a provider keeps of its input costs a quarter more', () => {
    const env = { WRIT_MODEL: 'openai:gpt-5.6', OPENAI_API_KEY: KEY, WRIT_MODEL_PRICE: '0.25/2' };
    expect(modelFrom(env, new Date())?.settings.prices).toEqual({
      'openai:gpt-5.6': { input: 250_000, cachedInput: 250_000, cacheWrite: 312_500, output: 2_000_000 },
    });
  });

  const ANTHROPIC = { WRIT_MODEL: 'anthropic:claude-haiku-4-5', ANTHROPIC_API_KEY: KEY };

  it.each<readonly [string, Readonly<Record<string, string>>, RegExp]>([
    ['a model of no provider', { WRIT_MODEL: 'gpt-5' }, /WRIT_MODEL is gpt-5: a model must be provider:model/],
    ['a provider that is none', { WRIT_MODEL: 'mistral:large' }, /with a provider of bedrock, openai/],
    ['a model without its key', { WRIT_MODEL: 'openai:gpt-5-nano' }, /openai needs a key: set OPENAI_API_KEY/],
    ['a key with a line break in it', { ...ANTHROPIC, ANTHROPIC_API_KEY: `${KEY}\nX: y` }, /anthropic needs a key/],
    [
      'a model of unknown price',
      { WRIT_MODEL: 'openai:gpt-99', OPENAI_API_KEY: KEY },
      /no known price.*WRIT_MODEL_PRICE/,
    ],
    [
      'a price that is none',
      { ...ANTHROPIC, WRIT_MODEL_PRICE: 'cheap' },
      /input\/output, such as 0.25\/2.*found cheap/,
    ],
    [
      'a URL without TLS',
      { ...ANTHROPIC, WRIT_MODEL_URL: 'http://models.example' },
      /WRIT_MODEL_URL: a base URL must be https/,
    ],
    ['a server of nowhere', { WRIT_MODEL: 'openai-compatible:x', WRIT_MODEL_PRICE: '0/0' }, /set WRIT_MODEL_URL/],
    [
      'Bedrock of no region',
      { WRIT_MODEL: 'bedrock:amazon.nova-micro-v1:0', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' },
      /set AWS_REGION/,
    ],
    [
      'Bedrock without credentials',
      { WRIT_MODEL: 'bedrock:amazon.nova-micro-v1:0', AWS_REGION: 'eu-central-1' },
      /AWS_ACCESS_KEY_ID and/,
    ],
  ])('refuses %s, in words', (_, env, message) => {
    expect(() => modelFrom(env, NOW)).toThrow(message);
    expect(() => modelFrom(env, NOW)).not.toThrow(KEY);
  });

  it('is nothing where it is not set, or empty', () => {
    expect(modelFrom({}, NOW)).toBeUndefined();
    expect(modelFrom({ WRIT_MODEL: ' ' }, NOW)).toBeUndefined();
  });

  it('keeps the key apart from the configuration, which is written down', () => {
    const chosen = modelFrom(ANTHROPIC, NOW);
    expect(chosen?.key).toEqual({ apiKey: KEY });
    expect(JSON.stringify(chosen?.settings)).not.toContain(KEY);
    expect(chosen?.settings.tiers).toEqual({ small: ['anthropic:claude-haiku-4-5'] });
  });
});
