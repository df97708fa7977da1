import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { startDynoxide as startServer } from '../../local/dynamo/dynoxide.ts';

const BINARY = resolve('node_modules/@dynoxide/linux-x64/dynoxide');

/** Whether DynamoDB's API can be had on this machine without a network. */
export const hasDynoxide = existsSync(BINARY);

export interface Dynoxide {
  readonly endpoint: string;
  /** As functions have it. */
  readonly connection: Connection;
  /** As anybody else has it. */
  readonly client: DynamoDBClient;
  readonly state: 'state';
  readonly audit: 'audit';
  stop(): Promise<void>;
}

/** The two tables of the ledger on a DynamoDB of the test's own. */
export const startDynoxide = async (): Promise<Dynoxide> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-dynoxide-'));
  const server = await startServer(join(folder, 'tables.sqlite'), join(folder, 'dynoxide.log'));
  const endpoint = server.url.href;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials,
  });

  const key = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: 'state',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'gsi1pk', 'gsi1sk'].map(key),
      KeySchema: schema('pk', 'sk'),
      GlobalSecondaryIndexes: [
        { IndexName: 'by-tenant', KeySchema: schema('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    })
  );
  await client.send(
    new CreateTableCommand({
      TableName: 'audit',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map(key),
      KeySchema: schema('pk', 'sk'),
    })
  );
  return {
    endpoint,
    connection: dynamoConnection({
      endpoint: new URL(endpoint),
      region: 'us-east-1',
      credentials,
      timeoutMs: 10_000,
      around: (_, work) => work(),
    }),
    client,
    state: 'state',
    audit: 'audit',
    stop: async () => {
      client.destroy();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
