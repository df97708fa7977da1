import {
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { transact, write } from '../../../lambdas/adapters/dynamodb/transact.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

const cancelled = (...codes: readonly string[]) =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

const serviceError = (name: string) => Object.assign(new Error('from the service'), { name, $fault: 'client' });

/** A client that fails as told, one error a call, and then does what it should. */
const failing = (client: DynamoDBClient, ...errors: readonly unknown[]) => {
  const sent: TransactWriteItemsCommand[] = [];
  const send = async (command: TransactWriteItemsCommand) => {
    sent.push(command);
    const error = errors[sent.length - 1];
    if (error !== undefined) throw error;
    return client.send(command);
  };
  return { client: { send } as unknown as DynamoDBClient, sent };
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
    (await dynamoTable(dynoxide.client, dynoxide.state).get(item)) !== undefined;

  it('makes all writes or none, and names the first refusal in the order given', async () => {
    const [one, two, three] = [anItem(), anItem(), anItem()];
    await dynamoTable(dynoxide.client, dynoxide.state).put(two);
    await dynamoTable(dynoxide.client, dynoxide.state).put(three);

    const refusal = await transact(dynoxide.client, [
      { refusal: 'one-exists', write: once(one) },
      { refusal: 'two-exists', write: once(two) },
      { refusal: 'three-exists', write: once(three) },
    ]);

    expect(refusal).toBe('two-exists');
    expect(await stands(one)).toBe(false);
    expect(await transact(dynoxide.client, [{ refusal: 'one-exists', write: once(one) }])).toBeUndefined();
    expect(await stands(one)).toBe(true);
  });

  it.each([
    ['a conflict beside a condition that failed', cancelled('ConditionalCheckFailed', 'TransactionConflict')],
    ['a throttle', cancelled('None', 'ThrottlingError')],
    ['too much throughput', serviceError('ProvisionedThroughputExceededException')],
    ['a lost answer', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
  ])('tries again after %s, as the same request, and names no refusal', async (_, error) => {
    const item = anItem();
    const { client, sent } = failing(dynoxide.client, error, error);

    expect(await transact(client, [{ refusal: 'exists', write: once(item) }])).toBeUndefined();

    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ input }) => input.ClientRequestToken)).size).toBe(1);
    expect(await stands(item)).toBe(true);
  });

  it('is Retryable where conflicts do not end', async () => {
    const conflict = cancelled('ConditionalCheckFailed', 'TransactionConflict');
    const { client, sent } = failing(dynoxide.client, ...Array.from({ length: 9 }, () => conflict));

    await expect(transact(client, [{ refusal: 'exists', write: once(anItem()) }])).rejects.toThrow(Retryable);
    expect(sent).toHaveLength(5);
  });

  it('is Terminal where it may not, and says which error', async () => {
    const { client } = failing(dynoxide.client, serviceError('AccessDeniedException'));

    const error = await transact(client, [{ refusal: 'exists', write: once(anItem()) }]).catch((e: unknown) => e);

    expect(error).toBeInstanceOf(Terminal);
    expect((error as Error).message).toBe('a transaction was refused (AccessDeniedException)');
  });
});
