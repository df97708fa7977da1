import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { endedUntil, shardOf } from '../../core/gate/controls.ts';
import type { Mode } from '../../core/mode.ts';
import type { RunRef } from '../../core/names.ts';
import { Control } from '../../core/records.ts';
import { contentOf } from './content.ts';
import { keys } from './keys.ts';
import type { dynamoTable, Key } from './table.ts';
import { write } from './transact.ts';

/** Controls by subject, as the run's own shard says, read with strong consistency. Those that nobody ever set are left out. */
export const controlsSeen = async (
  state: ReturnType<typeof dynamoTable>,
  ref: RunRef,
  subjects: readonly string[]
): Promise<readonly Control[]> =>
  (await state.getAll(subjects.map((subject) => keys.control(subject, shardOf(ref))))).map((item) =>
    contentOf(Control, item)
  );

/**
 * Checks that nobody has stopped what a control is over, or that the stop has ended by itself at `now`, the writer's time. With `mode`, also that the mode is what was found: the one given, or
 * none where it is undefined. A control that nobody ever set does not exist, and stops nothing.
 */
export const controlCheck = (
  table: string,
  key: Key,
  { now, ...expected }: { readonly now: Date; readonly mode?: Mode | undefined }
): TransactWriteItem => {
  // a stop without `until` has nothing to compare: it holds
  const notStopped = '(attribute_not_exists(pk) OR #content.#stopped = :false OR #content.#until <= :ended)';
  const names = { '#content': 'content', '#stopped': 'stopped', '#until': 'until' };
  const values = { ':false': false, ':ended': endedUntil(now) };
  if (!('mode' in expected)) return write.check(table, key, { condition: notStopped, names, values });
  const sameMode = expected.mode === undefined ? 'attribute_not_exists(#content.#mode)' : '#content.#mode = :mode';
  return write.check(table, key, {
    condition: `${notStopped} AND ${sameMode}`,
    names: { ...names, '#mode': 'mode' },
    values: { ...values, ...(expected.mode !== undefined && { ':mode': expected.mode }) },
  });
};
