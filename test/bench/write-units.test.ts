import { describe, expect, it } from 'vitest';
import { itemBytes, metered } from '../../bench/write-units.ts';
import type { Connection } from '../../lambdas/adapters/dynamodb/connection.ts';

describe('the size of an item', () => {
  it.each([
    ['text by its UTF-8', { pk: { S: 'é' } }, 2 + 2],
    ['a number by its digits', { n: { N: '-123.45' } }, 1 + 5],
    ['a flag', { on: { BOOL: true } }, 2 + 1],
    ['a list', { l: { L: [{ S: 'ab' }, { S: 'c' }] } }, 1 + 3 + 3 + 2],
    ['a map', { m: { M: { key: { S: 'value' } } } }, 1 + 3 + 1 + 8],
  ])('counts %s', (_, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('a metered connection', () => {
  it('counts each KB begun, twice in a transaction, checks by what they look at', async () => {
    const large = { pk: { S: 'x' }, text: { S: 'x'.repeat(1_500) } };
    const real = { call: async (operation: string) => (operation === 'GetItem' ? { Item: large } : {}) };
    const { connection, taken } = metered(real as unknown as Connection);
    const key = { TableName: 't', Key: { pk: { S: 'x' } } };

    await connection.call('PutItem', { TableName: 't', Item: { pk: { S: 'x' } } });
    expect(taken()).toEqual({ calls: 1, items: 1, units: 1 });
    await connection.call('TransactWriteItems', {
      TransactItems: [
        { Put: { TableName: 't', Item: { pk: { S: 'x' } } } },
        { ConditionCheck: { ...key, ConditionExpression: 'attribute_exists(pk)' } },
        { Update: { ...key, UpdateExpression: 'SET a = :a' } },
      ],
    });
    await connection.call('GetItem', key);
    expect(taken()).toEqual({ calls: 2, items: 3, units: 2 + 4 + 4 });
  });
});
