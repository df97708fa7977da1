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
  [/claude-(?:sonnet-4-5|sonnet-4-20|sonnet-4@|opus-4-1|opus-4-20|opus-4@|3-7-sonnet)/, 1_024],
  [/claude-(?:sonnet-4-6|3-5-haiku|3-haiku)/, 2_048],
  [/claude-/, 4_096], // Haiku 4.5, Opus from 4.5 on, and whatever is not known to take less
];

/** https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html */
const NOVA = [/amazon\.nova-(?:micro|lite|pro|premier)-v1/, 1_000] as const;
/** Those of Claude 3 and before that have no cache there: 3.5 Haiku and 3.7 Sonnet have. */
const NONE = [/claude-(?:instant|v?2|3-(?!5-haiku|7-sonnet))/, Number.POSITIVE_INFINITY] as const;

const leastOf = (table: readonly (readonly [RegExp, number])[], model: string): number =>
  table.find(([models]) => models.test(model))?.[1] ?? Number.POSITIVE_INFINITY;

export const claudeKeeps = (model: string, beginning: string): boolean => isKeepable(beginning, leastOf(CLAUDE, model));

/** Bedrock refuses the mark where a model has no cache: so only models that are known to have one get it. */
export const bedrockKeeps = (model: string, beginning: string): boolean =>
  isKeepable(beginning, leastOf([NOVA, NONE, ...CLAUDE], model));

/** https://developers.openai.com/api/docs/guides/prompt-caching */
const OPENAI_LEAST_TOKENS = 1_024;

/** Sends requests with the same beginning to where it was kept. It tells nothing of what the beginning is. */
export const openaiCacheKey = (beginning: string): string | undefined =>
  isKeepable(beginning, OPENAI_LEAST_TOKENS) ? `writ-${sha256(beginning).slice(0, 32)}` : undefined;
