import type { AttributeValue, CancellationReason } from '@aws-sdk/client-dynamodb';
import { Retryable, Terminal, Uncertain } from '../../core/errors.ts';

export type Attributes = Record<string, AttributeValue>;

export interface Refusal {
  /** DynamoDB's name of the error, or `NoAnswer`. */
  readonly type: string;
  /** The HTTP status; 0 where nothing was answered. */
  readonly status: number;
  /** The item that a failed condition found, where it was asked for. */
  readonly item?: Attributes | undefined;
  /** One for each write of a cancelled transaction. */
  readonly reasons?: readonly CancellationReason[] | undefined;
}

/** What DynamoDB answered instead of doing it. The message has names alone: DynamoDB's own could quote an item. */
export class DynamoDbError extends Error {
  readonly status: number;
  readonly item: Attributes | undefined;
  readonly reasons: readonly CancellationReason[] | undefined;

  constructor(operation: string, { type, status, item, reasons }: Refusal, cause?: unknown) {
    super(`${operation} was answered with ${type}`, { cause });
    this.name = type;
    this.status = status;
    this.item = item;
    this.reasons = reasons;
  }
}

const TRANSIENT = new Set([
  'InternalServerError',
  'LimitExceededException',
  'NoAnswer',
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
export const isTransient = (error: unknown): boolean =>
  error instanceof DynamoDbError &&
  (TRANSIENT.has(error.name) ||
    error.status >= 500 ||
    (error.reasons ?? []).some(({ Code }) => TRANSIENT_REASONS.has(Code ?? '')));

/** The name of an error, and of a cancelled transaction's the codes of its reasons, one for each write. */
const namesOf = ({ name, reasons }: DynamoDbError): string =>
  reasons === undefined ? name : `${name}: ${reasons.map(({ Code = 'None' }) => Code).join(', ')}`;

/** Rethrows DynamoDB's refusal as the fault that it is. Names of tables and errors only: no item reaches a message. */
export const toFault =
  (doing: string) =>
  (error: unknown): never => {
    if (error instanceof Retryable || error instanceof Terminal || error instanceof Uncertain) throw error;
    if (!(error instanceof DynamoDbError)) throw error;
    if (isTransient(error))
      throw new Retryable(`${doing} did not succeed (${namesOf(error)}): try again`, { cause: error });
    throw new Terminal(`${doing} was refused (${namesOf(error)})`, { cause: error });
  };
