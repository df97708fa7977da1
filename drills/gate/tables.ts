import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';
import type { Item } from '../../lambdas/adapters/dynamodb/table.ts';
import { startDynoxide } from '../../local/dynamo/dynoxide.ts';

/** Two tables, as functions reach them and as anybody else does. */
export interface Tables {
  readonly connection: Connection;
  readonly client: DynamoDBClient;
  readonly state: string;
  readonly audit: string;
}

const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
const schema = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

/** The tables of a deployment, as far as keys and indexes go. */
export const createTables = async (
  client: DynamoDBClient,
  { state, audit }: Pick<Tables, 'state' | 'audit'>
): Promise<void> => {
  for (const [TableName, IndexName] of [
    [state, 'by-tenant'],
    [audit, 'by-day'],
  ] as const)
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map(text),
        KeySchema: schema('pk', 'sk'),
        GlobalSecondaryIndexes: [
          { IndexName, KeySchema: schema('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'KEYS_ONLY' } },
        ],
      })
    );
};

/** Everything that a table holds. */
export const itemsIn = async (client: DynamoDBClient, TableName: string): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const page of paginateScan({ client }, { TableName, ConsistentRead: true }))
    items.push(...(page.Items ?? []).map((item) => unmarshall(item) as Item));
  return items;
};

/** A DynamoDB that makes new tables for each world, and forgets them with it. */
export interface Database extends AsyncDisposable {
  tables(): Promise<Tables & { drop(): Promise<void> }>;
}

export const openDatabase = async (): Promise<Database> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-drill-'));
  const server = await startDynoxide(join(folder, 'tables.sqlite'), join(folder, 'dynoxide.log'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const region = 'us-east-1';
  const client = new DynamoDBClient({ endpoint: server.url.href, region, credentials });
  const connection = dynamoConnection({
    endpoint: server.url,
    region,
    credentials,
    timeoutMs: 10_000,
    around: (_, work) => work(),
  });
  return {
    tables: async () => {
      const own = randomBytes(6).toString('hex');
      const names = { state: `state-${own}`, audit: `audit-${own}` };
      await createTables(client, names);
      const drop = async (): Promise<void> => {
        for (const TableName of Object.values(names)) await client.send(new DeleteTableCommand({ TableName }));
      };
      return { connection, client, ...names, drop };
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
