import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { bedrockKeeps } from './caching.ts';
import { languageModel } from './language-model.ts';
import type { OpenModel } from './provider.ts';

/** Bedrock's Converse API, signed with access keys: a role's, or a tenant's. */
export const bedrock: OpenModel = ({ model, key, baseUrl, region = '' }) =>
  languageModel(
    (fetch) => {
      if (!('accessKeyId' in key)) throw new TypeError('Bedrock takes access keys');
      return createAmazonBedrock({
        region,
        apiKey: '', // else a bearer token of the environment would be used instead of these
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
        ...(key.sessionToken !== undefined && { sessionToken: key.sessionToken }),
        ...(baseUrl !== undefined && { baseURL: baseUrl }),
        fetch,
      })(model);
    },
    {
      reasoning: 'none',
      ofSystem: (system) =>
        bedrockKeeps(model, system) ? { bedrock: { cachePoint: { type: 'default' } } } : undefined,
    }
  );
