import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { s3Archive } from '../../lambdas/adapters/archive.ts';
import { Retryable, Terminal } from '../../lambdas/core/errors.ts';

const KEY = 'roots/2030-01-02.json';

const opened: { readonly server: Server; readonly s3: S3Client }[] = [];
afterEach(async () => {
  for (const { server, s3 } of opened.splice(0)) {
    s3.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** The archive in a bucket that answers a listing with one key, and everything else so. */
const given = async (answer: RequestListener) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const { searchParams } = new URL(request.url ?? '', 'http://s3.test');
    if (searchParams.has('list-type'))
      return void response.end(
        `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>${KEY}</Key></Contents></ListBucketResult>`
      );
    asked.push(`${request.method} ${request.headers['if-none-match'] ?? ''}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret' },
    requestHandler: { socketTimeout: 1_000 },
    maxAttempts: 1,
  });
  opened.push({ server, s3 });
  return { archive: s3Archive(s3, 'bucket'), asked };
};

const refused =
  (status: number, code: string): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(`<Error><Code>${code}</Code><Message>about a tenant</Message></Error>`);

const fault = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error
  );

describe('an archive on S3', () => {
  it('reads what is there, and asks for nothing that is not', async () => {
    const { archive, asked } = await given((_, response) => void response.end('{"day":"2030-01-02"}'));
    expect(await archive.read(KEY)).toBe('{"day":"2030-01-02"}');
    expect(await archive.read('roots/2030-01-03.json')).toBeUndefined();
    expect(asked).toEqual(['GET ']);
  });

  it.each([
    [403, 'AccessDenied', Terminal],
    [404, 'NoSuchBucket', Terminal],
    [503, 'SlowDown', Retryable],
    [500, 'InternalError', Retryable],
  ])('takes a %d %s for what it is, reading and writing, and quotes nothing', async (status, code, kind) => {
    const { archive } = await given(refused(status, code));
    for (const work of [() => archive.read(KEY), () => archive.putOnce(KEY, '{}')]) {
      const thrown = await fault(work());
      expect(thrown).toBeInstanceOf(kind);
      expect((thrown as Error).message).toContain(`(${code})`);
      expect((thrown as Error).message).not.toContain('a tenant');
    }
  });

  it('writes under the condition that nothing is there, and is content where something is', async () => {
    const { archive, asked } = await given(refused(412, 'PreconditionFailed'));
    await archive.putOnce(KEY, '{}');
    expect(asked).toEqual(['PUT *']);
  });

  it.each<[string, RequestListener]>([
    [
      'breaks off',
      (_, response) => void response.writeHead(200, { 'content-length': 99 }).write('{"d', () => response.destroy()),
    ],
    ['stops half-way', (_, response) => void response.writeHead(200, { 'content-length': 99 }).write('{"d')],
  ])('is Retryable where an object %s', async (_, answer) => {
    const { archive } = await given(answer);
    expect(await fault(archive.read(KEY))).toBeInstanceOf(Retryable);
  });
});
