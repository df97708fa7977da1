import { setTimeout } from 'node:timers/promises';
import { Retryable } from '../../core/errors.ts';
import { jsonOf, lost, type Operation, refused, strange, unsent } from './faults.ts';

/** What passes time, so that tests need not. `random` is in [0, 1). */
export interface Timing {
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
}

export const systemTiming: Timing = {
  now: Date.now,
  wait: (ms, signal) => setTimeout(ms, undefined, { signal }),
  random: Math.random,
};

export interface TransportOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** How long one call may take, with all its attempts and waits. */
  readonly timeoutMs: number;
  readonly timing?: Timing;
}

export interface Request {
  readonly url: string;
  readonly body?: unknown;
}

export type Send = <Answer>(operation: Operation<Answer>, request: Request, signal: AbortSignal) => Promise<Answer>;

const ATTEMPTS = 3;
const ANSWER_LIMIT_BYTES = 1_048_576;

/**
 * Sends requests with one authorization. Fails with exactly one of the three faults, whose messages hold method, path
 * template, status and field names, never an authorization, a filled path or anything else of an answer. What is `Retryable` is
 * tried up to three times, as long as the wait (the one Jira asks for, or a short random one) fits into the time left.
 */
export const transport = (authorization: string, options: TransportOptions): Send => {
  const { fetch = globalThis.fetch, timeoutMs, timing = systemTiming } = options;

  return async (operation, request, signal) => {
    const deadline = timing.now() + timeoutMs;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    for (let attempt = 1; ; attempt++) {
      const outcome = await exchange(operation, request, limited);
      if ('answer' in outcome) return outcome.answer;

      const jitterMs = timing.random() * 100 * 2 ** attempt;
      const waitMs = (outcome.retryAfterMs ?? 0) + jitterMs;
      const fits = attempt < ATTEMPTS && waitMs < deadline - timing.now();
      if (!(outcome.fault instanceof Retryable && fits)) throw outcome.fault;
      await timing.wait(waitMs, limited).catch(() => {
        throw outcome.fault; // cut short: what is known is still that nothing happened
      });
    }
  };

  async function exchange<Answer>(
    operation: Operation<Answer>,
    { url, body }: Request,
    signal: AbortSignal
  ): Promise<{ readonly answer: Answer } | { readonly fault: Error; readonly retryAfterMs?: number | undefined }> {
    if (signal.aborted) return { fault: unsent(operation, 'no time was left') };
    try {
      const response = await fetch(url, {
        method: operation.method,
        headers: {
          accept: 'application/json',
          authorization,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'manual', // a redirect could carry the authorization elsewhere
        signal,
      });
      const limitBytes = operation.mostBytes ?? ANSWER_LIMIT_BYTES;
      const text = await readText(response, limitBytes).catch(() => ''); // the status says enough, or else the text is not JSON
      if (response.status !== operation.expects) {
        const retryAfterMs = retryAfterOf(response.headers.get('retry-after'), timing.now());
        return { fault: refused(operation, { status: response.status, retryAfterMs, body: text ?? '' }), retryAfterMs };
      }
      if (text === undefined) return { fault: strange(operation, `more than ${limitBytes} bytes`) };
      return understand(operation, text);
    } catch (error) {
      const code = codeOf(error);
      if (UNSENT.has(code)) return { fault: unsent(operation, `no connection (${code})`) };
      return { fault: lost(operation, signal.aborted ? 'no answer in time' : `the connection broke (${code})`) };
    }
  }
};

const understand = <Answer>(operation: Operation<Answer>, text: string) => {
  const json = operation.expects === 204 ? undefined : jsonOf(text);
  if (operation.expects !== 204 && json === undefined)
    return { fault: lost(operation, 'the answer is not whole, or not JSON') };
  const answer = operation.answer.safeParse(json);
  if (answer.success) return { answer: answer.data };
  const paths = answer.error.issues.slice(0, 5).map(({ path }) => path.join('.') || 'the whole');
  return { fault: strange(operation, paths.join(', ')) };
};

/** The body as text; undefined, and no longer received, once it is over the limit. */
const readText = async (response: Response, limitBytes: number): Promise<string | undefined> => {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

/** Failures to connect: no byte of the request can have left. Whatever else breaks, breaks at an unknown point. */
const UNSENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

const codeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'unknown cause';
};

/** How long Jira asks to wait: seconds, or a date. Undefined where it does not say so in either form. */
const retryAfterOf = (header: string | null, nowMs: number): number | undefined => {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const date = header.endsWith('GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
};
