import { randomBytes } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { createTables } from '../../drills/gate/tables.ts';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { startDynoxide as startServer } from '../../local/dynamo/dynoxide.ts';

const BINARY = resolve('node_modules/@dynoxide/linux-x64/dynoxide');

/** The prefix of tables in an account, where these suites are to run there: `npm run test:aws`. */
const ACCOUNT = process.env.WRIT_AWS_STACK;

/** Whether DynamoDB can be had: on this machine without a network, or in an account that is named. */
export const hasDynoxide = ACCOUNT !== undefined || existsSync(BINARY);

export interface Dynoxide {
  readonly endpoint: string;
  /** As functions have it. */
  readonly connection: Connection;
  /** As anybody else has it. */
  readonly client: DynamoDBClient;
  readonly state: string;
  readonly audit: string;
  stop(): Promise<void>;
}

interface Place {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  readonly region: string;
  readonly state: string;
  readonly audit: string;
  close(): Promise<void>;
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

const MEMORY = '/dev/shm';
const ROOM_BYTES = 1_000_000_000;

/** Tables of a test lie in memory where there is room: dynoxide syncs every write, and a disk would have the tests wait for that. */
const parentFolder = (): string => {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize > ROOM_BYTES ? MEMORY : tmpdir();
};

const onThisMachine = async (): Promise<Place> => {
  const folder = await mkdtemp(join(parentFolder(), 'writ-dynoxide-'));
  const server = await startServer(join(folder, 'tables.sqlite'), join(folder, 'dynoxide.log'));
  const endpoint = server.url.href;
  const region = 'us-east-1';
  return {
    client: new DynamoDBClient({ endpoint, region, credentials }),
    endpoint,
    region,
    state: 'state',
    audit: 'audit',
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Tables of the suite's own, so that nothing which is there can be harmed. */
const inAccount = async (prefix: string): Promise<Place> => {
  const client = new DynamoDBClient({});
  const region = await client.config.region();
  const own = `${prefix}-test-${randomBytes(4).toString('hex')}`;
  const [state, audit] = [`${own}-state`, `${own}-audit`];
  return {
    client,
    endpoint: process.env.AWS_ENDPOINT_URL ?? `https://dynamodb.${region}.amazonaws.com`,
    region,
    state,
    audit,
    close: async () => {
      for (const TableName of [state, audit]) await client.send(new DeleteTableCommand({ TableName }));
    },
  };
};

/** The two tables of the ledger on a DynamoDB of the test's own, or in an account. */
export const startDynoxide = async (): Promise<Dynoxide> => {
  const place = await (ACCOUNT === undefined ? onThisMachine() : inAccount(ACCOUNT));
  const { client, endpoint, region, state, audit } = place;

  await createTables(client, { state, audit });
  if (ACCOUNT !== undefined)
    for (const TableName of [state, audit])
      await waitUntilTableExists({ client, maxWaitTime: 120, minDelay: 1, maxDelay: 5 }, { TableName });
  return {
    endpoint,
    connection: dynamoConnection({
      endpoint: new URL(endpoint),
      region,
      credentials: await client.config.credentials(),
      timeoutMs: 10_000,
      around: (_, work) => work(),
    }),
    client,
    state,
    audit,
    stop: async () => {
      await place.close();
      client.destroy();
    },
  };
};
