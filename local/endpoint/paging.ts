import { ServiceError } from './exchange.ts';

export interface PageRequest {
  readonly limit: number;
  /** Of the answer before; absent for the first page. */
  readonly token: string | undefined;
}

/**
 * A page of a list, and the token of the next one, if there is one. A token names the last entry of its page, so that a list
 * may grow at its head between two pages without an entry told twice. Throws `invalid` for a token of no such answer.
 */
export const pageOf = <T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, token }: PageRequest,
  invalid = 'InvalidToken'
): { readonly items: readonly T[]; readonly next: string | undefined } => {
  const last = token === undefined ? undefined : Buffer.from(token, 'base64url').toString();
  const start = last === undefined ? 0 : items.findIndex((item) => keyOf(item) === last) + 1;
  if (last !== undefined && start === 0)
    throw new ServiceError(invalid, 'this is no token of an answer to this request');
  const page = items.slice(start, start + limit);
  const end = page.at(-1);
  const isLast = end === undefined || start + limit >= items.length;
  return { items: page, next: isLast ? undefined : Buffer.from(keyOf(end)).toString('base64url') };
};
