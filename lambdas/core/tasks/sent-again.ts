import type { Head } from '../audit/record.ts';
import type { Chain } from './ports.ts';

/** Whether the record at the head of a chain is of this very request by the same person: then it was made, and is only sent again. */
export const isSentAgain = (
  { records }: Pick<Chain, 'records'>,
  { seq, hash }: Head,
  { by, request }: { readonly by: string; readonly request: string | undefined }
): boolean => {
  const last = records[seq];
  return last?.hash === hash && last.user?.id === by && last.args_redacted?.request === request;
};
