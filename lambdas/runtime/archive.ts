import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { s3Archive } from '../adapters/archive.ts';
import { dynamoHeads } from '../adapters/dynamodb/heads.ts';
import type { ArchiveDeps } from '../core/audit/archive.ts';
import { CALL_LIMITS, dynamo } from './clients.ts';
import { environment } from './environment.ts';
import { observe } from './observe.ts';

/** A day's leaves may be large, and are sent at once. */
const TRANSFER_MS = 60_000;
/** How long nothing may be heard or sent meanwhile. */
const SILENCE_MS = 10_000;

/** What the archiver is given: the chains, and the bucket that they are kept in. */
export const archiveDeps = (): ArchiveDeps => {
  const { AUDIT_TABLE, ARCHIVE_BUCKET } = environment({ AUDIT_TABLE: z.string(), ARCHIVE_BUCKET: z.string() });
  const requestHandler = { ...CALL_LIMITS, requestTimeout: TRANSFER_MS, socketTimeout: SILENCE_MS };
  const s3 = observe.watch(new S3Client({ requestHandler }));
  return {
    heads: dynamoHeads(dynamo(), AUDIT_TABLE),
    archive: s3Archive(s3, ARCHIVE_BUCKET),
    now: () => new Date(),
    warn: (about) => observe.warn('a chain of the audit is broken', 'AuditChainBroken', { ...about }),
  };
};
