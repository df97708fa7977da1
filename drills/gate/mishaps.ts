import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';
import { DynamoDbError } from '../../lambdas/adapters/dynamodb/faults.ts';

/** What DynamoDB does and the emulator does not: refuses for a while, or does it and the answer is lost. */
export const MISHAPS = [
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'answer lost',
] as const;
export type Mishap = (typeof MISHAPS)[number];

const isReason = (mishap: Mishap): boolean =>
  /^(?:TransactionConflict|ThrottlingError|ProvisionedThroughputExceeded)$/.test(mishap);

const errorOf = (operation: Operation, mishap: Mishap): DynamoDbError => {
  if (mishap === 'answer lost') return new DynamoDbError(operation, { type: 'NoAnswer', status: 0 });
  if (!isReason(mishap)) return new DynamoDbError(operation, { type: mishap, status: 400 });
  // beside it a condition that would have failed: no refusal may be named as long as another reason is a conflict
  const reasons = [{ Code: 'ConditionalCheckFailed' }, { Code: mishap }];
  return new DynamoDbError(operation, { type: 'TransactionCanceledException', status: 400, reasons });
};

/** Makes the call meet the mishap. A lost answer comes from a call that was made; a call that was refused changed nothing. */
export const meeting = async (
  mishap: Mishap,
  real: Connection,
  operation: Operation,
  input: Parameters<Connection['call']>[1]
): Promise<never> => {
  if (mishap === 'answer lost') await real.call(operation, input).catch(() => undefined);
  throw errorOf(operation, mishap);
};
