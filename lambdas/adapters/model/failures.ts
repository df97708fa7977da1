import type { Heard } from '../../core/engine/model/port.ts';
import type { Exchange } from './fetch.ts';

type Failed = Extract<Heard, { kind: 'failed' }>;

/** Nothing was sent to anybody who could have charged for it. */
const NEVER_REACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of an error and of what caused it, to the bottom. */
const codesOf = (error: unknown, depth = 0): readonly string[] => {
  if (!(error instanceof Error) || depth > 5) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors : [];
  return [...own, ...[error.cause, ...inner].flatMap((cause) => codesOf(cause, depth + 1))];
};

const failed = (why: Failed['why'], mayCost: boolean, isPassing: boolean, afterMs?: number): Failed => ({
  kind: 'failed',
  why,
  mayCost,
  isPassing,
  ...(afterMs !== undefined && { afterMs }),
});

/** `Retry-After` in seconds or as a date. */
export const afterMsOf = (header: string | null | undefined, nowMs: number): number | undefined => {
  if (!header) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
};

const byStatus = (status: number, afterMs: number | undefined): Failed => {
  if (status === 401 || status === 403) return failed('key-refused', false, false);
  if (status === 429) return failed('rate-limited', false, true, afterMs);
  if (status === 503 || status === 529) return failed('overloaded', false, true, afterMs);
  if (status === 408) return failed('timed-out', true, true, afterMs);
  if (status >= 500) return failed('server-error', true, true, afterMs);
  return failed('request-refused', false, false);
};

/**
 * What a request came to that gave no answer. What a provider may have worked on, it may charge for: that is everything but a plain
 * refusal before any work, and a connection that never came about. No part of an error's message is kept: it may quote content or keys.
 */
export const failureOf = (error: unknown, exchange: Exchange, hasTimedOut: boolean, nowMs: number): Failed => {
  const { status, retryAfter, isWhole, isTooLarge } = exchange;
  if (isTooLarge) return failed('too-large', status === undefined || status < 400, false);
  if (status !== undefined && status >= 300) return byStatus(status, afterMsOf(retryAfter, nowMs));
  if (hasTimedOut) return failed('timed-out', true, true);
  if (status !== undefined) return failed(isWhole ? 'unreadable' : 'cut-off', true, true);
  const codes = codesOf(error);
  return codes.some((code) => NEVER_REACHED.has(code))
    ? failed('unreachable', false, true)
    : failed('cut-off', true, true);
};
