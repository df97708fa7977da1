import * as z from 'zod';

const PerMillion = z.int().nonnegative().max(1_000_000_000);

/** What a model costs: whole micro-dollars for a million tokens. Zero stands only where somebody wrote zero. */
export const Price = z.strictObject({
  input: PerMillion,
  /** Input that the provider had in its cache. */
  cachedInput: PerMillion,
  /** Input that the provider puts into its cache. */
  cacheWrite: PerMillion,
  /** What it thinks is output too. */
  output: PerMillion,
});
export type Price = z.infer<typeof Price>;

/** What a call used. No token is counted twice: `input` is what was neither in the cache nor put there. */
export interface Tokens {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
}

const MILLION = 1_000_000;

/** The cost in whole micro-dollars, rounded up. Throws a RangeError where numbers cannot hold it exactly. */
export const costOf = (price: Price, tokens: Tokens): number => {
  const exact =
    tokens.input * price.input +
    tokens.cachedInput * price.cachedInput +
    tokens.cacheWrite * price.cacheWrite +
    tokens.output * price.output;
  if (!Number.isSafeInteger(exact)) throw new RangeError('this many tokens cannot be priced');
  return Math.ceil(exact / MILLION);
};

/** A list price, and since when it is known to hold. */
interface Listed extends Price {
  /** `provider:model`, exactly as the provider names them. */
  readonly models: readonly string[];
  /** The first day (UTC) of which we know that it held. A change of a price is a new entry, not an edit of this one. */
  readonly from: string;
}

/** Dollars for a million tokens, as price lists have them, in micro-dollars. */
const usd = (input: number, cachedInput: number, cacheWrite: number, output: number): Price => ({
  input: Math.round(input * MILLION),
  cachedInput: Math.round(cachedInput * MILLION),
  cacheWrite: Math.round(cacheWrite * MILLION),
  output: Math.round(output * MILLION),
});

/*
 * Published list prices of the standard tier, each read on 2026-11-25. A model whose price was not found at its provider is not
 * here: the configuration can give one (`writ:models` → `prices`), or it is refused. Prices for prompts beyond 200,000 tokens are
 * left out, since no prompt of ours is that long.
 */

/** https://platform.claude.com/docs/en/about-claude/pricing, "Model pricing"; cache writes for five minutes. */
const ANTHROPIC: readonly Listed[] = [
  {
    models: ['anthropic:claude-haiku-4-5', 'anthropic:claude-haiku-4-5-20251001'],
    from: '2026-01-01',
    ...usd(1, 0.1, 1.25, 5),
  },
  {
    models: ['anthropic:claude-sonnet-4-5', 'anthropic:claude-sonnet-4-5-20250929', 'anthropic:claude-sonnet-4-6'],
    from: '2026-01-01',
    ...usd(3, 0.3, 3.75, 15),
  },
  {
    models: [
      'anthropic:claude-opus-4-5',
      'anthropic:claude-opus-4-5-20251101',
      'anthropic:claude-opus-4-6',
      'anthropic:claude-opus-4-7',
      'anthropic:claude-opus-4-8',
      'anthropic:claude-opus-5',
    ],
    from: '2026-01-01',
    ...usd(5, 0.5, 6.25, 25),
  },
];

/** https://developers.openai.com/api/docs/models/gpt-5-nano and …/gpt-5.4-nano, "Text tokens"; its cache is written at the price of input. */
const OPENAI: readonly Listed[] = [
  { models: ['openai:gpt-5-nano', 'openai:gpt-5-nano-2025-08-07'], from: '2026-01-01', ...usd(0.05, 0.005, 0.05, 0.4) },
  { models: ['openai:gpt-5.4-nano'], from: '2026-04-01', ...usd(0.2, 0.02, 0.2, 1.25) },
];

/**
 * https://ai.google.dev/gemini-api/docs/pricing, paid tier, as https://www.morphllm.com/gemini-api-pricing quotes it. What its cache
 * saves was not found there: so cached input is charged as input.
 */
const GOOGLE: readonly Listed[] = [
  { models: ['google:gemini-2.5-flash-lite'], from: '2026-01-01', ...usd(0.1, 0.1, 0.1, 0.4) },
  { models: ['google:gemini-2.5-flash'], from: '2026-01-01', ...usd(0.3, 0.3, 0.3, 2.5) },
];

const onBedrock = (areas: readonly string[], model: string): readonly string[] =>
  areas.map((area) => `bedrock:${area}${model}`);
const REGIONAL = ['us.', 'eu.', 'jp.', 'au.'];
const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const SONNETS = ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic.claude-sonnet-4-6'];

/**
 * https://aws.amazon.com/bedrock/pricing. Claude costs on global profiles what it costs at Anthropic, and a tenth more on regional ones
 * (https://clauder-navi.com/en/bedrock-claude-cost, and Anthropic's page above). Nova is priced as in us-east-1
 * (https://atonementlicensing.pages.dev/blog/aws-bedrock-pricing-2026); its cached input is charged as input.
 */
const BEDROCK: readonly Listed[] = [
  { models: onBedrock(['global.'], HAIKU), from: '2026-01-01', ...usd(1, 0.1, 1.25, 5) },
  { models: onBedrock(REGIONAL, HAIKU), from: '2026-01-01', ...usd(1.1, 0.11, 1.375, 5.5) },
  { models: SONNETS.flatMap((model) => onBedrock(['global.'], model)), from: '2026-01-01', ...usd(3, 0.3, 3.75, 15) },
  {
    models: SONNETS.flatMap((model) => onBedrock(REGIONAL, model)),
    from: '2026-01-01',
    ...usd(3.3, 0.33, 4.125, 16.5),
  },
  { models: onBedrock(['', 'us.'], 'amazon.nova-micro-v1:0'), from: '2026-01-01', ...usd(0.035, 0.035, 0.035, 0.14) },
  { models: onBedrock(['', 'us.'], 'amazon.nova-lite-v1:0'), from: '2026-01-01', ...usd(0.06, 0.06, 0.06, 0.24) },
  { models: onBedrock(['', 'us.'], 'amazon.nova-pro-v1:0'), from: '2026-01-01', ...usd(0.8, 0.8, 0.8, 3.2) },
];

export const LIST: readonly Listed[] = [...ANTHROPIC, ...OPENAI, ...GOOGLE, ...BEDROCK];

/**
 * What a model costs at a time: what the configuration says, or else the list. Undefined where nobody knows: then it must not
 * be asked.
 */
export const priceOf = (
  model: string,
  at: Date,
  given: Readonly<Record<string, Price>> = {},
  list: readonly Listed[] = LIST
): Price | undefined => {
  if (Object.hasOwn(given, model)) return given[model];
  const day = at.toISOString().slice(0, 10);
  const held = list.filter(({ models, from }) => models.includes(model) && from <= day);
  const [last] = held.toSorted((a, b) => (a.from < b.from ? 1 : -1));
  return (
    last &&
    Price.parse({ input: last.input, cachedInput: last.cachedInput, cacheWrite: last.cacheWrite, output: last.output })
  );
};
