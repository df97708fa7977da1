import { isObject, type Json, type JsonObject } from '../template/json.ts';
import type { Table } from '../template/tables.ts';

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: JsonObject;
}

const TIMEOUT_MS = 10_000;

/** Signed as any credentials would: the databases that run locally ask for a signature, and do not check it. */
export const SIGNATURE = {
  'x-amz-date': '20300101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
} as const;

const call = async (url: URL, operation: string, input: Json): Promise<Answer> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      ...SIGNATURE,
    },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new Error(`DynamoDB does not answer at ${url.origin}: start it, or correct the endpoint`, { cause });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (isObject(body)) return { ok: response.ok, status: response.status, body };
  throw new Error(
    `${url.origin} answered ${operation} with something that is no answer of DynamoDB: correct the endpoint`
  );
};

const creationOf = ({ name, properties: given }: Table): JsonObject => {
  const indexes = (list: typeof given.GlobalSecondaryIndexes): readonly JsonObject[] | undefined =>
    list?.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: given.KeySchema,
    AttributeDefinitions: given.AttributeDefinitions,
    GlobalSecondaryIndexes: indexes(given.GlobalSecondaryIndexes),
    LocalSecondaryIndexes: indexes(given.LocalSecondaryIndexes),
  };
};

/** What must be the same for a table to be used again: its key and the names and keys of its indexes, with their types. */
const shapeOf = (table: JsonObject): string => {
  const types = new Map<string, Json>();
  for (const definition of list(table.AttributeDefinitions)) {
    types.set(String(definition.AttributeName), definition.AttributeType ?? null);
  }
  const keys = (schema: Json | undefined): string =>
    list(schema)
      .map(({ AttributeName, KeyType }) => `${AttributeName} ${types.get(String(AttributeName))} ${KeyType}`)
      .join(', ');
  const indexes = [...list(table.GlobalSecondaryIndexes), ...list(table.LocalSecondaryIndexes)]
    .map(({ IndexName, KeySchema }) => `index ${IndexName} (${keys(KeySchema)})`)
    .sort();
  return [`key (${keys(table.KeySchema)})`, ...indexes].join(', ');
};

const list = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const ensureTable = async (url: URL, table: Table): Promise<void> => {
  const creation = creationOf(table);
  const created = await call(url, 'CreateTable', creation);
  if (created.ok) return;
  const found = await call(url, 'DescribeTable', { TableName: table.name });
  if (!found.ok || !isObject(found.body.Table)) {
    throw new Error(`table ${table.name} cannot be created: ${JSON.stringify(created.body)}`);
  }
  const [expected, actual] = [shapeOf(creation), shapeOf(found.body.Table)];
  if (expected === actual) return;
  throw new Error(
    `table ${table.name} exists with ${actual}, but the template says ${expected}: remove the data folder to begin anew`
  );
};

/** Creates the template's tables, without streams. One that exists is kept if its keys and indexes are the same. */
export const ensureTables = async (url: URL, tables: readonly Table[]): Promise<void> => {
  for (const table of tables) await ensureTable(url, table);
};
