import { createHash, randomBytes } from 'node:crypto';
import { mustStay } from '../../objects/lock.ts';
import { type Changes, digestOf } from '../../objects/store.ts';
import type { ObjectVersion, Version } from '../../objects/version.ts';
import { type Exchange, type Reply, ServiceError } from '../exchange.ts';
import { childrenOf, parseXml, textAt, type Xml } from '../xml.ts';
import { receive, vouchedFor } from './body.ts';
import { findVersion } from './find.ts';
import { checkLifted, lockFor } from './locks.ts';
import { empty, headerOf, invalid, isoOf, type S3Operation, type S3Request, xmlReply } from './request.ts';

const UNVERSIONED = 'null';
const MAX_KEY_BYTES = 1024;
const MAX_DELETED = 1000;

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

const failed = (what: string): ServiceError =>
  new ServiceError('PreconditionFailed', `At least one of the pre-conditions you specified did not hold: ${what}`, 412);

const isOf = (etags: string, { etag }: ObjectVersion): boolean =>
  etags.split(',').some((given) => ['*', etag, etag.replaceAll('"', '')].includes(given.trim()));

const newId = ({ bucket }: S3Request): string =>
  bucket.isVersioned ? randomBytes(24).toString('base64url') : UNVERSIONED;

const versionHeader = ({ id }: Version): Readonly<Record<string, string>> =>
  id === UNVERSIONED ? {} : { 'x-amz-version-id': id };

const checksumHeaders = ({ checksum: { algorithm, value } }: ObjectVersion): Readonly<Record<string, string>> => ({
  [`x-amz-checksum-${algorithm}`]: value,
  'x-amz-checksum-type': 'FULL_OBJECT',
});

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

/** The right to read: of the latest version, or of any. */
const readAction = ({ exchange }: S3Request): string =>
  exchange.query.has('versionId') ? 'GetObjectVersion' : 'GetObject';

/** Whether a condition of the request keeps the object back: with an error, or as not modified. */
const isNotModified = (exchange: Exchange, version: ObjectVersion): boolean => {
  const [match, none] = [headerOf(exchange, 'if-match'), headerOf(exchange, 'if-none-match')];
  const before = (header: string): boolean => Math.floor(version.modifiedAt / 1000) * 1000 <= Date.parse(header); // dates have seconds
  if (match !== undefined && !isOf(match, version)) throw failed('If-Match');
  const unmodified = headerOf(exchange, 'if-unmodified-since');
  if (match === undefined && unmodified !== undefined && !before(unmodified)) throw failed('If-Unmodified-Since');
  if (none !== undefined) return isOf(none, version);
  const modified = headerOf(exchange, 'if-modified-since');
  return modified !== undefined && before(modified);
};

/** The first and the last byte of `Range: bytes=…`; nothing for a range that S3 ignores as well. */
const rangeIn = (exchange: Exchange, bytes: number): readonly [number, number] | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headerOf(exchange, 'range') ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (start <= end) return [start, end];
  throw new ServiceError('InvalidRange', 'The requested range is not satisfiable', 416, {
    'content-range': `bytes */${bytes}`,
  });
};

const may = (request: S3Request, action: string): boolean => {
  try {
    request.check(action);
    return true;
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
};

/** What is said of an object's lock to those who may know. */
const lockHeaders = (
  request: S3Request,
  { retention, legalHold }: ObjectVersion
): Readonly<Record<string, string>> => ({
  ...(retention !== undefined && may(request, 'GetObjectRetention')
    ? { 'x-amz-object-lock-mode': retention.mode, 'x-amz-object-lock-retain-until-date': isoOf(retention.until) }
    : {}),
  ...(legalHold && may(request, 'GetObjectLegalHold') ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
});

/** `response-content-type=…` and the like replace what the object says of itself. */
const overridesIn = ({ query }: Exchange): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...query]
      .filter(([name]) => name.startsWith('response-'))
      .map(([name, value]) => [name.slice('response-'.length), value])
  );

/** `GET` and `HEAD`: the same headers, with the content or without. */
export const getObject: S3Operation = async (request): Promise<Reply> => {
  const { exchange, store } = request;
  request.check(readAction(request), { 's3:VersionId': exchange.query.get('versionId') ?? undefined });
  const version = findVersion(request);
  if (version.kind === 'marker') {
    const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(version), allow: 'DELETE' };
    throw new ServiceError(
      'MethodNotAllowed',
      'The specified method is not allowed against this resource.',
      405,
      headers
    );
  }
  const said = {
    etag: version.etag,
    'last-modified': new Date(version.modifiedAt).toUTCString(),
    ...versionHeader(version),
  };
  if (isNotModified(exchange, version)) return empty(304, said);
  const range = rangeIn(exchange, version.bytes);
  const [start, end] = range ?? [0, version.bytes - 1];
  const isChecked = range === undefined && headerOf(exchange, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  const headers = {
    ...version.headers,
    ...overridesIn(exchange),
    ...said,
    'accept-ranges': 'bytes',
    'content-length': String(end - start + 1),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${version.bytes}` }),
    ...(isChecked ? checksumHeaders(version) : {}),
    ...lockHeaders(request, version),
  };
  const status = range === undefined ? 200 : 206;
  if (exchange.method === 'HEAD') return { status, headers, body: '' };
  const content = await store.read(version.digest);
  return { status, headers, body: content.subarray(start, end + 1) };
};

/** What became of a deletion: the version that is gone, or the marker that is there now. */
interface Deleted {
  readonly id: string | undefined;
  readonly marker: Version | undefined;
}

const remove = async (request: S3Request, changes: Changes, key: string, id: string | undefined): Promise<Deleted> => {
  const { bucket, now, checkAt } = request;
  checkAt(key, id === undefined ? 'DeleteObject' : 'DeleteObjectVersion', { 's3:VersionId': id });
  const asked = id ?? (bucket.isVersioned ? undefined : UNVERSIONED);
  if (asked === undefined) {
    const marker: Version = { kind: 'marker', bucket: bucket.name, key, id: newId(request), modifiedAt: now() };
    await changes.put(marker);
    return { id: undefined, marker };
  }
  const version = changes.versionsOf(bucket.name, key).find((candidate) => candidate.id === asked);
  if (version === undefined) return { id, marker: undefined }; // it is gone, which is what was asked for
  checkLifted(request, mustStay(version, now()), key);
  await changes.remove(version);
  return { id, marker: version.kind === 'marker' ? version : undefined };
};

export const deleteObject: S3Operation = async (request) => {
  const { key, exchange, store } = request;
  const asked = exchange.query.get('versionId') ?? undefined;
  const { id, marker } = await store.change((changes) => remove(request, changes, key, asked));
  return empty(204, {
    ...(id === undefined && marker === undefined ? {} : { 'x-amz-version-id': id ?? marker?.id ?? '' }),
    ...(marker === undefined ? {} : { 'x-amz-delete-marker': 'true' }),
  });
};

export const deleteObjects: S3Operation = async (request) => {
  const root = parseXml(vouchedFor(receive(request.exchange)).content, 'Delete');
  const objects = childrenOf(root, 'Object');
  if (objects.length === 0 || objects.length > MAX_DELETED)
    throw invalid(`expected 1 to ${MAX_DELETED} objects to delete`, 'MalformedXML');
  const entries = objects.map((object) => ({
    Key: textAt(object, 'Key') ?? '',
    VersionId: textAt(object, 'VersionId'),
  }));
  const isQuiet = textAt(root, 'Quiet')?.toLowerCase() === 'true';
  const outcomes = await request.store.change(async (changes) => {
    const results: { readonly Deleted?: Xml; readonly Error?: Xml }[] = [];
    for (const { Key, VersionId } of entries) {
      try {
        const { marker } = await remove(request, changes, Key, VersionId);
        const marked = marker && { DeleteMarker: true, DeleteMarkerVersionId: marker.id };
        if (!isQuiet) results.push({ Deleted: { Key, VersionId, ...marked } });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        const Code = error.name === 'AccessDeniedException' ? 'AccessDenied' : error.name;
        results.push({ Error: { Key, VersionId, Code, Message: error.message } });
      }
    }
    return results;
  });
  return xmlReply('DeleteResult', {
    Deleted: outcomes.map(({ Deleted }) => Deleted),
    Error: outcomes.map(({ Error: failure }) => failure),
  });
};
