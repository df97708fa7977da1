import type { Heard, LanguageModel } from '../../core/engine/model/port.ts';
import type { Tokens } from '../../core/engine/prices.ts';
import { failureOf } from './failures.ts';
import { boundedFetch, newExchange } from './fetch.ts';

/** What is used of the AI SDK's language models, in whichever version a provider's package has them. */
interface Generated {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly finishReason: { readonly unified: string };
  readonly usage: {
    readonly inputTokens: {
      readonly total: number | undefined;
      readonly cacheRead: number | undefined;
      readonly cacheWrite: number | undefined;
    };
    readonly outputTokens: { readonly total: number | undefined };
  };
}

interface SdkModel {
  doGenerate(options: {
    prompt: ({ role: 'system'; content: string } | { role: 'user'; content: { type: 'text'; text: string }[] })[];
    responseFormat: { type: 'json'; name: string; schema: object };
    maxOutputTokens: number;
    abortSignal: AbortSignal;
    reasoning?: 'none';
    providerOptions?: Record<string, Record<string, boolean | null>>;
  }): PromiseLike<Generated>;
}

/** Makes a provider's model that sends its requests by this. */
export type Connect = (fetch: typeof globalThis.fetch) => SdkModel;

const isCount = (count: number | undefined): count is number =>
  count !== undefined && Number.isSafeInteger(count) && count >= 0;

/** What a provider says that it counted. Absent where it does not say, or what it says cannot be. */
const tokensOf = ({ inputTokens, outputTokens }: Generated['usage']): Tokens | undefined => {
  const { total, cacheRead = 0, cacheWrite = 0 } = inputTokens;
  const output = outputTokens.total;
  if (!isCount(total) || !isCount(output) || !isCount(cacheRead) || !isCount(cacheWrite)) return undefined;
  const input = total - cacheRead - cacheWrite;
  // of a request that was answered at least something was counted
  return input < 0 || total === 0 || output === 0 ? undefined : { input, cachedInput: cacheRead, cacheWrite, output };
};

/** The text of an answer. Whatever else a model may want, such as tools, is nothing that it could have here. */
const textOf = ({ content }: Generated): string =>
  content.map(({ type, text = '' }) => (type === 'text' ? text : '')).join('');

const heardFrom = (result: Generated): Heard => {
  const tokens = tokensOf(result.usage);
  const counted = tokens && { tokens };
  const text = textOf(result);
  const { unified } = result.finishReason;
  if (unified === 'content-filter') return { kind: 'declined', ...counted };
  if (unified === 'length') return { kind: 'cut-short', ...counted };
  return { kind: 'said', text, ...counted };
};

/** What a provider has to be told besides. */
export interface Extras {
  /** Left out where servers may not know how to be told not to think. */
  readonly reasoning?: 'none';
  readonly providerOptions?: Record<string, Record<string, boolean | null>>;
}

/** A model of the AI SDK as the port: one HTTP request for each question, with an end in time and in bytes, and never an error. */
export const languageModel = (connect: Connect, extras: Extras = { reasoning: 'none' }): LanguageModel => ({
  async ask({ system, text, schema, maxOutputTokens, withinMs }) {
    const exchange = newExchange();
    const time = AbortSignal.timeout(withinMs);
    try {
      const result = await connect(boundedFetch(exchange)).doGenerate({
        prompt: [
          { role: 'system', content: system },
          { role: 'user', content: [{ type: 'text', text }] },
        ],
        responseFormat: { type: 'json', name: 'answer', schema },
        maxOutputTokens,
        abortSignal: time,
        ...extras,
      });
      return heardFrom(result);
    } catch (error) {
      return failureOf(error, exchange, time.aborted, Date.now());
    }
  },
});
