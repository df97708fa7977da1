import {
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Archive } from '../core/audit/archive.ts';
import { Retryable, Terminal } from '../core/errors.ts';

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

const PERMANENT = new Set(['AccessDenied', 'NoSuchBucket', 'KMS.DisabledException', 'KMS.NotFoundException']);

const toFault =
  (doing: string) =>
  (error: unknown): never => {
    const name = nameOf(error);
    if (PERMANENT.has(name))
      throw new Terminal(`${doing} was refused (${name}): see what the role of the archive may do`, { cause: error });
    throw new Retryable(`${doing} did not succeed (${name})`, { cause: error });
  };

/** The archive on S3. An object is put under the condition that there is none: nothing is ever written over. */
export const s3Archive = (s3: Pick<S3Client, 'send'>, bucket: string): Archive => {
  const keys = async (start: string): Promise<readonly string[]> => {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await s3
        .send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: start,
            ...(token !== undefined && { ContinuationToken: token }),
          })
        )
        .catch(toFault('listing the archive'));
      found.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  };

  return {
    keys,

    async read(key) {
      // S3 tells that there is no object to those alone who may list them all: so it is asked in the way that is allowed
      if (!(await keys(key)).includes(key)) return undefined;
      return s3
        .send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        .then(({ Body }) => Body?.transformToString()) // what breaks off is a fault too
        .catch(toFault('reading the archive'));
    },

    async putOnce(key, text) {
      const put = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: key.endsWith('.json') ? 'application/json' : 'application/x-ndjson',
        IfNoneMatch: '*',
      });
      try {
        await s3.send(put);
      } catch (error) {
        if (nameOf(error) !== 'PreconditionFailed') toFault('writing to the archive')(error);
      }
    },
  };
};
