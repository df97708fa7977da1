import { type Key, keySchemaOf } from '../../lambdas/adapters/model/keys.ts';
import { BaseUrl, ModelRef, ModelSettings, type Provider, partsOf } from '../../lambdas/core/engine/model/settings.ts';
import { type Price, priceOf } from '../../lambdas/core/engine/prices.ts';
import { usage } from '../failure.ts';
import type { Shell } from '../shell.ts';
import { clean } from '../terminal/sanitise.ts';

type Environment = Shell['env'];

/** Where each provider's own documentation has its key. */
const VARIABLE: Readonly<Record<Exclude<Provider, 'bedrock'>, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  google: 'GOOGLE_GENERATIVE_AI_API_KEY',
  'openai-compatible': 'WRIT_MODEL_KEY',
};

const given = (env: Environment, name: string): string | undefined => env[name]?.trim() || undefined;

const rawKey = (provider: Provider, env: Environment): { readonly key: unknown; readonly wanted: string } => {
  if (provider !== 'bedrock') {
    // a server of one's own often wants none; its client sends something in any case
    const none = provider === 'openai-compatible' ? 'no-key-wanted' : undefined;
    return { key: { apiKey: given(env, VARIABLE[provider]) ?? none }, wanted: VARIABLE[provider] };
  }
  const sessionToken = given(env, 'AWS_SESSION_TOKEN');
  return {
    key: {
      accessKeyId: given(env, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: given(env, 'AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken !== undefined && { sessionToken }),
    },
    wanted: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN where there is one)',
  };
};

/** The key of a provider in the environment. Throws a usage `Failure` that names the variable, and nothing of what it holds. */
export const keyFrom = (provider: Provider, env: Environment): Key => {
  const { key, wanted } = rawKey(provider, env);
  const parsed = keySchemaOf(provider).safeParse(key);
  if (parsed.success) return parsed.data;
  throw usage(
    `${provider} needs a key: set ${wanted} in the environment; a key is visible ASCII, 8 characters or more`
  );
};

const DOLLARS = /^(\d{1,3}(?:\.\d{1,6})?)\/(\d{1,3}(?:\.\d{1,6})?)$/;

/** What Claude, and OpenAI from GPT-5.6 on, take more for input that they keep. Others do not count any. */
const WRITING = 1.25;

const priceFrom = (text: string): Price => {
  const [, input, output] = DOLLARS.exec(text) ?? [];
  if (input === undefined || output === undefined)
    throw usage(
      `WRIT_MODEL_PRICE must be dollars for a million tokens, input/output, such as 0.25/2, or 0/0 where it costs nothing; found ${clean(text)}`
    );
  const [each, out] = [input, output].map((dollars) => Math.round(Number(dollars) * 1_000_000)) as [number, number];
  return { input: each, cachedInput: each, cacheWrite: Math.ceil(each * WRITING), output: out };
};

/** A model for this machine, from the environment. */
export interface ChosenModel {
  readonly ref: string;
  readonly settings: ModelSettings;
  readonly provider: Provider;
  readonly key: Key;
}

/**
 * The model that `WRIT_MODEL` names, with its key. Undefined where it names none. Throws a usage `Failure` for whatever could not
 * work, before anything is started.
 */
export const modelFrom = (env: Environment, now: Date): ChosenModel | undefined => {
  const ref = given(env, 'WRIT_MODEL');
  if (ref === undefined) return undefined;
  const parsed = ModelRef.safeParse(ref);
  if (!parsed.success) throw usage(`WRIT_MODEL is ${clean(ref)}: ${parsed.error.issues[0]?.message}`);
  const { provider } = partsOf(ref);
  const url = given(env, 'WRIT_MODEL_URL');
  if (url === undefined && provider === 'openai-compatible')
    throw usage('openai-compatible needs an address: set WRIT_MODEL_URL, such as http://127.0.0.1:8080/v1');
  const address = url === undefined ? undefined : BaseUrl.safeParse(url);
  if (address?.success === false) throw usage(`WRIT_MODEL_URL: ${address.error.issues[0]?.message}`);
  const ownPrice = given(env, 'WRIT_MODEL_PRICE');
  const prices = ownPrice === undefined ? {} : { [ref]: priceFrom(ownPrice) };
  if (priceOf(ref, now, prices) === undefined)
    throw usage(
      `${clean(ref)} has no known price, and a model of unknown price is not called: set WRIT_MODEL_PRICE to dollars for a million tokens, input/output, such as 0.25/2, or 0/0 where it costs nothing`
    );
  const region = given(env, 'AWS_REGION') ?? given(env, 'AWS_DEFAULT_REGION');
  if (provider === 'bedrock' && region === undefined) throw usage('bedrock needs a region: set AWS_REGION');
  const settings = ModelSettings.safeParse({
    tiers: { small: [ref] },
    ...(url !== undefined && { endpoints: { [provider]: url } }),
    ...(provider === 'bedrock' && { bedrock: { region, credentials: 'secret' } }),
    prices,
  });
  if (!settings.success) throw usage(`${clean(ref)} cannot be configured: ${settings.error.issues[0]?.message}`);
  return { ref, settings: settings.data, provider, key: keyFrom(provider, env) };
};

/** The name under which a tenant's key of a provider is kept. */
export const keySecret = (tenant: string, provider: Provider): string => `writ/${tenant}/model/${provider}`;
