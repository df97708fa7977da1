import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Mode } from '../../core/mode.ts';
import type { Key } from './table.ts';
import { write } from './transact.ts';

/**
 * Checks that nobody has stopped what a control is over. With `mode`, also that the mode is what was found: the one given, or
 * none where it is undefined. A control that nobody ever set does not exist, and stops nothing.
 */
export const controlCheck = (
  table: string,
  key: Key,
  expected: { readonly mode?: Mode | undefined }
): TransactWriteItem => {
  const notStopped = '(attribute_not_exists(pk) OR #content.#stopped = :false)';
  const names = { '#content': 'content', '#stopped': 'stopped' };
  if (!('mode' in expected))
    return write.check(table, key, { condition: notStopped, names, values: { ':false': false } });
  const sameMode = expected.mode === undefined ? 'attribute_not_exists(#content.#mode)' : '#content.#mode = :mode';
  return write.check(table, key, {
    condition: `${notStopped} AND ${sameMode}`,
    names: { ...names, '#mode': 'mode' },
    values: { ':false': false, ...(expected.mode !== undefined && { ':mode': expected.mode }) },
  });
};
