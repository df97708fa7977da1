import { randomBytes } from 'node:crypto';
import type { ObjectVersion, Version } from '../../objects/version.ts';
import { ServiceError } from '../exchange.ts';
import type { S3Request } from './request.ts';

export const UNVERSIONED = 'null';

export const newId = ({ bucket }: S3Request): string =>
  bucket.isVersioned ? randomBytes(24).toString('base64url') : UNVERSIONED;

export const versionHeader = ({ id }: Version): Readonly<Record<string, string>> =>
  id === UNVERSIONED ? {} : { 'x-amz-version-id': id };

export const checksumHeaders = ({
  checksum: { algorithm, value },
}: ObjectVersion): Readonly<Record<string, string>> => ({
  [`x-amz-checksum-${algorithm}`]: value,
  'x-amz-checksum-type': 'FULL_OBJECT',
});

export const failed = (what: string): ServiceError =>
  new ServiceError('PreconditionFailed', `At least one of the pre-conditions you specified did not hold: ${what}`, 412);

export const isOf = (etags: string, { etag }: ObjectVersion): boolean =>
  etags.split(',').some((given) => ['*', etag, etag.replaceAll('"', '')].includes(given.trim()));
