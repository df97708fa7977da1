import { createOpenAI } from '@ai-sdk/openai';
import { openaiCacheKey } from './caching.ts';
import { type Extras, languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** No answer is stored at OpenAI, and no summary of thoughts is asked for. Its prompt cache keeps beginnings by itself, for a day at most. */
const EXTRAS: Extras = {
  reasoning: 'none',
  ofRequest: (system) => {
    const promptCacheKey = openaiCacheKey(system);
    return {
      openai: { store: false, reasoningSummary: null, ...(promptCacheKey !== undefined && { promptCacheKey }) },
    };
  },
};

/** OpenAI's Responses API. */
export const openai: OpenModel = ({ model, key, baseUrl = 'https://api.openai.com/v1' }) =>
  languageModel((fetch) => createOpenAI({ apiKey: apiKeyOf(key), baseURL: baseUrl, fetch }).responses(model), EXTRAS);
