import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { Key } from '../adapters/model/keys.ts';
import type { OpenModel } from '../adapters/model/provider.ts';
import type { KeyOf, KeysOptions } from '../adapters/model/tenant-keys.ts';
import { type Breaker, newBreaker } from '../core/engine/model/breaker.ts';
import type { ModelEngineOptions } from '../core/engine/model/model.ts';
import type { LanguageModel, Request } from '../core/engine/model/port.ts';
import { type ModelSettings, needsKey, type Provider, partsOf } from '../core/engine/model/settings.ts';
import { CALL_LIMITS } from './clients.ts';
import { environment, root } from './environment.ts';
import { observe } from './observe.ts';

/*
 * Models are in files beside the bundle, one for each provider that the deployment has: they are as large as everything else together,
 * and are loaded with the first question that comes to them. So a function without models carries and starts none of it.
 */

/** For one answer of a step, with every model that it may ask: well within what its function has. */
const PATIENCE_MS = 30_000;

const load = async <T>(file: string): Promise<T> => (await import(pathToFileURL(join(root, file)).href)) as T;

let keys: Promise<KeyOf> | undefined;
const keyOf = async (provider: Provider, tenant: string): Promise<Key> => {
  keys ??= load<{ readonly openKeys: (options: KeysOptions) => KeyOf }>('models-keys.mjs').then(({ openKeys }) =>
    openKeys({
      roleArn: environment({ MODEL_SECRETS_ROLE_ARN: z.string() }).MODEL_SECRETS_ROLE_ARN,
      limits: CALL_LIMITS,
      watch: observe.watch,
      now: () => new Date(),
    })
  );
  return (await keys)(provider, tenant);
};

/** The function's own role, as Lambda hands its credentials over. */
const ownKey = (): Key => {
  const env = environment({
    AWS_ACCESS_KEY_ID: z.string(),
    AWS_SECRET_ACCESS_KEY: z.string(),
    AWS_SESSION_TOKEN: z.string().optional(),
  });
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    ...(env.AWS_SESSION_TOKEN !== undefined && { sessionToken: env.AWS_SESSION_TOKEN }),
  };
};

const connect = async (settings: ModelSettings, ref: string, tenant: string): Promise<LanguageModel> => {
  const { provider, model } = partsOf(ref);
  const [{ open }, key] = await Promise.all([
    load<{ readonly open: OpenModel }>(`models-${provider}.mjs`),
    needsKey(settings, provider) ? keyOf(provider, tenant) : ownKey(),
  ]);
  const baseUrl = settings.endpoints[provider];
  const region = settings.bedrock.region ?? environment({ AWS_REGION: z.string() }).AWS_REGION;
  return open({ model, key, region, ...(baseUrl !== undefined && { baseUrl }) });
};

const breakers = new Map<string, Breaker>();
const breakerOf = (model: string): Breaker => {
  const known = breakers.get(model) ?? newBreaker();
  breakers.set(model, known);
  return known;
};

/** What engines of kind `model` are given, besides what the workflow's data says of them. `share`: how many share a step's time. */
export const modelDeps = (
  settings: ModelSettings,
  share: number
): Omit<ModelEngineOptions, 'name' | 'tier' | 'threshold' | 'prompt'> => ({
  settings,
  open: (ref, tenant) => ({
    ask: (request: Request) =>
      observe.within('model', { model: ref }, async () => {
        let model: LanguageModel;
        try {
          model = await connect(settings, ref, tenant);
        } catch (error) {
          // a secret that is not there, not readable, or not a key: its own message names it, and nothing of what it holds
          observe.warn('a key of a model cannot be had', 'ModelKeyMissing', {
            model: ref,
            tenant,
            error: nameOf(error),
          });
          return { kind: 'failed', why: 'no-key', mayCost: false, isPassing: nameOf(error) === 'Retryable' };
        }
        return model.ask(request);
      }),
  }),
  breakerOf,
  now: () => new Date(),
  random: Math.random,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  patienceMs: Math.floor(PATIENCE_MS / share),
  onFailure: (model, why) => observe.warn('a model gave no answer', 'ModelFailed', { model, why }),
});

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
