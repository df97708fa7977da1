import { describe, expect, it } from 'vitest';
import { DynamoDbError } from '../../../lambdas/adapters/dynamodb/faults.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import { answering, inDynamo } from '../../support/answering.ts';

const item = (name: string) => ({ pk: name, sk: 'item' });

/** A table whose batches are answered so: with these items, and these keys left over. */
const given = (...batches: readonly [Batch, ...Batch[]]) => {
  const [first, ...others] = batches.map(({ found, left = [] }) => ({
    Responses: { state: found.map((name) => inDynamo(item(name))) },
    UnprocessedKeys: left.length === 0 ? {} : { state: { Keys: left.map((name) => inDynamo(item(name))) } },
  }));
  const { connection, sent } = answering(first ?? {}, ...others);
  const pauses: number[] = [];
  const table = dynamoTable(connection, 'state', async (tries) => void pauses.push(tries));
  const asked = () =>
    sent.map((input) =>
      (input as { RequestItems: { state: { Keys: { pk: { S: string } }[] } } }).RequestItems.state.Keys.map(
        ({ pk }) => pk.S
      )
    );
  return { table, asked, pauses };
};
interface Batch {
  readonly found: readonly string[];
  readonly left?: readonly string[];
}

const named = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `I${from + at}`);

describe('a batch of reads', () => {
  it('asks for the rest, and pauses before: longer each time in a row, and not at all before what is new', async () => {
    const all = named(0, 230);
    const { table, asked, pauses } = given(
      { found: named(0, 98), left: ['I98', 'I99'] },
      { found: named(98, 197), left: ['I197'] },
      { found: named(197, 230) }
    );
    expect((await table.getAll(all.map(item))).map(({ pk }) => pk)).toEqual(all);
    expect(asked()).toEqual([named(0, 100), named(98, 198), named(197, 230)]);
    expect(pauses).toEqual([1, 2]);

    const whole = given({ found: named(0, 100) }, { found: named(100, 120) });
    await whole.table.getAll(named(0, 120).map(item));
    expect(whole.pauses).toEqual([]);
  });

  it('counts from the beginning after a batch that was whole', async () => {
    const { table, pauses } = given(
      { found: named(0, 99), left: ['I99'] },
      { found: named(99, 199) },
      { found: [], left: ['I199'] },
      { found: ['I199'] }
    );
    expect(await table.getAll(named(0, 200).map(item))).toHaveLength(200);
    expect(pauses).toEqual([1, 1]);
  });

  it('gives up after five parts in a row', async () => {
    const { table, asked, pauses } = given({ found: [], left: ['I0'] });
    const thrown = await table.getAll([item('I0')]).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Retryable);
    expect((thrown as Error).message).toBe('state answered only a part of a batch 5 times in a row: try again');
    expect(asked()).toHaveLength(5);
    expect(pauses).toEqual([1, 2, 3, 4]);
  });
});

describe('a put that is made once', () => {
  const refused = (there?: object) =>
    new DynamoDbError('PutItem', {
      type: 'ConditionalCheckFailedException',
      status: 400,
      item: there && inDynamo(there),
    });

  it('answers with what stands there', async () => {
    const there = { ...item('I0'), content: { count: 1 } };
    expect(await dynamoTable(answering(refused(there)).connection, 'state').putOnce(item('I0'))).toEqual(there);
  });

  it('is Terminal where it is refused and nothing stands there', async () => {
    const put = dynamoTable(answering(refused()).connection, 'state').putOnce(item('I0'));
    const thrown = await put.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Terminal);
    expect((thrown as Error).message).toBe('writing to state was refused, and nothing stands there');
  });
});
