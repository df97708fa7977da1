import { onTestFinished } from 'vitest';
import { anthropic } from '../../../lambdas/adapters/model/anthropic.ts';
import { bedrock } from '../../../lambdas/adapters/model/bedrock.ts';
import { google } from '../../../lambdas/adapters/model/google.ts';
import { openai } from '../../../lambdas/adapters/model/openai.ts';
import { openaiCompatible } from '../../../lambdas/adapters/model/openai-compatible.ts';
import type { OpenModel } from '../../../lambdas/adapters/model/provider.ts';
import { newBreaker } from '../../../lambdas/core/engine/model/breaker.ts';
import { modelEngine } from '../../../lambdas/core/engine/model/model.ts';
import { ModelSettings, type Provider } from '../../../lambdas/core/engine/model/settings.ts';
import { aPrompt } from '../../support/builders.ts';
import { type Behaviour, sends, startServer } from './server.ts';
import type { Wire } from './wire.ts';

export const OPEN: Readonly<Record<Provider, OpenModel>> = {
  bedrock,
  openai,
  anthropic,
  google,
  'openai-compatible': openaiCompatible,
};
export const KEY = { apiKey: 'key-of-acme' };
export const ACCESS_KEY = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret-of-acme',
  sessionToken: 'session-of-acme',
};
export const question = { text: 'the vpn drops', labels: ['Network', 'Hardware'], tenant: 'acme' };

/** Micro-dollars for a million tokens such that a token in costs 1, one of the cache 0.1 and one out 10. */
const price = { input: 1_000_000, cachedInput: 100_000, cacheWrite: 1_000_000, output: 10_000_000 };
/** Of `USED` in wire.ts: 80 + 2 + 100. */
export const COST = 182;

/** A server that is closed with its test. */
export const serverFor = async (behaviours: readonly Behaviour[]) => {
  const server = await startServer(behaviours);
  onTestFinished(async () => void (await server.close()));
  return server;
};

export const given = async (
  provider: Provider,
  behaviours: readonly Behaviour[],
  { patienceMs = 20_000, cacheWrite = price.cacheWrite } = {}
) => {
  const server = await serverFor(behaviours);
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

export const good = (wire: Wire) => sends(wire.answer({ text: '{"label":"Network","confidence":0.9}' }));
