/**
 * The three faults. State machines match their `name` in Retry and Catch, so it is an own property that no minifier
 * renames. Nothing else is thrown on purpose; a refusal is a value, never one of these.
 */

/** Nothing happened, or doing it again is harmless: the caller may try the same thing again. */
export class Retryable extends Error {
  override readonly name = 'Retryable';
}

/** The same input will fail the same way: trying again is useless, and nothing has changed in the outside world. */
export class Terminal extends Error {
  override readonly name = 'Terminal';
}

/** An effect may have happened and nobody knows: never retried, always reconciled by looking it up. */
export class Uncertain extends Error {
  override readonly name = 'Uncertain';
}
