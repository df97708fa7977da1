import { type Answer, refusal } from './operations.ts';

/**
 * What goes wrong. `status`: refused, nothing happens. `status-after`: it happens, and the answer is the status all the same, as from
 * a proxy that lost the real one. `reset-before`, `reset-after`: the connection breaks before or after it happens. `slow`: it happens,
 * and the answer never comes. `malformed`: it happens, and the answer is half a JSON value.
 */
export interface Fault {
  readonly method: string;
  /** The whole path; any, if left out. */
  readonly path?: string;
  readonly kind: 'status' | 'status-after' | 'reset-before' | 'reset-after' | 'slow' | 'malformed';
  /** Of `status` and `status-after`; 503 if left out. */
  readonly status?: number;
  /** The header Retry-After of `status` and `status-after`, as it is to be sent. */
  readonly retryAfter?: string;
}

export type Result =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' };

/** What becomes of a request under a fault. `happen` makes the effect; it is called at most once. */
export const resultOf = (fault: Fault | undefined, happen: () => Answer): Result => {
  if (fault === undefined) return { kind: 'answer', answer: happen() };
  const { kind, status = 503, retryAfter } = fault;
  if (kind === 'reset-before') return { kind: 'reset' };
  const answer = kind === 'status' ? refusal(status, ['This fault was injected.']) : happen();
  switch (kind) {
    case 'status':
    case 'status-after': {
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return { kind: 'answer', answer: { ...answer, status }, headers };
    }
    case 'malformed':
      return { kind: 'answer', answer: { status: answer.status === 204 ? 200 : answer.status, body: '{"id":"100' } };
    case 'reset-after':
      return { kind: 'reset' };
    case 'slow':
      return { kind: 'silence' };
  }
};

/** Faults wait in order; each spoils one request. */
export const faultQueue = () => {
  const waiting: Fault[] = [];
  return {
    add: (fault: Fault): void => void waiting.push(fault),
    take: (method: string, path: string): Fault | undefined => {
      const at = waiting.findIndex((fault) => fault.method === method && (fault.path ?? path) === path);
      return at < 0 ? undefined : waiting.splice(at, 1)[0];
    },
  };
};
