import type { ObjectVersion } from '../../objects/version.ts';
import { type Exchange, type Reply, ServiceError } from '../exchange.ts';
import { findVersion } from './find.ts';
import { empty, headerOf, isoOf, type S3Operation, type S3Request } from './request.ts';
import { checksumHeaders, failed, isOf, versionHeader } from './version.ts';

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
