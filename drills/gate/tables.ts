import { randomBytes } from 'node:crypto';
import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, type ScanOutput } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { dynamoTable, type Item } from '../../lambdas/adapters/dynamodb/table.ts';
import { jsonService } from '../../lambdas/adapters/json-service.ts';
import { startDynoxide } from '../../local/dynamo/dynoxide.ts';
import { journalOf, nameOf } from './journal.ts';

interface Names {
  readonly state: string;
  readonly audit: string;
}
export type Contents = { readonly [Table in keyof Names]: readonly Item[] };

/** Two tables, as functions reach them. */
export interface Tables extends Names {
  readonly connection: Connection;
  /** What was written, or is being written at this moment. */
  begun(): ReadonlySet<string>;
  /** What they hold, as far as anything was written since it was asked for last. An item that was not written is the same object. */
  contents(): Promise<Contents>;
  /** The same, by reading everything. */
  everything(): Promise<Contents>;
}

const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
const schema = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

/** The tables of a deployment, as far as keys and indexes go. */
export const createTables = async (client: DynamoDBClient, { state, audit }: Names): Promise<void> => {
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

/** A DynamoDB that makes new tables for each world, and forgets them with it. */
export interface Database extends AsyncDisposable {
  tables(): Promise<Tables & { drop(): Promise<void> }>;
}

const MEMORY = '/dev/shm';
const ROOM_BYTES = 1_000_000_000;

/** A folder in memory, where this machine has one with room for everybody: what a drill keeps need not outlive it, and need not wait for a disk. */
export const passingFolder = async (name: string): Promise<string> => {
  const hasRoom = await Promise.all([access(MEMORY, constants.W_OK), statfs(MEMORY)]).then(
    ([, { bavail, bsize }]) => bavail * bsize > ROOM_BYTES,
    () => false
  );
  return mkdtemp(join(hasRoom ? MEMORY : tmpdir(), name));
};

type Service = Parameters<typeof jsonService>[0];

/** Whole tables, for which the product has no need. */
const scanning = (service: Service) => {
  const call = jsonService(service, {
    service: 'dynamodb',
    target: 'DynamoDB_20120810',
    errorOf: (operation, { type }) => new Error(`${operation} was answered with ${type}`),
    isTransient: () => false,
  });
  return async (TableName: string): Promise<readonly Item[]> => {
    const items: Item[] = [];
    let after: ScanOutput['LastEvaluatedKey'];
    do {
      const input = { TableName, ConsistentRead: true, ...(after && { ExclusiveStartKey: after }) };
      const page = (await call('Scan', input)) as ScanOutput;
      items.push(...(page.Items ?? []).map((item) => unmarshall(item) as Item));
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
    return items;
  };
};

/** Two tables, and what they held when they were looked at last. */
const looking = (connection: Connection, { state, audit }: Names, scan: ReturnType<typeof scanning>): Tables => {
  const journal = journalOf(connection);
  const tables = [state, audit].map((name) => ({
    table: dynamoTable(connection, name),
    items: new Map<string, Item>(),
  }));
  const known = (): Contents => {
    const [ofState, ofAudit] = tables.map(({ items }) => [...items.values()]);
    return { state: ofState ?? [], audit: ofAudit ?? [] };
  };
  return {
    connection: journal.connection,
    state,
    audit,
    begun: journal.begun,
    contents: async () => {
      const changed = journal.changed();
      const reading = tables.map(async ({ table, items }) => {
        const keys = changed.filter((each) => each.table === table.name).map(({ key }) => key);
        for (const item of keys.length > 0 ? await table.getAll(keys) : []) items.set(nameOf({ key: item }), item);
      });
      await Promise.all(reading);
      return known();
    },
    everything: async () => ({ state: await scan(state), audit: await scan(audit) }),
  };
};

export const openDatabase = async (): Promise<Database> => {
  const folder = await passingFolder('writ-drill-');
  const server = await startDynoxide(join(folder, 'tables.sqlite'), join(folder, 'dynoxide.log'));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const region = 'us-east-1';
  const client = new DynamoDBClient({ endpoint: server.url.href, region, credentials });
  const service: Service = {
    endpoint: server.url,
    region,
    credentials,
    timeoutMs: 10_000,
    around: (_, work) => work(),
  };
  const connection = dynamoConnection(service);
  const scan = scanning(service);
  return {
    tables: async () => {
      const own = randomBytes(6).toString('hex');
      const names = { state: `state-${own}`, audit: `audit-${own}` };
      await createTables(client, names);
      const drop = async (): Promise<void> => {
        for (const TableName of Object.values(names)) await client.send(new DeleteTableCommand({ TableName }));
      };
      return { ...looking(connection, names, scan), drop };
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
