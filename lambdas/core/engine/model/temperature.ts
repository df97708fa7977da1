import { type ModelSettings, type Provider, partsOf } from './settings.ts';

/*
 * Which models take a temperature, as their providers' clients of November 2026 know it. Whoever refuses one answers a request that
 * has it with 400; so what is wrong here shows with the first request, and the configuration can say otherwise.
 */

/** Claude up to 4.6: those after it think, and take none. */
const CLAUDE_THAT_TAKES = /claude-(?:instant|v?2|3|(?:haiku|sonnet)-4|opus-4(?!-[7-9](?!\d)))/;
/** The o series, GPT-5 and GPT-6. Those from GPT-5.1 on take one where they are told not to think, as they are here. */
const OPENAI_THAT_REFUSES = /^(?:o\d|gpt-5(?!\.\d|-chat)|gpt-(?:[6-9]|\d\d))/;

/**
 * Gemini from 3 on takes one, and may loop at any below its own:
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/start/gemini-3-prompting-guide, "Temperature tuning".
 */
const GEMINI_THAT_LOOPS = /gemini-(?:[3-9]|\d\d)/;

/** OpenAI's models at Bedrock take none through Converse, but for the open ones. */
const BEDROCK_THAT_REFUSES = /(?:^|\.)openai\.(?!gpt-oss-)/;

/** The same families by whatever name a gateway has them; nobody tells them there not to think, so those from GPT-5.1 on take none either. */
const GATEWAY_THAT_REFUSES = /(?:^|[/.])(?:o\d(?!\w)|gpt-(?:[5-9]|\d\d)(?![\w.-]*chat))/;

const claudeRefuses = (model: string): boolean => model.includes('claude-') && !CLAUDE_THAT_TAKES.test(model);

const GOES_WITHOUT: Readonly<Record<Provider, (model: string) => boolean>> = {
  anthropic: claudeRefuses,
  bedrock: (model) => claudeRefuses(model) || BEDROCK_THAT_REFUSES.test(model),
  openai: (model) => OPENAI_THAT_REFUSES.test(model),
  google: (model) => GEMINI_THAT_LOOPS.test(model),
  'openai-compatible': (model) =>
    claudeRefuses(model) || GATEWAY_THAT_REFUSES.test(model) || GEMINI_THAT_LOOPS.test(model),
};

/** The temperature that a model is asked with: none where it takes none, and then its answers are not repeatable. */
export const temperatureOf = (ref: string, { noTemperature }: Pick<ModelSettings, 'noTemperature'>): 0 | undefined => {
  const { provider, model } = partsOf(ref);
  return noTemperature.includes(ref) || GOES_WITHOUT[provider](model) ? undefined : 0;
};
