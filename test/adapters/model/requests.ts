import { describe, expect, it } from 'vitest';
import { claudeKeeps } from '../../../lambdas/adapters/model/caching.ts';
import type { Request } from '../../../lambdas/core/engine/model/port.ts';
import { PROVIDERS, type Provider } from '../../../lambdas/core/engine/model/settings.ts';
import { temperatureOf } from '../../../lambdas/core/engine/model/temperature.ts';
import { aPrompt } from '../../support/builders.ts';
import { sends } from './server.ts';
import { WIRE } from './wire.ts';
import { ACCESS_KEY, given, good, KEY, OPEN, question, serverFor } from './world.ts';

/* What is in the requests of providers' clients, as their servers see them. */

const ask = async (provider: Provider, model: string, given: Partial<Request> = {}, behaviour = sends({}, 400)) => {
  const server = await serverFor([behaviour]);
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
const bodyWith = async (provider: Provider, model: string, given: Partial<Request> = {}) =>
  (await ask(provider, model, given)).body;

export const saysWhatElseItMust = () =>
  describe('what a request says besides', () => {
    it('keeps nothing at OpenAI, and asks for no thoughts', async () => {
      expect(await bodyWith('openai', 'gpt-5-nano')).toMatchObject({ store: false, reasoning: { effort: 'minimal' } });
      expect(JSON.stringify(await bodyWith('openai', 'gpt-5-nano'))).not.toContain('summary');
    });

    it('tells servers of unknown make nothing that they may not know', async () => {
      expect(Object.keys(await bodyWith('openai-compatible', 'x', { temperature: undefined })).sort()).toEqual([
        'max_tokens',
        'messages',
        'model',
        'response_format',
      ]);
    });

    it.each(['anthropic', 'google', 'openai', 'openai-compatible'] as const)(
      'gives %s no tool at all',
      async (provider) => {
        expect(
          Object.keys(await bodyWith(provider, provider === 'anthropic' ? 'claude-haiku-4-5' : 'x'))
        ).not.toContain('tools');
      }
    );

    it("gives Bedrock's models the answer's schema as the one tool, since they take it so, and nothing behind it", async () => {
      const { toolConfig } = await bodyWith('bedrock', 'amazon.nova-micro-v1:0');
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

export const keepsInstructions = () =>
  describe('what providers keep of the instructions', () => {
    const LONG = 'What the labels mean. '.repeat(600); // 13,200 bytes
    const SHORT = 'What the labels mean. '.repeat(60); // 1,320 bytes
    const bodyOf = (provider: Provider, model: string, system: string, note?: string) =>
      bodyWith(provider, model, { system, ...(note !== undefined && { note }) });

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
