import type * as z from 'zod';
import { Terminal } from '../../core/errors.ts';
import { pathsOf } from '../../core/issues.ts';
import { CONTENT_RETENTION_DAYS } from '../../core/tables.ts';
import type { Item } from './table.ts';

// An item's record lies in its attribute `content`; beside it stand only keys, index keys and the time to live.

/** Something that another release wrote, or nobody of ours. Says which members do not fit, and none of their values. */
export const unknownHere = (what: string, error: z.ZodError): Terminal =>
  new Terminal(`${what} is not what this release keeps there: ${pathsOf(error)}`, { cause: error });

/** What an item holds, checked: whatever a table says that the domain does not know is a fault, not a guess. */
export const contentOf = <T>(schema: z.ZodType<T>, { pk, sk, content }: Item): T => {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw unknownHere(`item ${pk} / ${sk}`, parsed.error);
};

/** When content may be deleted, in seconds since 1970, as DynamoDB's time to live wants it. */
export const expiresAt = (at: Date): number => Math.floor(at.getTime() / 1_000) + CONTENT_RETENTION_DAYS * 86_400;
