import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dynamoConnection } from '../../../lambdas/adapters/dynamodb/connection.ts';
import { DynamoDbError, isTransient } from '../../../lambdas/adapters/dynamodb/faults.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const servers: Server[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** A byte now and then, without an end. */
const dripping: Answer = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

const SECRET = 'the-secret-key';

/** A server that answers as told, one answer a request, the last one for all that follow. */
const given = (...answers: readonly [Answer, ...Answer[]]) => givenWith({}, ...answers);
const givenWith = async (
  { host = '127.0.0.1', ...options }: { readonly tries?: number; readonly host?: string },
  ...answers: readonly [Answer, ...Answer[]]
) => {
  const asked: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      asked.push({ headers: request.headers, body });
      (answers[Math.min(asked.length, answers.length) - 1] ?? answers[0])(response, request);
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  const calls: string[] = [];
  const connection = dynamoConnection({
    endpoint: new URL(`http://${host}:${typeof address === 'object' ? address?.port : ''}`),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'KEY', secretAccessKey: SECRET, sessionToken: 'token' },
    timeoutMs: 400,
    ...options,
    around: (operation, work) => {
      calls.push(operation);
      return work();
    },
  });
  const get = () => connection.call('GetItem', { TableName: 'state', Key: { pk: { S: 'Ada Lovelace' } } });
  return {
    asked,
    calls,
    get,
    fault: () =>
      get().then(
        () => undefined,
        (error: unknown) => error
      ),
  };
};

const json =
  (status: number, body: object): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  };
const error = (status: number, type: string, more: object = {}) =>
  json(status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'about Ada Lovelace', ...more });
const found = json(200, { Item: { pk: { S: 'x' } } });

describe('a connection to DynamoDB', () => {
  it('calls by the JSON protocol, signed, and once around each call', async () => {
    const { asked, calls, get } = await given(found);

    expect(await get()).toEqual({ Item: { pk: { S: 'x' } } });

    expect(calls).toEqual(['GetItem']);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers).toMatchObject({
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=KEY\/\d{8}\/eu-central-1\/dynamodb\/aws4_request/
      ),
    });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ TableName: 'state', Key: { pk: { S: 'Ada Lovelace' } } });
  });

  it.each<[string, Answer]>([
    ['a throttle', error(400, 'ProvisionedThroughputExceededException')],
    ['an error of the service', error(500, 'InternalServerError')],
    ['a page of a proxy', (response) => void response.writeHead(502).end('<html>bad gateway')],
    ['a connection that breaks', (_, request) => void request.socket.destroy()],
    [
      'an answer that breaks off',
      (response) => void response.writeHead(200, { 'content-length': 99 }).write('{"It', () => response.destroy()),
    ],
    ['no answer in time', () => undefined],
    ['an answer that drips', dripping],
  ])('tries again after %s', async (_, answer) => {
    const { asked, calls, get } = await given(answer, found);

    expect(await get()).toEqual({ Item: { pk: { S: 'x' } } });
    expect(asked).toHaveLength(2);
    expect(calls).toEqual(['GetItem']);
  });

  it('tries again where the name is not found in time', async () => {
    const { asked, get } = await givenWith({ host: 'dynamodb.test' }, found);
    const lookUp = vi.spyOn(dns, 'lookup').mockImplementationOnce((() => undefined) as never);
    lookUp.mockImplementation(((_: string, __: object, done: (error: null, addresses: object[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never);

    expect(await get()).toEqual({ Item: { pk: { S: 'x' } } });
    expect(lookUp).toHaveBeenCalledTimes(2);
    expect(asked).toHaveLength(1);
  });

  it('gives up after three tries, and says that it may be tried again', async () => {
    const { asked, fault } = await given(error(400, 'ThrottlingException'));
    const thrown = await fault();
    expect(thrown).toBeInstanceOf(DynamoDbError);
    expect(isTransient(thrown)).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it('tries no more often than it is told to', async () => {
    const { asked, fault } = await givenWith({ tries: 1 }, error(400, 'ThrottlingException'), found);
    expect(isTransient(await fault())).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['AccessDeniedException', undefined],
    ['ValidationException', undefined],
    ['ConditionalCheckFailedException', { S: 'x' }],
  ])('takes %s for an answer', async (type, pk) => {
    const { asked, fault } = await given(error(400, type, pk && { Item: { pk } }));
    const thrown = await fault();
    expect(thrown).toMatchObject({ name: type, status: 400, message: `GetItem was answered with ${type}` });
    expect((thrown as DynamoDbError).item).toEqual(pk && { pk });
    expect(isTransient(thrown)).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it('leaves conflicts of transactions to the caller', async () => {
    const reasons = [{ Code: 'None' }, { Code: 'TransactionConflict' }];
    const { asked, fault } = await given(error(400, 'TransactionCanceledException', { CancellationReasons: reasons }));
    expect(await fault()).toMatchObject({ name: 'TransactionCanceledException', reasons });
    expect(asked).toHaveLength(1);
  });

  it('puts neither secrets nor content into an error', async () => {
    const { fault } = await given(error(400, 'ValidationException'));
    const thrown = (await fault()) as Error;
    expect(`${thrown.message} ${thrown.stack} ${thrown.cause}`).not.toMatch(/Lovelace|the-secret-key|token/);
  });
});
