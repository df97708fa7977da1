import { mustStay } from '../../objects/lock.ts';
import type { Changes } from '../../objects/store.ts';
import type { Version } from '../../objects/version.ts';
import { ServiceError } from '../exchange.ts';
import { childrenOf, parseXml, textAt, type Xml } from '../xml.ts';
import { receive, vouchedFor } from './body.ts';
import { checkLifted } from './locks.ts';
import { empty, invalid, type S3Operation, type S3Request, xmlReply } from './request.ts';
import { newId, UNVERSIONED } from './version.ts';

const MAX_DELETED = 1000;

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
