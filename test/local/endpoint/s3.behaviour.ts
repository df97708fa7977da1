import { request } from 'node:http';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { aFolder, anAssembly } from '../assembly.ts';
import { clientOptions, SIGNED } from '../calls.ts';
import { start } from '../sample.ts';

const bucket = (BucketName: string, more: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName, ...more },
});
const lockedFor = (Mode: string, Days: number) => ({
  ObjectLockEnabled: true,
  ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode, Days } } },
});
const assembly = anAssembly({
  Store: {
    Resources: {
      Plain: bucket('plain'),
      Versioned: bucket('versioned', { VersioningConfiguration: { Status: 'Enabled' } }),
      Lockable: bucket('lockable', { ObjectLockEnabled: true }),
      Locked: bucket('locked', lockedFor('COMPLIANCE', 1)),
    },
  },
});
const statement = (
  Effect: string,
  Action: string | readonly string[],
  Resource: string,
  more: JsonObject = {}
): JsonObject => ({
  Effect,
  Action,
  Resource,
  ...more,
});
const policyFor = (...Statement: readonly JsonObject[]): JsonObject => ({ Version: '2012-10-17', Statement });
/** A role that may read and write what the bucket's own policy does not keep from it, and lift no lock. */
const withRole = anAssembly({
  Store: {
    Resources: {
      Bucket: bucket('guarded', { ObjectLockEnabled: true }),
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: { Ref: 'Bucket' },
          PolicyDocument: policyFor(
            statement('Deny', 's3:*', 'arn:aws:s3:::guarded/kept/*', { Principal: '*' }),
            statement('Deny', 's3:*', 'arn:aws:s3:::guarded/*', {
              Principal: '*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            })
          ),
        },
      },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'writer',
          AssumeRolePolicyDocument: policyFor({
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { AWS: 'arn:aws:iam::000000000000:root' },
          }),
          Policies: [
            {
              PolicyName: 'own',
              PolicyDocument: policyFor(
                statement(
                  'Allow',
                  ['s3:GetObject', 's3:PutObject', 's3:PutObjectRetention', 's3:DeleteObjectVersion'],
                  'arn:aws:s3:::guarded/*'
                )
              ),
            },
          ],
        },
      },
    },
  },
});
const TOMORROW = new Date(Date.now() + 86_400_000);
const LATER = new Date(Date.now() + 2 * 86_400_000);
const SOONER = new Date(Date.now() + 3_600_000);

describe('S3 at the endpoint', () => {
  const data = aFolder();
  let stack: LocalStack;
  let s3: S3Client;
  const open = async (): Promise<void> => {
    stack = await start(assembly, { data, users: [] });
    s3 = new S3Client(clientOptions(stack));
  };
  beforeAll(open);
  afterAll(() => stack.close());

  const put = (
    Bucket: string,
    Key: string,
    Body: string | Buffer | Readable,
    more: Partial<PutObjectCommandInput> = {}
  ) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
  const get = async (Bucket: string, Key: string, more: Partial<GetObjectCommandInput> = {}) => {
    const { Body, ...rest } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
    return { ...rest, text: await Body?.transformToString() };
  };
  const versionsOf = async (Bucket: string, Prefix: string) => {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    return [Versions.length, DeleteMarkers.length];
  };
  const remove = (Bucket: string, Key: string, more: object = {}) =>
    s3.send(new DeleteObjectCommand({ Bucket, Key, ...more }));

  it('has the buckets of the template', async () => {
    const { Buckets } = await s3.send(new ListBucketsCommand());
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['plain', 'versioned', 'lockable', 'locked']);
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'plain' }))).Status).toBeUndefined();
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'lockable' }))).Status).toBe('Enabled');
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'plain' }))).LocationConstraint).toBeUndefined();
    expect((await s3.send(new HeadBucketCommand({ Bucket: 'plain' }))).BucketRegion).toBe('us-east-1');
  });

  it.each([
    ['text', 'héllo'],
    ['nothing', Buffer.alloc(0)],
    ['bytes of every value', Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 256))],
  ])('gives back %s as it was put', async (_, content) => {
    const { ETag } = await put('plain', 'a b/ü+%.txt', content, { ContentType: 'text/plain', Metadata: { who: 'me' } });
    const { Body, ...said } = await s3.send(new GetObjectCommand({ Bucket: 'plain', Key: 'a b/ü+%.txt' }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? [])).toEqual(Buffer.from(content as string));
    expect(said).toMatchObject({ ETag, ContentType: 'text/plain', Metadata: { who: 'me' } });
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'plain', Key: 'a b/ü+%.txt' }));
    expect(head).toMatchObject({ ETag, ContentLength: Buffer.byteLength(content) });
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'takes a stream that is summed up on its way by %s',
    async (algorithm) => {
      const body = Readable.from([Buffer.from('first '), Buffer.from('second')]);
      await put('plain', algorithm, body, { ChecksumAlgorithm: algorithm, ContentLength: 12 });
      const found = await get('plain', algorithm, { ChecksumMode: 'ENABLED' }); // the client checks what it gets
      expect(found.text).toBe('first second');
      expect(found[`Checksum${algorithm}`]).toMatch(/=/);
    }
  );

  it.each([
    ['bytes=1-3', 'ell'],
    ['bytes=3-', 'lo'],
    ['bytes=-2', 'lo'],
    ['bytes=0-99', 'hello'],
  ])('gives the part %s', async (Range, expected) => {
    await put('plain', 'range', 'hello');
    expect((await get('plain', 'range', { Range })).text).toBe(expected);
  });

  it('answers at the host of a bucket too, and by a URL that somebody was given', async () => {
    await put('plain', 'hosted', 'here');
    const { port } = new URL(stack.endpointUrl);
    const ask = (path: string, headers: Readonly<Record<string, string>>): Promise<string> =>
      new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path, headers }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece) => {
            text += piece;
          });
          response.on('end', () => resolve(text));
        });
        asked.on('error', reject).end();
      });
    expect(
      await ask('/hosted', { host: `plain.localhost:${port}`, authorization: SIGNED.replace('/any/', '/s3/') })
    ).toBe('here');
    const query = (date: string) =>
      `X-Amz-Credential=test%2F20300101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=${date}&X-Amz-Expires=60`;
    const now = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
    expect(await ask(`/plain/hosted?${query(now)}`, {})).toBe('here');
    expect(await ask(`/plain/hosted?${query('20200101T000000Z')}`, {})).toContain('<Code>AccessDenied</Code>');
    const split = `/plain/hosted?${query(now)}&response-content-type=a%0D%0Ab`;
    expect(await ask(split, {})).toContain('<Code>InternalError</Code>');
  });

  describe('lists', () => {
    const keys = ['a/1', 'a/2', 'b', 'c/1', 'c/d/2', 'é', '\u{10000}', '\uffee'];
    beforeAll(async () => {
      for (const key of keys) await put('versioned', `list/${key}`, key);
    });
    const list = async (pageSize: number, more: object = {}) => {
      const found: (string | undefined)[] = [];
      const input = { Bucket: 'versioned', Prefix: 'list/', ...more };
      for await (const { Contents = [], CommonPrefixes = [] } of paginateListObjectsV2({ client: s3, pageSize }, input))
        found.push(...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix));
      return found.map((key) => key?.slice('list/'.length));
    };

    it.each([1, 3, 1000])('all keys in the order of their bytes, %i at a time', async (pageSize) => {
      expect(await list(pageSize)).toEqual(['a/1', 'a/2', 'b', 'c/1', 'c/d/2', 'é', '\uffee', '\u{10000}']);
    });

    it.each([1, 2, 1000])('keys up to a delimiter, %i at a time, each beginning once', async (pageSize) => {
      const found = await list(pageSize, { Delimiter: '/' });
      expect(found.toSorted()).toEqual(['a/', 'b', 'c/', 'é', '\u{10000}', '\uffee'].toSorted());
    });

    it('keys after another, and none where there are none', async () => {
      expect(await list(10, { StartAfter: 'list/c/1' })).toEqual(['c/d/2', 'é', '\uffee', '\u{10000}']);
      expect(await list(10, { Prefix: 'none/' })).toEqual([]);
    });
  });

  it('keeps every version, and hides a deleted object behind a marker', async () => {
    const one = await put('versioned', 'v/k', '1');
    const two = await put('versioned', 'v/k', '2');
    const marker = await remove('versioned', 'v/k');
    expect(marker.DeleteMarker).toBe(true);
    await expect(get('versioned', 'v/k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(get('versioned', 'v/k', { VersionId: marker.VersionId })).rejects.toMatchObject({
      name: 'MethodNotAllowed',
    });
    expect((await get('versioned', 'v/k', { VersionId: one.VersionId })).text).toBe('1');
    const { Versions, DeleteMarkers } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: 'versioned', Prefix: 'v/' })
    );
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [two.VersionId, false],
      [one.VersionId, false],
    ]);
    expect(DeleteMarkers).toMatchObject([{ VersionId: marker.VersionId, IsLatest: true }]);
    await remove('versioned', 'v/k', { VersionId: marker.VersionId });
    expect((await get('versioned', 'v/k')).text).toBe('2');
  });

  it('replaces and removes at once where a bucket is not versioned', async () => {
    await put('plain', 'r/k', '1');
    await put('plain', 'r/k', '2');
    expect(await versionsOf('plain', 'r/')).toEqual([1, 0]);
    await remove('plain', 'r/k');
    expect(await versionsOf('plain', 'r/')).toEqual([0, 0]);
  });

  it('puts only what is not there yet, however many try at once', async () => {
    const tries = Array.from({ length: 10 }, (_, n) => put('plain', 'once', String(n), { IfNoneMatch: '*' }));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(put('plain', 'once', 'more', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
  });

  it('gives an object only if it is the one that is meant', async () => {
    const { ETag } = await put('plain', 'etag', 'a');
    await expect(get('plain', 'etag', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(get('plain', 'etag', { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(put('plain', 'etag', 'b', { IfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await put('plain', 'etag', 'b', { IfMatch: ETag });
    expect((await get('plain', 'etag')).text).toBe('b');
  });

  describe('Object Lock', () => {
    const denied = { name: 'AccessDenied', $metadata: expect.objectContaining({ httpStatusCode: 403 }) };
    const retain = (
      Key: string,
      VersionId: string | undefined,
      Mode: 'GOVERNANCE' | 'COMPLIANCE' | undefined,
      RetainUntilDate?: Date,
      more: object = {}
    ) =>
      s3.send(
        new PutObjectRetentionCommand({
          Bucket: 'lockable',
          Key,
          VersionId,
          Retention: { Mode, RetainUntilDate },
          ...more,
        })
      );
    const bypass = { BypassGovernanceRetention: true };

    it('retains each version as the bucket says, against everybody', async () => {
      const { VersionId } = await put('locked', 'k', 'one');
      const of = { Bucket: 'locked', Key: 'k' };
      const { Retention } = await s3.send(new GetObjectRetentionCommand(of));
      expect(Retention?.Mode).toBe('COMPLIANCE');
      await expect(remove('locked', 'k', { VersionId })).rejects.toMatchObject(denied);
      await expect(remove('locked', 'k', { VersionId, ...bypass })).rejects.toMatchObject(denied);
      await put('locked', 'k', 'two');
      await remove('locked', 'k');
      expect((await get('locked', 'k', { VersionId })).text).toBe('one');
      expect(await versionsOf('locked', 'k')).toEqual([2, 1]);
      const head = await s3.send(new HeadObjectCommand({ ...of, VersionId }));
      expect([head.ObjectLockMode, head.ObjectLockRetainUntilDate]).toEqual(['COMPLIANCE', Retention?.RetainUntilDate]);
      const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket: 'locked' }));
      expect(ObjectLockConfiguration?.Rule?.DefaultRetention).toEqual({ Mode: 'COMPLIANCE', Days: 1 });
    });

    it('lets nobody shorten or lift COMPLIANCE, and everybody lengthen it', async () => {
      const { VersionId } = await put('lockable', 'c', 'a', {
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: TOMORROW,
      });
      for (const [mode, until] of [['COMPLIANCE', SOONER], ['GOVERNANCE', LATER], [undefined]] as const)
        await expect(retain('c', VersionId, mode, until, bypass)).rejects.toMatchObject(denied);
      await retain('c', VersionId, 'COMPLIANCE', LATER);
      const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket: 'lockable', Key: 'c' }));
      expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: LATER });
    });

    it('lets those who may bypass GOVERNANCE do so, when they ask for it', async () => {
      const { VersionId } = await put('lockable', 'g', 'a', {
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: TOMORROW,
      });
      await expect(remove('lockable', 'g', { VersionId })).rejects.toMatchObject(denied);
      await expect(retain('g', VersionId, 'GOVERNANCE', SOONER)).rejects.toMatchObject(denied);
      await retain('g', VersionId, 'GOVERNANCE', SOONER, bypass);
      await remove('lockable', 'g', { VersionId, ...bypass });
      expect(await versionsOf('lockable', 'g')).toEqual([0, 0]);
    });

    it('keeps what is under a legal hold until the hold is lifted', async () => {
      const { VersionId } = await put('lockable', 'h', 'a', { ObjectLockLegalHoldStatus: 'ON' });
      const of = { Bucket: 'lockable', Key: 'h' };
      await expect(remove('lockable', 'h', { VersionId, ...bypass })).rejects.toMatchObject(denied);
      const Delete = { Objects: [{ Key: 'h', VersionId }, { Key: 'absent' }] };
      const { Errors, Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket: 'lockable', Delete }));
      expect(Errors).toMatchObject([{ Key: 'h', VersionId, Code: 'AccessDenied' }]);
      expect(Deleted).toMatchObject([{ Key: 'absent', DeleteMarker: true }]);
      await s3.send(new PutObjectLegalHoldCommand({ ...of, LegalHold: { Status: 'OFF' } }));
      expect((await s3.send(new GetObjectLegalHoldCommand(of))).LegalHold).toEqual({ Status: 'OFF' });
      await remove('lockable', 'h', { VersionId });
    });

    const unchecked = {
      headers: { authorization: SIGNED.replace('/any/', '/s3/'), 'x-amz-object-lock-legal-hold': 'ON' },
    };
    it.each([
      ['InvalidArgument', () => put('lockable', 'x', 'a', { ObjectLockMode: 'GOVERNANCE' })],
      [
        'InvalidArgument',
        () => put('lockable', 'x', 'a', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(0) }),
      ],
      ['InvalidRequest', () => put('plain', 'x', 'a', { ObjectLockLegalHoldStatus: 'ON' })],
      ['InvalidRequest', () => s3.send(new GetObjectLegalHoldCommand({ Bucket: 'plain', Key: 'x' }))],
      [
        'ObjectLockConfigurationNotFoundError',
        () => s3.send(new GetObjectLockConfigurationCommand({ Bucket: 'plain' })),
      ],
    ])('answers with %s what cannot be locked (%#)', async (name, call) => {
      await expect(call()).rejects.toMatchObject({ name });
    });

    it('wants to know what it locks: a checksum comes with the lock', async () => {
      const response = await fetch(`${stack.endpointUrl}/lockable/y`, { method: 'PUT', body: 'a', ...unchecked });
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('Content-MD5')]);
    });
  });

  it('keeps objects, versions and locks from one start to the next', async () => {
    const { VersionId } = await put('locked', 'kept', 'content');
    await stack.close();
    await open();
    expect((await get('locked', 'kept')).text).toBe('content');
    await expect(remove('locked', 'kept', { VersionId })).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it.each([
    ['NoSuchBucket', () => get('absent', 'k')],
    ['NoSuchKey', () => get('plain', 'absent')],
    ['NoSuchVersion', () => get('versioned', 'absent', { VersionId: 'x' })],
    ['InvalidRange', async () => put('plain', 'short', 'a').then(() => get('plain', 'short', { Range: 'bytes=5-6' }))],
    ['KeyTooLongError', () => put('plain', 'k'.repeat(1025), 'a')],
    ['BadDigest', () => put('plain', 'k', 'a', { ChecksumSHA256: `${'A'.repeat(43)}=` })],
    ['BadDigest', () => put('plain', 'k', 'a', { ContentMD5: `${'A'.repeat(22)}==` })],
    ['NotImplemented', () => put('plain', 'k', 'a', { Tagging: 'a=b' })],
    ['NotImplemented', () => s3.send(new CreateBucketCommand({ Bucket: 'new' }))],
    ['NotImplemented', () => s3.send(new CopyObjectCommand({ Bucket: 'plain', Key: 'k', CopySource: 'plain/a' }))],
    ['NotImplemented', () => s3.send(new CreateMultipartUploadCommand({ Bucket: 'plain', Key: 'k' }))],
  ])('answers with %s what cannot be done (%#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});

describe('S3 for a role', () => {
  let stack: LocalStack;
  let s3: S3Client;
  beforeAll(async () => {
    stack = await start(withRole, { users: [] });
    const assume = new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/writer', RoleSessionName: 'me' });
    const { Credentials } = await new STSClient(clientOptions(stack)).send(assume);
    const {
      AccessKeyId: accessKeyId = '',
      SecretAccessKey: secretAccessKey = '',
      SessionToken: sessionToken,
    } = Credentials ?? {};
    s3 = new S3Client(clientOptions(stack, { accessKeyId, secretAccessKey, sessionToken }));
  });
  afterAll(() => stack.close());
  const of = (Key: string) => ({ Bucket: 'guarded', Key });
  const denied = { name: 'AccessDenied', $metadata: expect.objectContaining({ httpStatusCode: 403 }) };

  it('does what its policies allow', async () => {
    await s3.send(new PutObjectCommand({ ...of('free'), Body: 'a' }));
    const { Body } = await s3.send(new GetObjectCommand(of('free')));
    expect(await Body?.transformToString()).toBe('a');
  });

  it.each([
    ['what the policy of the bucket denies', () => s3.send(new PutObjectCommand({ ...of('kept/k'), Body: 'a' }))],
    ['what no policy allows', () => s3.send(new DeleteObjectCommand(of('free')))],
    [
      'to know that there is no such object, without the right to list',
      () => s3.send(new GetObjectCommand(of('absent'))),
    ],
    [
      'to hold an object, with the right to put it alone',
      () => s3.send(new PutObjectCommand({ ...of('h'), Body: 'a', ObjectLockLegalHoldStatus: 'ON' })),
    ],
  ])('is denied %s', async (_, call) => {
    await expect(call()).rejects.toMatchObject(denied);
  });

  it('is denied to bypass GOVERNANCE without the right to', async () => {
    const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: TOMORROW } as const;
    const { VersionId } = await s3.send(new PutObjectCommand({ ...of('g'), Body: 'a', ...lock }));
    const remove = new DeleteObjectCommand({ ...of('g'), VersionId, BypassGovernanceRetention: true });
    await expect(s3.send(remove)).rejects.toMatchObject(denied);
  });
});
