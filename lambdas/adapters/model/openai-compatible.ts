import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { languageModel } from './language-model.ts';
import { apiKeyOf, type OpenModel } from './provider.ts';

/** Whoever speaks OpenAI's chat completions. There is no address by default: the configuration has one, or it is refused. */
export const openaiCompatible: OpenModel = ({ model, key, baseUrl = '' }) =>
  languageModel(
    (fetch) =>
      createOpenAICompatible({
        name: 'openai-compatible',
        apiKey: apiKeyOf(key),
        baseURL: baseUrl,
        supportsStructuredOutputs: true,
        fetch,
      })(model),
    {}
  );
