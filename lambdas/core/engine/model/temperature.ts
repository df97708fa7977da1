import { type ModelSettings, type Provider, partsOf } from './settings.ts';

/*
 * Which models take a temperature, as their providers' clients of November 2026 know it. Whoever refuses one answers a request that
 * has it with 400; so what is wrong here shows with the first request, and the configuration can say otherwise.
 */

/** Claude up to 4.6: those after it think, and take none. */
const CLAUDE_THAT_TAKES = /claude-(?:instant|v?2|3|(?:haiku|sonnet)-4|opus-4(?!-[7-9](?!\d)))/;
/** The o series, GPT-5 and GPT-6. Those from GPT-5.1 on take one where they are told not to think, as they are here. */
const OPENAI_THAT_REFUSES = /^(?:o\d|gpt-5(?!\.\d|-chat)|gpt-(?:[6-9]|\d\d))/;

/** OpenAI's models at Bedrock take none through Converse, but for the open ones. */
const BEDROCK_THAT_REFUSES = /(?:^|\.)openai\.(?!gpt-oss-)/;

/** The same families by whatever name a gateway has them; nobody tells them there not to think, so those from GPT-5.1 on take none either. */
const GATEWAY_THAT_REFUSES = /(?:^|[/.])(?:o\d(?!\w)|gpt-(?:[5-9]|\d\d)(?![\w.-]*chat))/;

const isClaude = (model: string): boolean => model.includes('claude-');
const claudeRefuses = (model: string): boolean => isClaude(model) && !CLAUDE_THAT_TAKES.test(model);

const REFUSES: Readonly<Record<Provider, (model: string) => boolean>> = {
  anthropic: claudeRefuses,
  bedrock: (model) => claudeRefuses(model) || BEDROCK_THAT_REFUSES.test(model),
  openai: (model) => OPENAI_THAT_REFUSES.test(model),
  google: () => false,
  'openai-compatible': (model) => claudeRefuses(model) || GATEWAY_THAT_REFUSES.test(model),
};

/** The temperature that a model is asked with: none where it takes none, and then its answers are not repeatable. */
export const temperatureOf = (ref: string, { noTemperature }: Pick<ModelSettings, 'noTemperature'>): 0 | undefined => {
  const { provider, model } = partsOf(ref);
  return noTemperature.includes(ref) || REFUSES[provider](model) ? undefined : 0;
};
