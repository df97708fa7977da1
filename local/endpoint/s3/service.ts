import type { Authorize } from '../../iam/authorize.ts';
import type { Caller } from '../../iam/credentials.ts';
import type { ObjectStore } from '../../objects/store.ts';
import type { Bucket } from '../../template/buckets.ts';
import { decoded, type Exchange, type Reply, ServiceError } from '../exchange.ts';
import { guardFor } from '../operation.ts';
import { deleteObject, deleteObjects } from './deletes.ts';
import { listObjects, listObjectVersions } from './lists.ts';
import { getLegalHold, getLockConfiguration, getRetention, putLegalHold, putRetention } from './locks.ts';
import { putObject } from './puts.ts';
import { getObject } from './reads.ts';
import { empty, isoOf, type S3Operation, xmlReply } from './request.ts';

export interface S3Options {
  readonly buckets: readonly Bucket[];
  readonly region: string;
  readonly store: ObjectStore;
  readonly authorize: Authorize;
  readonly startedAt: number;
  readonly now: () => number;
}

/** What a query may say besides which operation it is. */
const PLAIN = new Set(
  (
    'x-id list-type prefix delimiter marker max-keys encoding-type continuation-token start-after fetch-owner key-marker ' +
    'version-id-marker versionId AWSAccessKeyId Signature Expires'
  ).split(' ')
);
const isPlain = (name: string): boolean => PLAIN.has(name) || /^(x-amz-|response-)/i.test(name);

/** A URL that was signed for somebody is good for reading alone: what else it would carry is not looked for there. */
const checkPresigned = ({ method, query }: Exchange, now: number): void => {
  const date = query.get('X-Amz-Date');
  if (!query.has('X-Amz-Credential') && !query.has('AWSAccessKeyId')) return;
  if (method !== 'GET' && method !== 'HEAD')
    throw new ServiceError('NotImplemented', `the local stack does not know ${method} by a presigned URL`, 501);
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
  const endsAt =
    date === null
      ? Number(query.get('Expires')) * 1000
      : Date.parse(date.replace(parts, '$1-$2-$3T$4:$5:$6Z')) + Number(query.get('X-Amz-Expires')) * 1000;
  if (!(endsAt > now)) throw new ServiceError('AccessDenied', 'Request has expired', 403);
};

/** The bucket of a request, in its host or in its path, and the key. */
const placeOf = ({ path, headers }: Exchange): { readonly bucket: string; readonly key: string } => {
  const [, hosted] = /^([a-z0-9][a-z0-9.-]+?)(?:\.s3)?\.localhost(?::\d+)?$/.exec(headers.host ?? '') ?? [];
  const whole = decoded(path).slice(1);
  if (hosted !== undefined && hosted !== 's3') return { bucket: hosted, key: whole };
  const slash = whole.indexOf('/');
  return slash < 0 ? { bucket: whole, key: '' } : { bucket: whole.slice(0, slash), key: whole.slice(slash + 1) };
};

/** S3's REST protocol: objects, their versions and locks, in the buckets of the template. */
export const s3Service = ({ buckets, region, store, authorize, startedAt, now }: S3Options) => {
  const headBucket: S3Operation = ({ check }) => {
    check('ListBucket');
    return empty(200, { 'x-amz-bucket-region': region });
  };
  const getLocation: S3Operation = ({ check }) => {
    check('GetBucketLocation');
    return xmlReply('LocationConstraint', region === 'us-east-1' ? '' : region); // S3's first region has no name
  };
  const getVersioning: S3Operation = ({ check, bucket }) => {
    check('GetBucketVersioning');
    return xmlReply('VersioningConfiguration', { Status: bucket.isVersioned ? 'Enabled' : undefined });
  };

  /** By method, what it is about, and the part of the query that says which operation it is. */
  const OPERATIONS: Readonly<Record<string, S3Operation>> = {
    'HEAD bucket': headBucket,
    'GET bucket': listObjects,
    'GET bucket versions': listObjectVersions,
    'GET bucket location': getLocation,
    'GET bucket versioning': getVersioning,
    'GET bucket object-lock': getLockConfiguration,
    'POST bucket delete': deleteObjects,
    'PUT object': putObject,
    'GET object': getObject,
    'HEAD object': getObject,
    'DELETE object': deleteObject,
    'GET object retention': getRetention,
    'PUT object retention': putRetention,
    'GET object legal-hold': getLegalHold,
    'PUT object legal-hold': putLegalHold,
  };

  const listBuckets = (caller: Caller): Reply => {
    guardFor(caller, 's3:ListAllMyBuckets', authorize)('*');
    const Bucket = buckets.map(({ name }) => ({ Name: name, CreationDate: isoOf(startedAt), BucketRegion: region }));
    return xmlReply('ListAllMyBucketsResult', { Owner: { ID: 'local' }, Buckets: { Bucket } });
  };

  return async (exchange: Exchange, caller: Caller): Promise<Reply> => {
    const { method, query } = exchange;
    checkPresigned(exchange, now());
    const { bucket: name, key } = placeOf(exchange);
    if (name === '' && method === 'GET') return listBuckets(caller);
    const named = [...query.keys()].filter((part) => !isPlain(part)).toSorted();
    const what = [method, key === '' ? 'bucket' : 'object', ...named].join(' ');
    const operation = Object.hasOwn(OPERATIONS, what) ? OPERATIONS[what] : undefined;
    if (operation === undefined) {
      const hint = key === '' && method !== 'GET' ? ': buckets are as the template says' : '';
      throw new ServiceError('NotImplemented', `the local stack does not know the operation ${what} of s3${hint}`, 501);
    }
    const bucket = buckets.find((candidate) => candidate.name === name);
    if (bucket === undefined) throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist', 404);
    const checkAt = (at: string, action: string, context = {}): void =>
      guardFor(caller, `s3:${action}`, authorize)(at === '' ? bucket.arn : `${bucket.arn}/${at}`, context);
    return operation({
      exchange,
      bucket,
      key,
      store,
      now,
      checkAt,
      check: (action, context) => checkAt(key, action, context),
    });
  };
};
