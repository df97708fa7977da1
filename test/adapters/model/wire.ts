import type { Provider } from '../../../lambdas/core/engine/model/settings.ts';

/*
 * What each provider answers over HTTP, as its API reference has it: enough of it that their clients take it for the real thing.
 */

export interface Said {
  readonly text: string;
  /** Tokens in and out, and those that came from a cache. */
  readonly used?: { readonly input: number; readonly cached: number; readonly output: number };
}

export interface Wire {
  /** The path of the one request that is made. */
  readonly path: RegExp;
  /** The header that carries the key, and what it must be. */
  readonly key: readonly [string, RegExp];
  readonly answer: (said: Said) => object;
  readonly refusal: () => object;
  readonly cutShort: () => object;
  readonly error: (status: number) => object;
}

const USED = { input: 100, cached: 20, output: 10 };

const chat = (message: object, finish: string, used = USED) => ({
  id: 'c-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  usage: {
    prompt_tokens: used.input,
    completion_tokens: used.output,
    total_tokens: used.input + used.output,
    prompt_tokens_details: { cached_tokens: used.cached },
  },
});

const responses = (content: object, status: string, extra: object = {}, used = USED) => ({
  id: 'r-1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status,
  output: [{ type: 'message', id: 'm-1', role: 'assistant', status, content: [content] }],
  usage: {
    input_tokens: used.input,
    input_tokens_details: { cached_tokens: used.cached },
    output_tokens: used.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: used.input + used.output,
  },
  ...extra,
});

const messages = (text: string, stop: string, used = USED) => ({
  id: 'msg-1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text }],
  stop_reason: stop,
  stop_sequence: null,
  usage: {
    input_tokens: used.input - used.cached,
    cache_read_input_tokens: used.cached,
    cache_creation_input_tokens: 0,
    output_tokens: used.output,
  },
});

const candidate = (text: string, finish: string, used = USED) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: finish, index: 0 }],
  usageMetadata: {
    promptTokenCount: used.input,
    cachedContentTokenCount: used.cached,
    candidatesTokenCount: used.output,
    totalTokenCount: used.input + used.output,
  },
});

const converse = (content: object, stop: string, used = USED) => ({
  output: { message: { role: 'assistant', content: [content] } },
  stopReason: stop,
  usage: {
    inputTokens: used.input - used.cached,
    cacheReadInputTokens: used.cached,
    outputTokens: used.output,
    totalTokens: used.input + used.output,
  },
  metrics: { latencyMs: 1 },
});

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a model is free to send arguments that are none
  }
};

export const WIRE: Readonly<Record<Provider, Wire>> = {
  openai: {
    path: /^\/responses$/,
    key: ['authorization', /^Bearer key-of-acme$/],
    answer: ({ text, used }) => responses({ type: 'output_text', text, annotations: [] }, 'completed', {}, used),
    refusal: () => responses({ type: 'refusal', refusal: 'no' }, 'completed'),
    cutShort: () =>
      responses({ type: 'output_text', text: '{"lab', annotations: [] }, 'incomplete', {
        incomplete_details: { reason: 'max_output_tokens' },
      }),
    error: (status) => ({ error: { message: 'key-of-acme is wrong', type: 'error', code: `e${status}`, param: null } }),
  },
  'openai-compatible': {
    path: /^\/chat\/completions$/,
    key: ['authorization', /^Bearer key-of-acme$/],
    answer: ({ text, used }) => chat({ content: text }, 'stop', used),
    refusal: () => chat({ content: '' }, 'content_filter'),
    cutShort: () => chat({ content: '{"lab' }, 'length'),
    error: (status) => ({ error: { message: 'key-of-acme is wrong', type: 'error', code: `e${status}` } }),
  },
  anthropic: {
    path: /^\/messages$/,
    key: ['x-api-key', /^key-of-acme$/],
    answer: ({ text, used }) => messages(text, 'end_turn', used),
    refusal: () => messages('', 'refusal'),
    cutShort: () => messages('{"lab', 'max_tokens'),
    error: () => ({ type: 'error', error: { type: 'api_error', message: 'key-of-acme is wrong' } }),
  },
  google: {
    path: /^\/models\/m:generateContent$/,
    key: ['x-goog-api-key', /^key-of-acme$/],
    answer: ({ text, used }) => candidate(text, 'STOP', used),
    refusal: () => candidate('', 'SAFETY'),
    cutShort: () => candidate('{"lab', 'MAX_TOKENS'),
    error: (status) => ({ error: { code: status, message: 'key-of-acme is wrong', status: 'ERROR' } }),
  },
  bedrock: {
    path: /^\/model\/m\/converse$/,
    key: ['authorization', /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/bedrock\//],
    answer: ({ text, used }) =>
      converse({ toolUse: { toolUseId: 't-1', name: 'json', input: json(text) } }, 'tool_use', used),
    refusal: () => converse({ text: 'blocked' }, 'guardrail_intervened'),
    cutShort: () => converse({ text: '{"lab' }, 'max_tokens'),
    error: () => ({ message: 'key-of-acme is wrong' }),
  },
};
