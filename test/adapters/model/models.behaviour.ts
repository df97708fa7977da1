import { afterEach, describe, expect, it } from 'vitest';
import { anthropic } from '../../../lambdas/adapters/model/anthropic.ts';
import { bedrock } from '../../../lambdas/adapters/model/bedrock.ts';
import { claudeKeeps } from '../../../lambdas/adapters/model/caching.ts';
import { google } from '../../../lambdas/adapters/model/google.ts';
import { openai } from '../../../lambdas/adapters/model/openai.ts';
import { openaiCompatible } from '../../../lambdas/adapters/model/openai-compatible.ts';
import type { OpenModel } from '../../../lambdas/adapters/model/provider.ts';
import { newBreaker } from '../../../lambdas/core/engine/model/breaker.ts';
import { modelEngine } from '../../../lambdas/core/engine/model/model.ts';
import type { Request } from '../../../lambdas/core/engine/model/port.ts';
import { ModelSettings, PROVIDERS, type Provider } from '../../../lambdas/core/engine/model/settings.ts';
import { temperatureOf } from '../../../lambdas/core/engine/model/temperature.ts';
import { aPrompt } from '../../support/builders.ts';
import {
  type Behaviour,
  breaksOff,
  dribbles,
  hangsUp,
  says10Megabytes,
  sends,
  startServer,
  trickles,
} from './server.ts';
import { WIRE, type Wire } from './wire.ts';

/*
 * Every provider's client against a server that speaks its wire format, over HTTP: whatever the server does, an answer is a
 * label that was asked about, or an abstention that says why, and what it may have cost is counted.
 */

const OPEN: Readonly<Record<Provider, OpenModel>> = {
  bedrock,
  openai,
  anthropic,
  google,
  'openai-compatible': openaiCompatible,
};
const KEY = { apiKey: 'key-of-acme' };
const ACCESS_KEY = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret-of-acme', sessionToken: 'session-of-acme' };
const question = { text: 'the vpn drops', labels: ['Network', 'Hardware'], tenant: 'acme' };

/** Micro-dollars for a million tokens such that a token in costs 1, one of the cache 0.1 and one out 10. */
const price = { input: 1_000_000, cachedInput: 100_000, cacheWrite: 1_000_000, output: 10_000_000 };
/** Of `USED` in wire.ts: 80 + 2 + 100. */
const COST = 182;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const given = async (
  provider: Provider,
  behaviours: readonly Behaviour[],
  { patienceMs = 20_000, cacheWrite = price.cacheWrite } = {}
) => {
  const server = await startServer(behaviours);
  open.push(server);
  const ref = `${provider}:m`;
  const waits: number[] = [];
  const failures: string[] = [];
  const breaker = newBreaker();
  const engine = modelEngine({
    name: 'queue-small',
    tier: 'small',
    prompt: aPrompt(),
    threshold: 0.7,
    settings: ModelSettings.parse({ tiers: { small: [ref] }, prices: { [ref]: { ...price, cacheWrite } } }),
    open: () =>
      OPEN[provider]({
        model: 'm',
        key: provider === 'bedrock' ? ACCESS_KEY : KEY,
        baseUrl: server.url,
        region: 'eu-central-1',
      }),
    breakerOf: () => breaker,
    now: () => new Date(),
    random: () => 0,
    wait: async (ms) => void waits.push(ms),
    patienceMs,
    onFailure: (_, why) => failures.push(why),
  });
  return { engine, server, waits, failures, most: engine.mostMicrousd?.(question) ?? 0 };
};

const good = (wire: Wire) => sends(wire.answer({ text: '{"label":"Network","confidence":0.9}' }));

describe.each(PROVIDERS)('%s', (provider) => {
  const wire = WIRE[provider];

  it('answers, says what it used, and is given instructions, schema and key where they belong', async () => {
    const { engine, server, most } = await given(provider, [good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: 'Network',
      confidence: 0.9,
      abstained: false,
      engine: { kind: 'model', name: `${provider}:m` },
      usage: { inputTokens: 100, cachedTokens: 20, outputTokens: 10, costMicroUsd: COST },
    });
    expect(most).toBeGreaterThan(2 * COST);
    const [request] = server.received;
    expect(server.received).toHaveLength(1);
    expect(request?.path).toMatch(wire.path);
    const [header, value] = wire.key;
    expect(request?.headers[header]).toMatch(value);
    expect(request?.body).toContain('the vpn drops');
    expect(request?.body).toContain('none-of-these');
    expect(request?.body).toMatch(/512/); // an end to what it may say
    expect(request?.body).not.toMatch(/key-of-acme|secret-of-acme/);
  });

  it('takes an answer that comes slowly, in pieces', async () => {
    const { engine } = await given(provider, [
      dribbles(wire.answer({ text: '{"label":"Hardware","confidence":0.8}' })),
    ]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Hardware', abstained: false });
  });

  it.each([
    ['no JSON', 'I think it is Network!'],
    ['a label that nobody asked about', '{"label":"Payroll","confidence":0.9}'],
    ['a confidence beyond 1', '{"label":"Network","confidence":90}'],
    ['members of its own', '{"label":"Network","confidence":0.9,"tool":"delete"}'],
  ])('has %s repaired, once, and pays for both', async (_, text) => {
    const { engine, server, most } = await given(provider, [sends(wire.answer({ text })), good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ label: 'Network', abstained: false, usage: { costMicroUsd: 2 * COST } });
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.body).toContain('could not be used');
    expect(answer.usage?.costMicroUsd).toBeLessThanOrEqual(most);
  });

  it('abstains where the repair is no better', async () => {
    const { engine, server } = await given(provider, [sends(wire.answer({ text: 'Network' }))]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: undefined,
      abstained: true,
      reason: 'unusable',
      usage: { costMicroUsd: 2 * COST },
    });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['none of the labels', '{"label":"none-of-these","confidence":0.9}', 'none-fits'],
    ['a label that it is not sure of', '{"label":"Network","confidence":0.69}', 'unsure'],
  ])('abstains on %s', async (_, text, reason) => {
    const { engine, server } = await given(provider, [sends(wire.answer({ text }))]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true, reason, usage: { costMicroUsd: COST } });
    expect(server.received).toHaveLength(1);
  });

  it('is never surer than its word can be worth', async () => {
    const { engine } = await given(provider, [sends(wire.answer({ text: '{"label":"Network","confidence":1}' }))]);
    expect((await engine.answer(question)).confidence).toBe(0.95);
  });

  it('abstains where it declines, and does not ask again', async () => {
    const { engine, server } = await given(provider, [sends(wire.refusal())]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: undefined,
      abstained: true,
      reason: 'declined',
      usage: { costMicroUsd: COST },
    });
    expect(server.received).toHaveLength(1);
  });

  it('has an answer that ran out of tokens made anew, once', async () => {
    const { engine, server } = await given(provider, [sends(wire.cutShort()), good(wire)]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: 2 * COST } });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['whose connection was cut', breaksOff, 'cut-off'],
    ['that was never begun', hangsUp, 'cut-off'],
    ['of nothing at all', sends('', 200), 'unreadable'],
    ['that is no JSON', sends('<html>busy</html>', 200), 'unreadable'],
    ['with a status of 500', sends(wire.error(500), 500), 'server-error'],
  ] as const)('asks again after an answer %s, and counts the lost one in full', async (_, behaviour, why) => {
    const { engine, server, failures, most } = await given(provider, [behaviour, good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ label: 'Network', abstained: false });
    expect(failures).toEqual([why]);
    expect(server.received).toHaveLength(2);
    expect(answer.usage?.costMicroUsd).toBe(most / 2 + COST);
  });

  it('gives up after a second lost answer, within what was set aside', async () => {
    const { engine, server, most } = await given(provider, [breaksOff]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable', usage: { costMicroUsd: most } });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['429 with Retry-After', 429, { 'retry-after': '2' }, 'rate-limited', [2_000]],
    ['429', 429, {}, 'rate-limited', [0]],
    ['503', 503, {}, 'overloaded', [0]],
    ['529', 529, {}, 'overloaded', [0]],
  ] as const)('waits after a %s as it is told, and pays nothing for it', async (_, status, headers, why, pauses) => {
    const { engine, waits, failures } = await given(provider, [sends(wire.error(status), status, headers), good(wire)]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: COST } });
    expect({ waits, failures }).toEqual({ waits: pauses, failures: [why] });
  });

  it('does not wait longer than its time', async () => {
    const { engine, server, waits } = await given(provider, [sends(wire.error(429), 429, { 'retry-after': '3600' })]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable' });
    expect(answer.usage).toBeUndefined();
    expect({ waits, asked: server.received.length }).toEqual({ waits: [], asked: 1 });
  });

  it.each([
    ['401', 401, 'key-refused'],
    ['403', 403, 'key-refused'],
    ['400', 400, 'request-refused'],
    ['404', 404, 'request-refused'],
  ] as const)('abstains on a %s at once, and pays nothing', async (_, status, why) => {
    const { engine, server, failures } = await given(provider, [sends(wire.error(status), status)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable' });
    expect(answer.usage).toBeUndefined();
    expect({ failures, asked: server.received.length }).toEqual({ failures: [why], asked: 1 });
    expect(JSON.stringify(answer)).not.toContain('key-of-acme');
  });

  it('reads no more than a part of ten megabytes', async () => {
    const { engine, server, failures, most } = await given(provider, [says10Megabytes]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true, usage: { costMicroUsd: most / 2 } });
    expect({ failures, asked: server.received.length }).toEqual({ failures: ['too-large'], asked: 1 });
  });

  it('ends an answer that never ends, and counts it', async () => {
    const { engine, failures, most } = await given(provider, [trickles], { patienceMs: 700 });
    expect(await engine.answer(question)).toMatchObject({ abstained: true, usage: { costMicroUsd: most / 2 } });
    expect(failures).toEqual(['timed-out']);
  });

  it('follows no redirect with its key', async () => {
    const other = await startServer([good(wire)]);
    open.push(other);
    const { engine } = await given(provider, [sends({}, 307, { location: `${other.url}/elsewhere` })]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true });
    expect(other.received).toEqual([]);
  });

  it.each([
    ['does not count', { input: 0, cached: 0, output: 0 }],
    ['counts as more than there can be', { input: Number.MAX_SAFE_INTEGER, cached: 0, output: 1 }],
  ])('charges in full what a provider %s', async (_, used) => {
    const { engine, most } = await given(provider, [
      sends(wire.answer({ text: '{"label":"Network","confidence":0.9}', used })),
    ]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: most / 2 } });
  });
});

describe('what a request says besides', () => {
  const ask = async (provider: Provider, model: string, given: Partial<Request> = {}, behaviour = sends({}, 400)) => {
    const server = await startServer([behaviour]);
    open.push(server);
    const key = provider === 'bedrock' ? ACCESS_KEY : KEY;
    const request: Request = {
      system: 'S',
      text: 'T',
      schema: { type: 'object', properties: {} },
      maxOutputTokens: 9,
      temperature: 0,
      withinMs: 5_000,
      ...given,
    };
    const heard = await OPEN[provider]({ model, key, baseUrl: server.url, region: 'eu-central-1' }).ask(request);
    return { heard, body: JSON.parse(server.received[0]?.body ?? '{}') as Record<string, unknown> };
  };
  const bodyOf = async (provider: Provider, model: string, given: Partial<Request> = {}) =>
    (await ask(provider, model, given)).body;

  it('keeps nothing at OpenAI, and asks for no thoughts', async () => {
    expect(await bodyOf('openai', 'gpt-5-nano')).toMatchObject({ store: false, reasoning: { effort: 'minimal' } });
    expect(JSON.stringify(await bodyOf('openai', 'gpt-5-nano'))).not.toContain('summary');
  });

  it('tells servers of unknown make nothing that they may not know', async () => {
    expect(Object.keys(await bodyOf('openai-compatible', 'x', { temperature: undefined })).sort()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'response_format',
    ]);
  });

  it.each(['anthropic', 'google', 'openai', 'openai-compatible'] as const)(
    'gives %s no tool at all',
    async (provider) => {
      expect(Object.keys(await bodyOf(provider, provider === 'anthropic' ? 'claude-haiku-4-5' : 'x'))).not.toContain(
        'tools'
      );
    }
  );

  it("gives Bedrock's models the answer's schema as the one tool, since they take it so, and nothing behind it", async () => {
    const { toolConfig } = await bodyOf('bedrock', 'amazon.nova-micro-v1:0');
    expect(toolConfig).toMatchObject({ tools: [{ toolSpec: { name: 'json' } }] });
  });

  const temperatureIn = (body: Record<string, unknown>): unknown =>
    [body, body.generationConfig, body.inferenceConfig].flatMap((part) =>
      typeof part === 'object' && part !== null && 'temperature' in part ? part.temperature : []
    )[0];

  it.each([
    ['anthropic', 'claude-haiku-4-5', 0],
    ['anthropic', 'claude-opus-5', undefined],
    ['openai', 'gpt-4.1', 0],
    ['openai', 'gpt-5.4-nano', 0],
    ['openai', 'gpt-5-nano', undefined],
    ['google', 'gemini-2.5-flash', 0],
    ['bedrock', 'amazon.nova-micro-v1:0', 0],
    ['bedrock', 'global.anthropic.claude-opus-5-v1:0', undefined],
    ['bedrock', 'openai.gpt-oss-20b-1:0', 0],
    ['bedrock', 'openai.gpt-5.4', undefined],
    ['openai-compatible', 'x', 0],
  ] as const)('asks %s %s at the temperature %s, as its client has it too', async (provider, model, temperature) => {
    const said = sends(WIRE[provider].answer({ text: '{"label":"Network","confidence":0.9}' }));
    expect(temperatureOf(`${provider}:${model}`, { noTemperature: [] })).toBe(temperature);
    const { heard, body } = await ask(provider, model, {}, said); // also where ours would be wrong
    expect(temperatureIn(body)).toBe(temperature);
    expect(heard).toMatchObject({ kind: 'said' });
    expect('isRepeatable' in heard).toBe(temperature === 0);
    const without = await ask(provider, model, { temperature: undefined }, said);
    expect(temperatureIn(without.body)).toBeUndefined();
    expect('isRepeatable' in without.heard).toBe(false);
  });
});

describe('what providers keep of the instructions', () => {
  const LONG = 'What the labels mean. '.repeat(600); // 13,200 bytes
  const SHORT = 'What the labels mean. '.repeat(60); // 1,320 bytes
  const bodyOf = async (provider: Provider, model: string, system: string, note?: string) => {
    const server = await startServer([sends({}, 400)]);
    open.push(server);
    const key = provider === 'bedrock' ? ACCESS_KEY : KEY;
    await OPEN[provider]({ model, key, baseUrl: server.url, region: 'eu-central-1' }).ask({
      system,
      ...(note !== undefined && { note }),
      text: 'T',
      schema: { type: 'object', properties: {} },
      maxOutputTokens: 9,
      temperature: undefined,
      withinMs: 5_000,
    });
    return JSON.parse(server.received[0]?.body ?? '{}');
  };

  it.each(['claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-5'])('are marked for %s', async (model) => {
    const cached = { type: 'text', text: LONG, cache_control: { type: 'ephemeral' } };
    expect((await bodyOf('anthropic', model, LONG)).system).toEqual([cached]);
    expect((await bodyOf('anthropic', model, LONG, 'N')).system).toEqual([cached, { type: 'text', text: 'N' }]);
    expect((await bodyOf('anthropic', model, SHORT)).system).toEqual([{ type: 'text', text: SHORT }]);
  });

  it.each(['amazon.nova-micro-v1:0', 'eu.anthropic.claude-haiku-4-5-20251001-v1:0'])(
    "are marked for Bedrock's %s",
    async (model) => {
      const cached = [{ text: LONG }, { cachePoint: { type: 'default' } }];
      expect((await bodyOf('bedrock', model, LONG)).system).toEqual(cached);
      expect((await bodyOf('bedrock', model, LONG, 'N')).system).toEqual([...cached, { text: 'N' }]);
      expect((await bodyOf('bedrock', model, SHORT)).system).toEqual([{ text: SHORT }]);
    }
  );

  it.each([
    'meta.llama3-8b-instruct-v1:0',
    'anthropic.claude-3-haiku-20240307-v1:0',
    'us.anthropic.claude-3-5-sonnet-20240620-v1:0',
    'anthropic.claude-v2:1',
    'anthropic.claude-instant-v1',
  ])("are never marked for Bedrock's %s, which has no cache and would refuse it", async (model) => {
    expect((await bodyOf('bedrock', model, LONG)).system).toEqual([{ text: LONG }]);
  });

  it.each([
    ['claude-opus-5', 512],
    ['claude-sonnet-5-5', 512],
    ['claude-sonnet-5', 1_024],
    ['claude-opus-4-8', 1_024],
    ['claude-sonnet-4-6', 1_024],
    ['claude-opus-4-1-20250805', 1_024],
    ['claude-opus-4-20250514', 1_024],
    ['us.anthropic.claude-3-7-sonnet-20250219-v1:0', 1_024],
    ['claude-opus-4-7', 2_048],
    ['claude-opus-4-6', 4_096],
    ['claude-opus-4-5-20251101', 4_096],
    ['global.anthropic.claude-haiku-4-5-20251001-v1:0', 4_096],
    ['claude-of-a-name-to-come', 512],
  ])("are taken for long enough for %s from %d tokens on, by Anthropic's list", (model, tokens) => {
    const beginning = 'abc'.repeat(tokens); // no text has fewer bytes for a token
    expect([claudeKeeps(model, beginning), claudeKeeps(model, beginning.slice(1))]).toEqual([true, false]);
  });

  it('have a key at OpenAI, the same for the same ones, with nothing of them in it', async () => {
    const keyOf = async (system: string) => (await bodyOf('openai', 'gpt-5.4-nano', system)).prompt_cache_key;
    const key = await keyOf(LONG);
    expect(key).toMatch(/^writ-[0-9a-f]{32}$/);
    expect(await keyOf(LONG)).toBe(key);
    expect(await keyOf(`${LONG}.`)).not.toBe(key);
    expect(await keyOf(SHORT)).toBeUndefined();
  });

  it.each(PROVIDERS)('come first at %s, and are the same to the byte for another text', async (provider) => {
    const { engine, server } = await given(provider, [good(WIRE[provider])]);
    await engine.answer({ ...question, text: 'first words' });
    await engine.answer({ ...question, text: 'other words' });
    const [first, other] = server.received.map(({ body }) => JSON.stringify(inOrder(provider, JSON.parse(body))));
    const at = first?.indexOf('first words') ?? 0;
    expect(at).toBeGreaterThan(aPrompt().text.length);
    expect(other?.slice(0, at)).toBe(first?.slice(0, at));
  });

  /** As a model reads it, whatever the order of members. */
  const inOrder = (provider: Provider, body: Record<string, unknown>): unknown[] => {
    if (provider === 'openai') return [body.input];
    if (provider === 'google') return [body.systemInstruction, body.contents];
    return [body.system, body.messages];
  };

  it.each([
    [
      'anthropic',
      { cache_creation_input_tokens: 60, cache_read_input_tokens: 20, input_tokens: 20, output_tokens: 10 },
    ],
    [
      'bedrock',
      { cacheWriteInputTokens: 60, cacheReadInputTokens: 20, inputTokens: 20, outputTokens: 10, totalTokens: 110 },
    ],
  ] as const)('cost at %s what is written at its own price, within what was set aside', async (provider, usage) => {
    const answer = { ...WIRE[provider].answer({ text: '{"label":"Network","confidence":0.9}' }), usage };
    const { engine, most } = await given(provider, [sends(answer)], { cacheWrite: 1_250_000 });
    expect((await engine.answer(question)).usage).toEqual({
      inputTokens: 100,
      cachedTokens: 20,
      outputTokens: 10,
      costMicroUsd: 20 + 2 + 75 + 100,
    });
    const { most: atInput } = await given(provider, [sends(answer)]);
    expect(most - atInput).toBeGreaterThanOrEqual(2 * 60 * 0.25); // two requests, all of them written
  });
});
