import type { QueryInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { Retryable, Terminal } from '../../core/errors.ts';
import { backOff } from '../backoff.ts';
import type { Connection } from './connection.ts';
import { DynamoDbError, toFault } from './faults.ts';

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** An item as plain data. */
export type Item = Readonly<Record<string, unknown>> & Key;

/** Undefined members are left out, as JSON leaves them out. */
export const marshalled = (data: object) => marshall(data, { removeUndefinedValues: true });

const unmarshalled = (item: Parameters<typeof unmarshall>[0]): Item => unmarshall(item) as Item;

/** A condition or an update: the names and values of its expressions as plain data. */
export interface Expression {
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A condition in the words of DynamoDB's API. */
export const conditionOf = ({ condition, names, values }: Expression) => ({
  ConditionExpression: condition,
  ...(names && { ExpressionAttributeNames: { ...names } }),
  ...(values && { ExpressionAttributeValues: marshalled(values) }),
});

/** One page of a query, and where the next one begins. */
export interface Page {
  readonly items: readonly Item[];
  readonly next?: Readonly<Record<string, unknown>>;
}

export interface Query {
  readonly index?: string;
  readonly partition: string;
  /** Only what sorts behind this. */
  readonly behind?: string;
  /** Only items whose sort key starts so; not in an index. */
  readonly startsWith?: string;
  readonly limit?: number;
  readonly newestFirst?: boolean;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** DynamoDB's own limit for a batch of reads. */
const BATCH = 100;
/** How often the rest of a batch is asked for again, and half of the longest pause before the first time: a rest is a throttle. */
const BATCH_TRIES = 5;
const PAUSE_MS = 20;

const putIf = async (
  connection: Connection,
  table: string,
  item: Item,
  expression: Expression
): Promise<{ readonly there: Item | undefined } | undefined> => {
  try {
    await connection.call('PutItem', {
      TableName: table,
      Item: marshalled(item),
      ...conditionOf(expression),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return undefined;
  } catch (error) {
    const isRefused = error instanceof DynamoDbError && error.name === 'ConditionalCheckFailedException';
    if (!isRefused) return toFault(`writing to ${table}`)(error);
    return { there: error.item && unmarshalled(error.item) };
  }
};

/** Plain items of one table. Reads are strongly consistent, but for those of an index. Throws `Retryable` or `Terminal`. */
export const dynamoTable = (
  connection: Connection,
  name: string,
  pause = (tries: number): Promise<void> => backOff(tries, PAUSE_MS)
) => ({
  name,

  async get({ pk, sk }: Key): Promise<Item | undefined> {
    const { Item: item } = await connection
      .call('GetItem', { TableName: name, Key: marshalled({ pk, sk }), ConsistentRead: true })
      .catch(toFault(`reading from ${name}`));
    return item && unmarshalled(item);
  },

  /** Items by key, 100 in one call; those that do not exist are left out, the order is lost. */
  async getAll(keys: readonly Key[]): Promise<readonly Item[]> {
    const items: Item[] = [];
    let wanted = keys.map(({ pk, sk }) => marshalled({ pk, sk }));
    let partial = 0;
    while (wanted.length > 0) {
      if (partial === BATCH_TRIES)
        throw new Retryable(`${name} answered only a part of a batch ${BATCH_TRIES} times in a row: try again`);
      if (partial > 0) await pause(partial);
      const answer = await connection
        .call('BatchGetItem', { RequestItems: { [name]: { Keys: wanted.slice(0, BATCH), ConsistentRead: true } } })
        .catch(toFault(`reading from ${name}`));
      items.push(...(answer.Responses?.[name] ?? []).map(unmarshalled));
      const left = answer.UnprocessedKeys?.[name]?.Keys ?? [];
      partial = left.length > 0 ? partial + 1 : 0;
      wanted = [...left, ...wanted.slice(BATCH)];
    }
    return items;
  },

  /** Puts an item where the condition holds, and answers nothing; else that it was refused, with what stands there. */
  putIf: (item: Item, expression: Expression) => putIf(connection, name, item, expression),

  /** Puts an item unless there is one with its key; returns the one that stands there then. */
  async putOnce(item: Item): Promise<Item> {
    const refused = await putIf(connection, name, item, { condition: 'attribute_not_exists(pk)' });
    if (refused === undefined) return item;
    if (refused.there === undefined) throw new Terminal(`writing to ${name} was refused, and nothing stands there`);
    return refused.there;
  },

  /** Puts an item, whatever stands there. */
  async put(item: Item): Promise<void> {
    await connection.call('PutItem', { TableName: name, Item: marshalled(item) }).catch(toFault(`writing to ${name}`));
  },

  async query({ index, partition, behind, startsWith, limit, newestFirst = false, after }: Query): Promise<Page> {
    const sorted = index === undefined ? 'sk' : 'gsi1sk';
    const within = [
      '#pk = :pk',
      ...(behind === undefined ? [] : ['#sk > :behind']),
      ...(startsWith === undefined ? [] : ['begins_with(#sk, :start)']),
    ];
    const input: QueryInput = {
      TableName: name,
      KeyConditionExpression: within.join(' AND '),
      ExpressionAttributeNames: {
        '#pk': index === undefined ? 'pk' : 'gsi1pk',
        ...(within.length > 1 && { '#sk': sorted }),
      },
      ExpressionAttributeValues: marshalled({ ':pk': partition, ':behind': behind, ':start': startsWith }),
      ScanIndexForward: !newestFirst,
      ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
      ...(limit !== undefined && { Limit: limit }),
      ...(after && { ExclusiveStartKey: marshalled(after) }),
    };
    const answer = await connection.call('Query', input).catch(toFault(`reading from ${name}`));
    return {
      items: (answer.Items ?? []).map(unmarshalled),
      ...(answer.LastEvaluatedKey && { next: unmarshall(answer.LastEvaluatedKey) }),
    };
  },
});
export type Table = ReturnType<typeof dynamoTable>;

/** Every item of a partition, over all its pages. */
export const queryAll = async (table: Table, query: Pick<Query, 'index' | 'partition'>): Promise<readonly Item[]> => {
  const items: Item[] = [];
  let after: Page['next'];
  do {
    const page = await table.query({ ...query, ...(after && { after }) });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
};
