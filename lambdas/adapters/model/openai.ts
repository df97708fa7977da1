import { createOpenAI } from '@ai-sdk/openai';
import { languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** OpenAI's Responses API. */
export const openai: OpenModel = ({ model, key, baseUrl = 'https://api.openai.com/v1' }) =>
  languageModel((fetch) => createOpenAI({ apiKey: apiKeyOf(key), baseURL: baseUrl, fetch }).responses(model));
