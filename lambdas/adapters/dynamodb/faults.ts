import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { Retryable, Terminal, Uncertain } from '../../core/errors.ts';

const TRANSIENT = new Set([
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

/** Reasons of a cancelled transaction that say "not now" rather than "no". */
const TRANSIENT_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/**
 * Whether the same call may be made again. Every write of this adapter carries a condition that makes a repetition
 * harmless, so a lost answer is as good as none.
 */
export const isTransient = (error: unknown): boolean => {
  if (error instanceof TransactionCanceledException)
    return (error.CancellationReasons ?? []).some(({ Code }) => TRANSIENT_REASONS.has(Code ?? ''));
  if (!(error instanceof Error)) return false;
  // answers of the service carry `$fault`; whatever does not never arrived, or its answer did not
  return TRANSIENT.has(error.name) || !('$fault' in error);
};

/** Rethrows an error of the SDK as the fault that it is. Names of tables and errors only: no item reaches a message. */
export const toFault =
  (doing: string) =>
  (error: unknown): never => {
    if (error instanceof Retryable || error instanceof Terminal || error instanceof Uncertain) throw error;
    const name = error instanceof Error ? error.name : 'an unknown error';
    if (isTransient(error)) throw new Retryable(`${doing} did not succeed (${name}): try again`, { cause: error });
    throw new Terminal(`${doing} was refused (${name})`, { cause: error });
  };
