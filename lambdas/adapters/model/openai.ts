import { createOpenAI } from '@ai-sdk/openai';
import { languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** Nothing of a text is kept at OpenAI, and no summary of thoughts is asked for. */
const EXTRAS = { reasoning: 'none', providerOptions: { openai: { store: false, reasoningSummary: null } } } as const;

/** OpenAI's Responses API. */
export const openai: OpenModel = ({ model, key, baseUrl = 'https://api.openai.com/v1' }) =>
  languageModel((fetch) => createOpenAI({ apiKey: apiKeyOf(key), baseURL: baseUrl, fetch }).responses(model), EXTRAS);
