import type { LanguageModel } from '../../core/engine/model/port.ts';
import type { Key } from './keys.ts';

/** What a provider's own file needs to connect to one of its models. */
export interface ModelOptions {
  readonly model: string;
  readonly key: Key;
  readonly baseUrl?: string;
  /** Of Bedrock. */
  readonly region?: string;
}

/** What each file in `lambdas/models` exports as `open`. */
export type OpenModel = (options: ModelOptions) => LanguageModel;

export const apiKeyOf = (key: Key): string => ('apiKey' in key ? key.apiKey : '');
