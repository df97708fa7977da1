import type { PutItemInput, TransactWriteItemsInput } from '@aws-sdk/client-dynamodb';
import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';
import type { Key } from '../../lambdas/adapters/dynamodb/table.ts';

/** An item that a call writes. */
export interface Written {
  readonly table: string;
  readonly key: Key;
  /** Of a claim: each attempt is another one. */
  readonly attempt?: number;
}

/** What is told apart of what was written: an item, and of a claim each attempt. */
export const nameOf = ({ key: { pk, sk }, attempt }: Omit<Written, 'table'>): string =>
  attempt === undefined ? `${pk}/${sk}` : `${pk}/${sk}/${attempt}`;

type Attributes = NonNullable<PutItemInput['Item']>;

const keyIn = ({ pk, sk }: Attributes): Key => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' });
const put = ({ TableName, Item = {} }: PutItemInput): Written => {
  const attempt = Number(Item.content?.M?.attempt?.N);
  return { table: TableName ?? '', key: keyIn(Item), ...(Number.isInteger(attempt) && { attempt }) };
};

const writesOf = (operation: Operation, input: object): readonly Written[] => {
  if (operation === 'PutItem') return [put(input as PutItemInput)];
  if (operation !== 'TransactWriteItems') return [];
  return ((input as TransactWriteItemsInput).TransactItems ?? []).flatMap(({ Put, Update }) => [
    ...(Put ? [put(Put as PutItemInput)] : []),
    ...(Update ? [{ table: Update.TableName ?? '', key: keyIn(Update.Key ?? {}) }] : []),
  ]);
};

/** Knows what may have been written through its connection: what lies in the tables has to be looked at there. */
export interface Journal {
  readonly connection: Connection;
  /** Everything written, and what is being written at this moment. */
  begun(): ReadonlySet<string>;
  /** What may have changed since this was last called. */
  changed(): readonly Written[];
}

export const journalOf = (real: Connection): Journal => {
  const written = new Set<string>();
  const underWay = new Map<object, readonly Written[]>();
  let changed = new Map<string, Written>();
  const call = async (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> => {
    const writes = writesOf(operation, input);
    if (writes.length === 0) return real.call(operation, input);
    const those = {};
    underWay.set(those, writes);
    try {
      const answer = await real.call(operation, input);
      for (const each of writes) written.add(nameOf(each));
      return answer;
    } finally {
      underWay.delete(those);
      for (const each of writes) changed.set(`${each.table}/${nameOf({ key: each.key })}`, each);
    }
  };
  return {
    connection: { call } as Connection,
    begun: () => new Set([...written, ...[...underWay.values()].flat().map(nameOf)]),
    changed: () => {
      const those = [...changed.values()];
      changed = new Map();
      return those;
    },
  };
};
