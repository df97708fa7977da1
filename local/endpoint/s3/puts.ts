import { createHash } from 'node:crypto';
import { digestOf } from '../../objects/store.ts';
import type { ObjectVersion } from '../../objects/version.ts';
import { type Exchange, ServiceError } from '../exchange.ts';
import { receive, vouchedFor } from './body.ts';
import { lockFor } from './locks.ts';
import { empty, headerOf, invalid, type S3Operation } from './request.ts';
import { checksumHeaders, failed, isOf, newId, versionHeader } from './version.ts';

const MAX_KEY_BYTES = 1024;
/** Headers that are kept with an object and given back; the rest of what is not refused says nothing about it. */
const KEPT =
  /^(x-amz-meta-.+|content-(type|disposition|encoding|language)|cache-control|expires|x-amz-storage-class|x-amz-server-side-encryption)$/;
/** Headers that would make it another object. */
const REFUSED =
  /^x-amz-(copy-source|tagging|website-redirect-location|write-offset-bytes|grant-|acl$|server-side-encryption-customer)/;

const keptHeaders = ({ headers }: Exchange): Readonly<Record<string, string>> => {
  const kept = Object.entries(headers)
    .filter(([name]) => KEPT.test(name))
    .map(([name, value]) => {
      if (name !== 'content-encoding') return [name, String(value)] as const;
      const encodings = String(value)
        .split(',')
        .filter((encoding) => encoding.trim() !== 'aws-chunked'); // how it was sent
      return [name, encodings.join(',').trim()] as const;
    })
    .filter(([, value]) => value !== '');
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
};

const refuseHeaders = ({ headers }: Exchange): void => {
  const unknown = Object.keys(headers).find((name) => REFUSED.test(name));
  if (unknown !== undefined)
    throw new ServiceError('NotImplemented', `the local stack does not know what ${unknown} asks of an object`, 501);
};

export const putObject: S3Operation = async (request) => {
  const { exchange, bucket, key, store, now } = request;
  request.check('PutObject');
  refuseHeaders(exchange);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw invalid('Your key is too long', 'KeyTooLongError');
  const lock = lockFor(request);
  const isLocked = lock.retention !== undefined || lock.legalHold;
  const { content, checksum } = isLocked ? vouchedFor(receive(exchange)) : receive(exchange);
  const version: ObjectVersion = {
    kind: 'object',
    bucket: bucket.name,
    key,
    id: newId(request),
    modifiedAt: now(),
    digest: digestOf(content),
    bytes: content.length,
    etag: `"${createHash('md5').update(content).digest('hex')}"`,
    checksum,
    headers: keptHeaders(exchange),
    legalHold: lock.legalHold,
    ...(lock.retention === undefined ? {} : { retention: lock.retention }),
  };
  const [match, none] = [headerOf(exchange, 'if-match'), headerOf(exchange, 'if-none-match')];
  if (none !== undefined && none !== '*')
    throw new ServiceError('NotImplemented', 'S3 puts with If-None-Match: * alone', 501);
  await store.change(async (changes) => {
    const [latest] = changes.versionsOf(bucket.name, key);
    if (none !== undefined && latest?.kind === 'object') throw failed('If-None-Match');
    if (match !== undefined && latest?.kind !== 'object')
      throw new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
    if (match !== undefined && latest?.kind === 'object' && !isOf(match, latest)) throw failed('If-Match');
    await changes.put(version, content);
  });
  return empty(200, { etag: version.etag, ...versionHeader(version), ...checksumHeaders(version) });
};
