import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Connection, Operation } from '../lambdas/adapters/dynamodb/connection.ts';

type Attributes = Record<string, AttributeValue>;

const UNIT_BYTES = 1_024;

const textBytes = (text: string): number => Buffer.byteLength(text);

/** What DynamoDB counts a value as: text in UTF-8, a number by its digits, a list or map three bytes and one for each member. */
const valueBytes = (value: AttributeValue): number => {
  if (value.S !== undefined) return textBytes(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[-.]/g, '').length / 2) + 2;
  if (value.L !== undefined) return value.L.reduce((sum, each) => sum + 1 + valueBytes(each), 3);
  if (value.M !== undefined) return itemBytes(value.M) + 3 + Object.keys(value.M).length;
  if (value.B !== undefined) return value.B.byteLength;
  return 1; // a flag, or nothing
};

/** The size of an item as DynamoDB counts it. */
export const itemBytes = (item: Attributes): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0);

const unitsOf = (item: Attributes | undefined): number => Math.max(1, Math.ceil(itemBytes(item ?? {}) / UNIT_BYTES));

interface Part {
  readonly TableName?: string | undefined;
  readonly Key?: Attributes | undefined;
  readonly Item?: Attributes | undefined;
}

const partOf = ({ Put, Update, ConditionCheck, Delete }: TransactWriteItem): Part =>
  Put ?? Update ?? ConditionCheck ?? Delete ?? {};

export interface Metered {
  readonly connection: Connection;
  /** What was written since it was asked last: units, and of what. */
  readonly taken: () => { readonly units: number; readonly items: number; readonly calls: number };
}

/**
 * A connection that counts write units as DynamoDB does: for each KB begun of an item one, in a transaction two, checks
 * included. The size of what was updated or checked is that of the item as it stands afterwards.
 */
export const metered = (real: Connection): Metered => {
  const tally = { units: 0, items: 0, calls: 0 };
  const sizeOf = async ({ TableName, Key, Item }: Part): Promise<number> =>
    Item ? unitsOf(Item) : unitsOf((await real.call('GetItem', { TableName, Key, ConsistentRead: true })).Item);

  const call = async (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> => {
    const answer = await real.call(operation, input);
    tally.calls += 1;
    const inTransaction = 'TransactItems' in input;
    const parts = inTransaction ? (input.TransactItems ?? []).map(partOf) : 'Item' in input ? [input as Part] : [];
    for (const part of parts) {
      tally.items += 1;
      tally.units += (await sizeOf(part)) * (inTransaction ? 2 : 1);
    }
    return answer;
  };
  return {
    connection: { call } as Connection,
    taken: () => {
      const taken = { ...tally };
      Object.assign(tally, { units: 0, items: 0, calls: 0 });
      return taken;
    },
  };
};
