import * as z from 'zod';
import type { Provider } from '../../core/engine/model/settings.ts';

const Text = z.string().regex(/^[\x21-\x7e]{8,8192}$/, 'a key is visible ASCII without spaces');

export const ApiKey = z.strictObject({ apiKey: Text });
export type ApiKey = z.infer<typeof ApiKey>;

export const AccessKey = z.strictObject({ accessKeyId: Text, secretAccessKey: Text, sessionToken: Text.optional() });
export type AccessKey = z.infer<typeof AccessKey>;

/** What a tenant's secret `writ/<tenant>/model/<provider>` holds, as JSON. */
export const Key = z.union([ApiKey, AccessKey]);
export type Key = z.infer<typeof Key>;

export const keySchemaOf = (provider: Provider): z.ZodType<Key> => (provider === 'bedrock' ? AccessKey : ApiKey);

/** As the adapter for secrets names scopes: two names. */
export const keyScopeOf = (provider: Provider): string => `model:${provider}`;
