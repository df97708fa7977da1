import type { Version } from '../../objects/version.ts';
import { ServiceError } from '../exchange.ts';
import type { S3Request } from './request.ts';

/**
 * The version that a request names, or the latest. Throws `NoSuchKey` or `NoSuchVersion`; and `AccessDenied` where the caller may
 * not know that there is none, not being allowed to list the bucket.
 */
export const findVersion = ({ store, bucket, key, exchange, checkAt }: S3Request): Version => {
  const id = exchange.query.get('versionId');
  const versions = store.versionsOf(bucket.name, key);
  const version = id === null ? versions[0] : versions.find((candidate) => candidate.id === id);
  if (version !== undefined && (id !== null || version.kind === 'object')) return version;
  checkAt('', id === null ? 'ListBucket' : 'ListBucketVersions');
  if (id !== null) throw new ServiceError('NoSuchVersion', 'The specified version does not exist.', 404);
  const marked = version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.id };
  throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404, marked);
};
