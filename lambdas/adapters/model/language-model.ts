import type { Heard, LanguageModel, Request } from '../../core/engine/model/port.ts';
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
  /** What of the request was left out, besides other things. */
  readonly warnings: readonly { readonly type: string; readonly feature?: string }[];
}

/** By provider: what only that one knows. */
type ProviderOptions = Record<string, Record<string, boolean | string | null | Record<string, string>>>;

interface SystemMessage {
  role: 'system';
  content: string;
  providerOptions?: ProviderOptions;
}

interface SdkModel {
  doGenerate(options: {
    prompt: (SystemMessage | { role: 'user'; content: { type: 'text'; text: string }[] })[];
    responseFormat: { type: 'json'; name: string; schema: object };
    maxOutputTokens: number;
    temperature?: 0;
    abortSignal: AbortSignal;
    reasoning?: 'none';
    providerOptions?: ProviderOptions;
  }): PromiseLike<Generated>;
}

/** Makes a provider's model that sends its requests by this. */
export type Connect = (fetch: typeof globalThis.fetch) => SdkModel;

/** Far more than any request of ours has, and few enough to be priced. */
const MOST_TOKENS = 1_000_000;

const isCount = (count: number | undefined): count is number =>
  count !== undefined && Number.isSafeInteger(count) && count >= 0 && count <= MOST_TOKENS;

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

const heardFrom = (result: Generated, temperature: 0 | undefined): Heard => {
  const tokens = tokensOf(result.usage);
  const counted = tokens && { tokens };
  const text = textOf(result);
  const { unified } = result.finishReason;
  if (unified === 'content-filter') return { kind: 'declined', ...counted };
  if (unified === 'length') return { kind: 'cut-short', ...counted };
  const isRepeatable = temperature === 0 && result.warnings.every(({ feature }) => feature !== 'temperature');
  return { kind: 'said', text, ...counted, ...(isRepeatable && { isRepeatable }) };
};

/** What a provider has to be told besides. */
export interface Extras {
  /** Left out where servers may not know how to be told not to think. */
  readonly reasoning?: 'none';
  /** Of a request whose instructions are these. */
  readonly ofRequest?: (system: string) => ProviderOptions;
  /** Of these instructions: what has them kept, where they are long enough for it. */
  readonly ofSystem?: (system: string) => ProviderOptions | undefined;
}

/** Instructions first, and what may change from one request to the next after them. */
const systemMessages = (
  { system, note }: Pick<Request, 'system' | 'note'>,
  kept: ProviderOptions | undefined
): SystemMessage[] => {
  if (kept === undefined) return [{ role: 'system', content: note === undefined ? system : `${system}\n${note}` }];
  const first: SystemMessage = { role: 'system', content: system, providerOptions: kept };
  return note === undefined ? [first] : [first, { role: 'system', content: note }];
};

/** A model of the AI SDK as the port: one HTTP request for each question, with an end in time and in bytes, and never an error. */
export const languageModel = (
  connect: Connect,
  { reasoning, ofRequest, ofSystem }: Extras = { reasoning: 'none' }
): LanguageModel => ({
  async ask({ system, note, text, schema, maxOutputTokens, temperature, withinMs }) {
    const exchange = newExchange();
    const time = AbortSignal.timeout(withinMs);
    try {
      const result = await connect(boundedFetch(exchange)).doGenerate({
        prompt: [
          ...systemMessages({ system, ...(note !== undefined && { note }) }, ofSystem?.(system)),
          { role: 'user', content: [{ type: 'text', text }] },
        ],
        responseFormat: { type: 'json', name: 'answer', schema },
        maxOutputTokens,
        abortSignal: time,
        ...(temperature !== undefined && { temperature }),
        ...(reasoning !== undefined && { reasoning }),
        ...(ofRequest !== undefined && { providerOptions: ofRequest(system) }),
      });
      return heardFrom(result, temperature);
    } catch (error) {
      return failureOf(error, exchange, time.aborted, Date.now());
    }
  },
});
