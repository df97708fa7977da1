import type { OpenModel } from '../../lambdas/adapters/model/provider.ts';
import type { Heard, Failure as Why } from '../../lambdas/core/engine/model/port.ts';
import { MAX_OUTPUT_TOKENS, promptFor } from '../../lambdas/core/engine/model/prompt.ts';
import { replyFrom } from '../../lambdas/core/engine/model/reply.ts';
import { type ModelSettings, type Provider, partsOf } from '../../lambdas/core/engine/model/settings.ts';
import { temperatureOf } from '../../lambdas/core/engine/model/temperature.ts';
import { costOf, priceOf, type Tokens } from '../../lambdas/core/engine/prices.ts';
import { messageOf } from '../failure.ts';
import type { Shell } from '../shell.ts';
import { keyFrom } from './environment.ts';

/** What one call of a model showed. */
export interface Checked {
  readonly model: string;
  readonly tiers: readonly string[];
  readonly ok: boolean;
  readonly latencyMs: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costMicroUsd: number | null;
  /** Whether its answer followed the schema. Null where there was none. */
  readonly structured: boolean | null;
  readonly problem: string | null;
}

const QUESTION = { text: 'The printer on the second floor is out of paper.', labels: ['Hardware', 'Software'] };
const PATIENCE_MS = 30_000;

const EXPLAINED: Readonly<Record<Why, string>> = {
  'rate-limited': 'it is called too often, or its account has no credit left: wait, or raise the limit at its provider',
  overloaded: 'its provider is overloaded: try again later',
  'server-error': 'its provider failed: try again later',
  'timed-out': `it did not answer within ${PATIENCE_MS / 1_000} seconds`,
  'cut-off': 'the connection was cut before its answer was there, or it redirects, which is not followed',
  unreadable: 'its answer is not what its API promises: is the address right?',
  'too-large': 'its answer is far too large: is the address right?',
  unreachable: 'it cannot be reached: is the address right, and is there a network?',
  'key-refused': 'its key was refused: is it valid, and may it use this model?',
  'no-key': 'there is no key for it',
  'request-refused':
    'the request was refused: does the model exist under this name, does it take a schema, and the temperature 0? If it takes no temperature, name it under noTemperature',
};

const adapterOf = async (provider: Provider): Promise<OpenModel> => {
  switch (provider) {
    case 'anthropic':
      return (await import('../../lambdas/adapters/model/anthropic.ts')).anthropic;
    case 'openai':
      return (await import('../../lambdas/adapters/model/openai.ts')).openai;
    case 'google':
      return (await import('../../lambdas/adapters/model/google.ts')).google;
    case 'bedrock':
      return (await import('../../lambdas/adapters/model/bedrock.ts')).bedrock;
    case 'openai-compatible':
      return (await import('../../lambdas/adapters/model/openai-compatible.ts')).openaiCompatible;
  }
};

const NOTHING = { latencyMs: null, inputTokens: null, outputTokens: null, costMicroUsd: null, structured: null };

const problemOf = (heard: Heard): string | undefined => {
  switch (heard.kind) {
    case 'failed':
      return EXPLAINED[heard.why];
    case 'declined':
      return 'it declined to answer a harmless question';
    case 'cut-short':
      return `it did not come to an end within ${MAX_OUTPUT_TOKENS} tokens: it thinks too long for this`;
    case 'said': {
      const reply = replyFrom(heard.text, QUESTION.labels);
      return reply.kind === 'unusable' ? `its answer did not follow the schema: ${reply.problem}` : undefined;
    }
  }
};

const usedOf = (tokens: Tokens | undefined) => ({
  inputTokens: tokens === undefined ? null : tokens.input + tokens.cachedInput + tokens.cacheWrite,
  outputTokens: tokens?.output ?? null,
});

/** Calls one model once. Whatever is wrong with it is part of the answer. */
export const checkModel = async (
  { env, now }: Pick<Shell, 'env' | 'now'>,
  settings: ModelSettings,
  { model: ref, tiers }: { readonly model: string; readonly tiers: readonly string[] }
): Promise<Checked> => {
  const { provider, model } = partsOf(ref);
  const failed = (problem: string): Checked => ({ model: ref, tiers, ok: false, ...NOTHING, problem });
  const price = priceOf(ref, new Date(), settings.prices);
  if (price === undefined) return failed('its price is not known, so it is not called: give one under prices');
  const prompt = promptFor(QUESTION);
  if (prompt === undefined) throw new TypeError('the question is short');
  let open: () => ReturnType<OpenModel>;
  try {
    const key = keyFrom(provider, env);
    const region = settings.bedrock.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
    if (provider === 'bedrock' && region === undefined) return failed('bedrock needs a region: set AWS_REGION');
    const connect = await adapterOf(provider);
    const baseUrl = settings.endpoints[provider];
    open = () => connect({ model, key, ...(region && { region }), ...(baseUrl !== undefined && { baseUrl }) });
  } catch (error) {
    return failed(messageOf(error));
  }
  const begunMs = now();
  const heard = await open().ask({
    system: prompt.system,
    text: prompt.text,
    schema: prompt.schema,
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    temperature: temperatureOf(ref, settings),
    withinMs: PATIENCE_MS,
  });
  const latencyMs = Math.round(now() - begunMs);
  const problem = problemOf(heard);
  const tokens = heard.kind === 'failed' ? undefined : heard.tokens;
  return {
    model: ref,
    tiers,
    ok: problem === undefined,
    latencyMs,
    ...usedOf(tokens),
    costMicroUsd: tokens === undefined ? null : costOf(price, tokens),
    structured: heard.kind === 'said' ? problem === undefined : null,
    problem: problem ?? null,
  };
};
