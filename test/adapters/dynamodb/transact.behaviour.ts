import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection, Operation } from '../../../lambdas/adapters/dynamodb/connection.ts';
import { DynamoDbError } from '../../../lambdas/adapters/dynamodb/faults.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { transact, write } from '../../../lambdas/adapters/dynamodb/transact.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

const cancelled = (...codes: readonly string[]) =>
  new DynamoDbError('TransactWriteItems', {
    type: 'TransactionCanceledException',
    status: 400,
    reasons: codes.map((Code) => ({ Code })),
  });

const refused = (type: string, status = 400) => new DynamoDbError('TransactWriteItems', { type, status });

/** A connection that fails as told, one error a call, and then does what it should. */
const failing = (connection: Connection, ...errors: readonly unknown[]) => {
  const sent: object[] = [];
  const call = (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> => {
    sent.push(input);
    const error = errors[sent.length - 1];
    return error === undefined ? connection.call(operation, input) : Promise.reject(error);
  };
  return { connection: { call } as Connection, sent };
};

describe.skipIf(!hasDynoxide)('a transaction', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  let items = 0;
  const anItem = () => {
    items += 1;
    return { pk: `TEST#${items}`, sk: 'item', content: { count: items } };
  };
  const once = (item: ReturnType<typeof anItem>) => write.putOnce(dynoxide.state, item);
  const stands = async (item: ReturnType<typeof anItem>) =>
    (await dynamoTable(dynoxide.connection, dynoxide.state).get(item)) !== undefined;

  it('makes all writes or none, and names the first refusal in the order given', async () => {
    const [one, two, three] = [anItem(), anItem(), anItem()];
    await dynamoTable(dynoxide.connection, dynoxide.state).put(two);
    await dynamoTable(dynoxide.connection, dynoxide.state).put(three);

    const refusal = await transact(dynoxide.connection, [
      { refusal: 'one-exists', write: once(one) },
      { refusal: 'two-exists', write: once(two) },
      { refusal: 'three-exists', write: once(three) },
    ]);

    expect(refusal).toBe('two-exists');
    expect(await stands(one)).toBe(false);
    expect(await transact(dynoxide.connection, [{ refusal: 'one-exists', write: once(one) }])).toBeUndefined();
    expect(await stands(one)).toBe(true);
  });

  it.each([
    ['a conflict beside a condition that failed', cancelled('ConditionalCheckFailed', 'TransactionConflict')],
    ['a throttle', cancelled('None', 'ThrottlingError')],
  ])('tries again after %s, as the same request, and names no refusal', async (_, error) => {
    const item = anItem();
    const { connection, sent } = failing(dynoxide.connection, error, error);

    expect(await transact(connection, [{ refusal: 'exists', write: once(item) }])).toBeUndefined();

    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((input) => 'ClientRequestToken' in input && input.ClientRequestToken)).size).toBe(1);
    expect(await stands(item)).toBe(true);
  });

  it('is Retryable where conflicts do not end', async () => {
    const conflict = cancelled('ConditionalCheckFailed', 'TransactionConflict');
    const { connection, sent } = failing(dynoxide.connection, ...Array.from({ length: 9 }, () => conflict));

    await expect(transact(connection, [{ refusal: 'exists', write: once(anItem()) }])).rejects.toThrow(Retryable);
    expect(sent).toHaveLength(5);
  });

  it.each([
    refused('ProvisionedThroughputExceededException'),
    refused('NoAnswer', 0),
    refused('TransactionInProgressException'),
  ])('is Retryable at once after $name, which the connection has tried again already', async (error) => {
    const { connection, sent } = failing(dynoxide.connection, error);

    await expect(transact(connection, [{ refusal: 'exists', write: once(anItem()) }])).rejects.toThrow(Retryable);
    expect(sent).toHaveLength(1);
  });

  it('is Terminal where it may not, and says which error', async () => {
    const { connection } = failing(dynoxide.connection, refused('AccessDeniedException'));

    const error = await transact(connection, [{ refusal: 'exists', write: once(anItem()) }]).catch((e: unknown) => e);

    expect(error).toBeInstanceOf(Terminal);
    expect((error as Error).message).toBe(`a transaction on ${dynoxide.state} was refused (AccessDeniedException)`);
  });

  it('says of a fault which tables it was about, and the code of every reason', async () => {
    const writes = [
      { refusal: 'exists', write: once(anItem()) },
      { refusal: 'stands', write: write.check(dynoxide.audit, anItem(), { condition: 'attribute_exists(pk)' }) },
      { refusal: 'exists', write: once(anItem()) },
    ];
    const faultOf = (...codes: readonly string[]) =>
      transact(failing(dynoxide.connection, ...Array.from({ length: 9 }, () => cancelled(...codes))).connection, writes)
        .then(() => expect.unreachable('it should have failed'))
        .catch((error: Error) => `${error.name}: ${error.message}`);

    const tables = `a transaction on ${dynoxide.state} and ${dynoxide.audit}`;
    expect(await faultOf('None', 'None', 'ValidationError')).toBe(
      `Terminal: ${tables} was refused (TransactionCanceledException: None, None, ValidationError)`
    );
    expect(await faultOf('None', 'TransactionConflict', 'None')).toBe(
      `Retryable: ${tables} did not succeed (TransactionCanceledException: None, TransactionConflict, None): try again`
    );
  });
});
