import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { startDynoxide } from '../local/dynamo/dynoxide.ts';
import { quantile } from './statistics.ts';

/** What this machine is like today: the same work without any governance, to read the other figures against. */
export interface Yardstick {
  /** Seven reads and seven writes, one after the other, through AWS's SDK, on a file. */
  readonly fourteenCallsP50Ms: number;
}

const WARM_UP = 150;
const ROUNDS = 150;
const TABLE = 'yardstick';

export const measureYardstick = async (): Promise<Yardstick> => {
  await using disposal = new AsyncDisposableStack();
  const folder = disposal.adopt(await mkdtemp(join(tmpdir(), 'writ-yardstick-')), (path) =>
    rm(path, { recursive: true, force: true })
  );
  const database = disposal.adopt(
    await startDynoxide(join(folder, 'dynamodb.sqlite'), join(folder, 'dynoxide.log')),
    (it) => it.close()
  );
  const client = disposal.adopt(
    new DynamoDBClient({
      endpoint: database.url.href,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
    (it) => it.destroy()
  );
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    })
  );
  const text = { S: 'x'.repeat(500) };
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const start = performance.now();
    for (let call = 0; call < 7; call += 1) {
      const pk = { S: `${round}-${call}` };
      await client.send(new PutItemCommand({ TableName: TABLE, Item: { pk, text } }));
      await client.send(new GetItemCommand({ TableName: TABLE, Key: { pk }, ConsistentRead: true }));
    }
    if (round >= WARM_UP) times.push(performance.now() - start);
  }
  return { fourteenCallsP50Ms: quantile(times, 0.5) };
};
