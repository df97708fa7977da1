import type {
  BatchGetItemInput,
  BatchGetItemOutput,
  CancellationReason,
  GetItemInput,
  GetItemOutput,
  PutItemInput,
  PutItemOutput,
  QueryInput,
  QueryOutput,
  TransactWriteItemsInput,
  TransactWriteItemsOutput,
} from '@aws-sdk/client-dynamodb';
import { jsonService, type ServiceOptions } from '../json-service.ts';
import { type Attributes, DynamoDbError, isTransient } from './faults.ts';

interface Operations {
  readonly GetItem: readonly [GetItemInput, GetItemOutput];
  readonly BatchGetItem: readonly [BatchGetItemInput, BatchGetItemOutput];
  readonly Query: readonly [QueryInput, QueryOutput];
  readonly PutItem: readonly [PutItemInput, PutItemOutput];
  readonly TransactWriteItems: readonly [TransactWriteItemsInput, TransactWriteItemsOutput];
}
export type Operation = keyof Operations;

export interface Connection {
  /** Calls an operation. Throws a `DynamoDbError`: after three tries where it may be tried again, at once otherwise. */
  call<Name extends Operation>(operation: Name, input: Operations[Name][0]): Promise<Operations[Name][1]>;
}

/** DynamoDB, for the five operations that are used. */
export const dynamoConnection = (options: ServiceOptions): Connection => {
  const call = jsonService(options, {
    service: 'dynamodb',
    target: 'DynamoDB_20120810',
    errorOf: (operation, { type, status, answer }, cause) => {
      const { Item: item, CancellationReasons: reasons } = answer as {
        Item?: Attributes;
        CancellationReasons?: readonly CancellationReason[];
      };
      return new DynamoDbError(operation, { type, status, item, reasons }, cause);
    },
    // conflicts of transactions are for the caller, who knows how long to go on
    isTransient: (error) => isTransient(error) && error instanceof DynamoDbError && error.reasons === undefined,
  });
  return { call: (operation, input) => call(operation, input) };
};
