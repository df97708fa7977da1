import { type Lifts, mustRemain, retentionFrom } from '../../objects/lock.ts';
import type { ObjectVersion, Retention, Version } from '../../objects/version.ts';
import type { Bucket } from '../../template/buckets.ts';
import { type Exchange, ServiceError } from '../exchange.ts';
import { parseXml, textAt } from '../xml.ts';
import { receive, vouchedFor } from './body.ts';
import { findVersion } from './find.ts';
import {
  type Context,
  empty,
  headerOf,
  invalid,
  isoOf,
  type S3Operation,
  type S3Request,
  xmlReply,
} from './request.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const retentionIn = (mode: string | undefined, until: string | undefined, now: number): Retention => {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw invalid('Unknown wormMode directive: expected GOVERNANCE or COMPLIANCE');
  const at = /^\d{4}-\d\d-\d\dT/.test(until ?? '') ? Date.parse(until ?? '') : Number.NaN;
  if (Number.isNaN(at)) throw invalid('The retain until date must be provided in ISO 8601 format');
  if (at <= now) throw invalid('The retain until date must be in the future!');
  return { mode, until: at };
};

const holdIn = (status: string | undefined): boolean => {
  if (status === 'ON' || status === 'OFF') return status === 'ON';
  throw invalid('Legal Hold must be either of ON or OFF');
};

/** What policies can ask about a lock. */
const contextOf = (retention: Retention | undefined, now: number): Context =>
  retention === undefined
    ? {}
    : {
        's3:object-lock-mode': retention.mode,
        's3:object-lock-retain-until-date': isoOf(retention.until),
        's3:object-lock-remaining-retention-days': Math.ceil((retention.until - now) / DAY_MS),
      };

export interface LockHeaders {
  readonly retention: Retention | undefined;
  readonly legalHold: boolean;
}

/**
 * The lock that a new version begins with: the one its headers ask for, which takes rights of their own, or the bucket's default.
 */
export const lockFor = ({ exchange, bucket, now, check }: S3Request): LockHeaders => {
  const mode = headerOf(exchange, 'x-amz-object-lock-mode');
  const until = headerOf(exchange, 'x-amz-object-lock-retain-until-date');
  const hold = headerOf(exchange, 'x-amz-object-lock-legal-hold');
  if ((mode === undefined) !== (until === undefined))
    throw invalid('x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  if (bucket.lock === undefined && (mode !== undefined || hold !== undefined))
    throw invalid('Bucket is missing Object Lock Configuration', 'InvalidRequest');
  const asked = mode === undefined ? undefined : retentionIn(mode, until, now());
  if (asked !== undefined) check('PutObjectRetention', contextOf(asked, now()));
  if (hold !== undefined) check('PutObjectLegalHold', { 's3:object-lock-legal-hold': hold });
  const byDefault = bucket.lock?.defaultRetention;
  return {
    retention: asked ?? (byDefault && retentionFrom(byDefault, now())),
    legalHold: hold !== undefined && holdIn(hold),
  };
};

/** Throws unless what forbids a change is nothing, or is lifted by the caller, who must ask for that and may do it. */
export const checkLifted = (request: S3Request, lifts: Lifts | undefined, key = request.key): void => {
  if (lifts === undefined) return;
  const asks = headerOf(request.exchange, 'x-amz-bypass-governance-retention')?.toLowerCase() === 'true';
  if (lifts === 'nothing' || !asks) {
    const message = 'Access Denied because object protected by object lock.';
    throw new ServiceError('AccessDenied', message, 403);
  }
  request.checkAt(key, 'BypassGovernanceRetention');
};

const lockable = (bucket: Bucket): void => {
  if (bucket.lock === undefined) throw invalid('Bucket is missing Object Lock Configuration', 'InvalidRequest');
};

const objectOf = (version: Version): ObjectVersion => {
  if (version.kind === 'object') return version;
  throw new ServiceError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
};

const noLock = (): ServiceError =>
  new ServiceError(
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
    404
  );

/** Puts a changed version where the old one stands. */
const relock = async (request: S3Request, change: (version: ObjectVersion) => ObjectVersion) => {
  await request.store.change(async (changes) => changes.put(change(objectOf(findVersion(request)))));
  return empty(200);
};

const documentIn = (exchange: Exchange, root: string) => parseXml(vouchedFor(receive(exchange)).content, root);

export const getRetention: S3Operation = (request) => {
  request.check('GetObjectRetention');
  lockable(request.bucket);
  const { retention } = objectOf(findVersion(request));
  if (retention === undefined) throw noLock();
  return xmlReply('Retention', { Mode: retention.mode, RetainUntilDate: isoOf(retention.until) });
};

export const putRetention: S3Operation = async (request) => {
  const root = documentIn(request.exchange, 'Retention');
  const now = request.now();
  const [mode, until] = [textAt(root, 'Mode'), textAt(root, 'RetainUntilDate')];
  const next = mode === undefined && until === undefined ? undefined : retentionIn(mode, until, now);
  request.check('PutObjectRetention', contextOf(next, now));
  lockable(request.bucket);
  return relock(request, (version) => {
    checkLifted(request, mustRemain(version.retention, next, now));
    const { retention: _, ...rest } = version;
    return next === undefined ? rest : { ...rest, retention: next };
  });
};

export const getLegalHold: S3Operation = (request) => {
  request.check('GetObjectLegalHold');
  lockable(request.bucket);
  const { legalHold } = objectOf(findVersion(request));
  return xmlReply('LegalHold', { Status: legalHold ? 'ON' : 'OFF' });
};

export const putLegalHold: S3Operation = async (request) => {
  const status = textAt(documentIn(request.exchange, 'LegalHold'), 'Status');
  request.check('PutObjectLegalHold', { 's3:object-lock-legal-hold': status });
  lockable(request.bucket);
  const legalHold = holdIn(status);
  return relock(request, (version) => ({ ...version, legalHold }));
};

export const getLockConfiguration: S3Operation = ({ bucket: { lock }, check }) => {
  check('GetBucketObjectLockConfiguration');
  if (lock === undefined) {
    const message = 'Object Lock configuration does not exist for this bucket';
    throw new ServiceError('ObjectLockConfigurationNotFoundError', message, 404);
  }
  const given = lock.defaultRetention;
  const period = given && ('days' in given.period ? { Days: given.period.days } : { Years: given.period.years });
  return xmlReply('ObjectLockConfiguration', {
    ObjectLockEnabled: 'Enabled',
    Rule: given && { DefaultRetention: { Mode: given.mode, ...period } },
  });
};
