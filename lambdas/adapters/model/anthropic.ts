import { createAnthropic } from '@ai-sdk/anthropic';
import { claudeKeeps } from './caching.ts';
import { languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** Anthropic's Messages API. */
export const anthropic: OpenModel = ({ model, key, baseUrl = 'https://api.anthropic.com/v1' }) =>
  languageModel((fetch) => createAnthropic({ apiKey: apiKeyOf(key), baseURL: baseUrl, fetch })(model), {
    reasoning: 'none',
    ofSystem: (system) =>
      claudeKeeps(model, system) ? { anthropic: { cacheControl: { type: 'ephemeral' } } } : undefined,
  });
