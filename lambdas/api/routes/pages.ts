import * as z from 'zod';

const LIST_LIMIT = 100;

/** What every list takes. */
export const limit = z
  .string()
  .regex(/^\d{1,3}$/, `a number from 1 to ${LIST_LIMIT}`)
  .transform(Number)
  .pipe(z.int().min(1).max(LIST_LIMIT))
  .default(20)
  .describe('How many at most.');

export const cursor = z.string().max(200).optional().describe('`next` of the page before.');
