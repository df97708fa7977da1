import type { Version } from '../../objects/version.ts';
import type { Exchange } from '../exchange.ts';
import type { Xml } from '../xml.ts';
import { invalid, isoOf, type S3Operation, type S3Request, xmlReply } from './request.ts';

/** What a list may be asked for, whichever it is. */
interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  /** How keys are written: as they are, or percent-encoded, since XML cannot hold all that keys can. */
  readonly written: (key: string) => string;
  readonly encoding: string | undefined;
}

const askedIn = ({ query }: Exchange): Asked => {
  const limit = Number(query.get('max-keys') ?? 1000);
  if (!Number.isInteger(limit) || limit < 0) throw invalid('max-keys must be a whole number from 0');
  const encoding = query.get('encoding-type') ?? undefined;
  if (encoding !== undefined && encoding !== 'url') throw invalid('Invalid Encoding Method specified in Request');
  const isEncoded = encoding === 'url';
  const written = (key: string): string => (isEncoded ? encodeURIComponent(key).replaceAll('%2F', '/') : key);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  return { prefix, delimiter, limit: Math.min(limit, 1000), written, encoding };
};

const checkList = ({ check, exchange: { query } }: S3Request, action: string): void =>
  check(action, {
    's3:prefix': query.get('prefix') ?? undefined,
    's3:delimiter': query.get('delimiter') ?? undefined,
    's3:max-keys': query.get('max-keys') ?? undefined,
  });

/** One entry of a list: what stands for itself, or the beginning that several keys share. */
type Entry<T> = { readonly key: string; readonly item: T } | { readonly key: string; readonly item: undefined };

/** Rolls up keys at the delimiter, and cuts to the page. `items` are in order and begin where the page begins. */
const pageOf = <T>(
  items: Iterable<readonly [key: string, item: T]>,
  { prefix, delimiter, limit }: Asked,
  isPast: (commonPrefix: string) => boolean
): { readonly entries: readonly Entry<T>[]; readonly isTruncated: boolean } => {
  const entries: Entry<T>[] = [];
  for (const [key, item] of items) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && (isPast(common) || entries.at(-1)?.key === common)) continue;
    if (entries.length === limit) return { entries, isTruncated: limit > 0 };
    entries.push(common === undefined ? { key, item } : { key: common, item: undefined });
  }
  return { entries, isTruncated: false };
};

const isAfter = (key: string, other: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;

const commonPrefixes = (entries: readonly Entry<unknown>[], { written }: Asked): Xml =>
  entries.filter(({ item }) => item === undefined).map(({ key }) => ({ Prefix: written(key) }));

const described = (version: Version & { readonly kind: 'object' }): { readonly [name: string]: Xml } => ({
  LastModified: isoOf(version.modifiedAt),
  ETag: version.etag,
  ChecksumAlgorithm: version.checksum.algorithm.toUpperCase(),
  ChecksumType: 'FULL_OBJECT',
  Size: version.bytes,
  StorageClass: version.headers['x-amz-storage-class'] ?? 'STANDARD',
});

const OWNER = { ID: 'local', DisplayName: 'local' };

/** `ListObjectsV2`, and the older `ListObjects`, which has a marker instead of tokens. */
export const listObjects: S3Operation = (request) => {
  const {
    exchange: { query },
    bucket,
    store,
    exchange,
  } = request;
  checkList(request, 'ListBucket');
  const asked = askedIn(exchange);
  const isSecond = query.get('list-type') === '2';
  const token = query.get('continuation-token');
  const from = isSecond
    ? token === null
      ? query.get('start-after')
      : Buffer.from(token, 'base64url').toString()
    : query.get('marker');
  const latest = store
    .keysOf(bucket.name)
    .flatMap(([key, [version]]) =>
      version?.kind === 'object' && (from === null || isAfter(key, from)) ? [[key, version] as const] : []
    );
  const { entries, isTruncated } = pageOf(latest, asked, (common) => common === from);
  const last = entries.at(-1)?.key ?? '';
  const { written } = asked;
  const paging = isSecond
    ? {
        KeyCount: entries.length,
        ContinuationToken: token ?? undefined,
        StartAfter: query.has('start-after') ? written(query.get('start-after') ?? '') : undefined,
        NextContinuationToken: isTruncated ? Buffer.from(last).toString('base64url') : undefined,
      }
    : {
        Marker: written(query.get('marker') ?? ''),
        NextMarker: isTruncated && asked.delimiter !== '' ? written(last) : undefined, // else it is the last key
      };
  const withOwner = !isSecond || query.get('fetch-owner') === 'true';
  return xmlReply('ListBucketResult', {
    Name: bucket.name,
    Prefix: written(asked.prefix),
    Delimiter: asked.delimiter === '' ? undefined : written(asked.delimiter),
    MaxKeys: asked.limit,
    EncodingType: asked.encoding,
    IsTruncated: isTruncated,
    ...paging,
    Contents: entries.flatMap(({ key, item }) =>
      item === undefined ? [] : { Key: written(key), ...described(item), Owner: withOwner ? OWNER : undefined }
    ),
    CommonPrefixes: commonPrefixes(entries, asked),
  });
};

export const listObjectVersions: S3Operation = (request) => {
  const {
    exchange: { query },
    bucket,
    store,
    exchange,
  } = request;
  checkList(request, 'ListBucketVersions');
  const asked = askedIn(exchange);
  const { written } = asked;
  const [from, fromId] = [query.get('key-marker'), query.get('version-id-marker')];
  if (fromId !== null && from === null) throw invalid('A version-id marker cannot be specified without a key marker.');
  const all = store.keysOf(bucket.name).flatMap(([key, versions]) => {
    const items = versions.map((version, index) => [key, { version, isLatest: index === 0 }] as const);
    if (from === null || isAfter(key, from)) return items;
    const at = key === from && fromId !== null ? versions.findIndex(({ id }) => id === fromId) : -1;
    return at < 0 ? [] : items.slice(at + 1);
  });
  const { entries, isTruncated } = pageOf(all, asked, (common) => common === from);
  const last = entries.at(-1);
  const shown = (kind: Version['kind']): Xml =>
    entries.flatMap(({ key, item }) =>
      item === undefined || item.version.kind !== kind
        ? []
        : {
            Key: written(key),
            VersionId: item.version.id,
            IsLatest: item.isLatest,
            ...(item.version.kind === 'object'
              ? described(item.version)
              : { LastModified: isoOf(item.version.modifiedAt) }),
            Owner: OWNER,
          }
    );
  return xmlReply('ListVersionsResult', {
    Name: bucket.name,
    Prefix: written(asked.prefix),
    KeyMarker: written(from ?? ''),
    VersionIdMarker: fromId ?? '',
    NextKeyMarker: isTruncated ? written(last?.key ?? '') : undefined,
    NextVersionIdMarker: isTruncated ? last?.item?.version.id : undefined,
    MaxKeys: asked.limit,
    Delimiter: asked.delimiter === '' ? undefined : written(asked.delimiter),
    EncodingType: asked.encoding,
    IsTruncated: isTruncated,
    Version: shown('object'),
    DeleteMarker: shown('marker'),
    CommonPrefixes: commonPrefixes(entries, asked),
  });
};
