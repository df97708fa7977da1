import { createGoogle } from '@ai-sdk/google';
import { languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** Google's Gemini API, `generateContent`. */
export const google: OpenModel = ({ model, key, baseUrl = 'https://generativelanguage.googleapis.com/v1beta' }) =>
  languageModel((fetch) => createGoogle({ apiKey: apiKeyOf(key), baseURL: baseUrl, fetch })(model));
