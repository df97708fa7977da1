import type { JsonObject } from '../template/json.ts';

/** What the stack asks a process of a function to do. */
export interface Call {
  /** The event, as JSON text. */
  readonly payload: string;
  readonly requestId: string;
  readonly arn: string;
  readonly traceHeader: string;
  /** What the caller says of itself. */
  readonly clientContext?: JsonObject;
  /** Milliseconds since the epoch, after which the process is killed. */
  readonly deadline: number;
}

/** What a function answered: JSON text, and whether it is an error's `{errorType, errorMessage, trace}`. */
export interface Answer {
  readonly failed: boolean;
  readonly payload: string;
}

/** What the process says: that it can be called, that it never will, the answer to a call, or the last one before it ends. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly payload: string }
  | ({
      readonly kind: 'answer';
      /** What the process has used of a CPU since its last answer. */
      readonly cpuMs: number;
    } & Answer)
  /** To the call that the process does not survive. */
  | ({ readonly kind: 'last' } & Answer);

/** The largest event and the largest answer: 6 MiB and 100 KiB, as in Lambda. */
export const MAX_PAYLOAD_BYTES = 6_291_556;

/** An error in the shape in which Lambda reports it. */
export const failure = (errorType: string, errorMessage: string, trace: readonly string[] = []): Answer => ({
  failed: true,
  payload: JSON.stringify({ errorType, errorMessage, trace }),
});

/** The name of the error that an answer reports; Lambda's own word for those that have none. */
export const errorTypeOf = ({ payload }: Answer): string => {
  const error: unknown = JSON.parse(payload);
  const named = typeof error === 'object' && error !== null && 'errorType' in error ? error.errorType : undefined;
  return typeof named === 'string' && named !== '' ? named : 'Lambda.Unknown';
};
