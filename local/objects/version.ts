import * as z from 'zod';

export const Retention = z.object({
  mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
  /** Milliseconds since the epoch. */
  until: z.number(),
});
export type Retention = z.infer<typeof Retention>;

const Place = {
  bucket: z.string(),
  key: z.string(),
  /** `null` in a bucket that is not versioned, as S3 calls it. */
  id: z.string(),
  modifiedAt: z.number(),
};

/** One version of an object: what it holds, or the mark that the object was deleted. Times are in milliseconds since the epoch. */
export const Version = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('marker'), ...Place }),
  z.object({
    kind: z.literal('object'),
    ...Place,
    /** SHA-256 of the content, which lies in a file of that name. */
    digest: z.string(),
    bytes: z.int(),
    /** With its quotes. */
    etag: z.string(),
    checksum: z.object({ algorithm: z.string(), value: z.string() }),
    /** As they are given back: content type, what the user says of it. */
    headers: z.record(z.string(), z.string()),
    retention: Retention.optional(),
    legalHold: z.boolean().default(false),
  }),
]);
export type Version = z.infer<typeof Version>;
export type ObjectVersion = Version & { readonly kind: 'object' };
