import { sha256 } from '../../core/digest.ts';

/*
 * Providers keep what they made of the beginning of a request, where that is long enough, and charge less for it the next time. Some
 * have to be told where the beginning ends. Writing may cost more than reading it afresh: so nothing is marked that they would not keep.
 */

/** No text has fewer bytes for a token than this, on the whole: so a beginning that is too short by this is too short. */
const BYTES_OF_TOKEN = 3;

export const isKeepable = (beginning: string, leastTokens: number): boolean =>
  Buffer.byteLength(beginning) / BYTES_OF_TOKEN >= leastTokens;

/** Fewest tokens that Claude's cache takes, by model: https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
const CLAUDE: readonly (readonly [RegExp, number])[] = [
  [/claude-(?:opus-4-[56]|haiku-4-5)(?!\d)/, 4_096],
  [/claude-(?:opus-4-7|3-5-haiku|3-haiku)/, 2_048],
  [/claude-(?:opus-4|sonnet-4|sonnet-5(?!-5)|3-)/, 1_024],
  [/claude-/, 512], // Claude 5, and whatever is not known: marked too early, it is not kept, and that costs nothing
];

/**
 * Bedrock refuses the mark where a model has no cache: so only models that are known to have one get it. Of Claude that is 3.5 Haiku,
 * 3.7 Sonnet and all whose name begins with the family. https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
const HAS_CACHE = /claude-(?:3-5-haiku|3-7-sonnet|(?:haiku|sonnet|opus|fable|mythos)-\d)/;
const NOVA = [/amazon\.nova-(?:micro|lite|pro|premier)-v1/, 1_000] as const;

const leastOf = (table: readonly (readonly [RegExp, number])[], model: string): number =>
  table.find(([models]) => models.test(model))?.[1] ?? Number.POSITIVE_INFINITY;

export const claudeKeeps = (model: string, beginning: string): boolean => isKeepable(beginning, leastOf(CLAUDE, model));

export const bedrockKeeps = (model: string, beginning: string): boolean =>
  isKeepable(beginning, leastOf(HAS_CACHE.test(model) ? CLAUDE : [NOVA], model));

/** https://developers.openai.com/api/docs/guides/prompt-caching */
const OPENAI_LEAST_TOKENS = 1_024;

/** Sends requests with the same beginning to where it was kept. It tells nothing of what the beginning is. */
export const openaiCacheKey = (beginning: string): string | undefined =>
  isKeepable(beginning, OPENAI_LEAST_TOKENS) ? `writ-${sha256(beginning).slice(0, 32)}` : undefined;
