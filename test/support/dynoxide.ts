import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';

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

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const untilAnswering = async (client: DynamoDBClient, server: ChildProcess): Promise<void> => {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`dynoxide ended with ${server.exitCode}`);
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch {
      await new Promise((again) => setImmediate(again));
    }
  }
};

/** The two tables of the ledger on a DynamoDB of the test's own. */
export const startDynoxide = async (): Promise<Dynoxide> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-dynoxide-'));
  const port = await freePort();
  const server = spawn(BINARY, ['serve', '--port', String(port), '--db-path', join(folder, 'tables.db')], {
    stdio: 'ignore',
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials,
  });
  await untilAnswering(client, server);

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
        { IndexName: 'by-tenant', KeySchema: schema('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'ALL' } },
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
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
