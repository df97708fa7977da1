import type * as z from 'zod';
import { Terminal } from '../../core/errors.ts';
import { CONTENT_RETENTION_DAYS } from '../../core/tables.ts';
import type { Item } from './table.ts';

// An item's record lies in its attribute `content`; beside it stand only keys, index keys and the time to live.

/** What an item holds, checked: whatever a table says that the domain does not know is a fault, not a guess. */
export const contentOf = <T>(schema: z.ZodType<T>, { pk, sk, content }: Item): T => {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Terminal(`item ${pk} / ${sk} is not what this release keeps there`, { cause: parsed.error });
};

/** When content may be deleted, in seconds since 1970, as DynamoDB's time to live wants it. */
export const expiresAt = (at: Date): number => Math.floor(at.getTime() / 1_000) + CONTENT_RETENTION_DAYS * 86_400;
