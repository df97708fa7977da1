import { describe, expect, it } from 'vitest';
import { type Change, isChangedSince } from '../../../lambdas/tools/jira/history.ts';

/** A change of these fields by a call with this marker, or by hand. */
const change = (writ?: string, undoes?: string, fields: readonly string[] = ['components']): Change => ({
  ...(writ !== undefined && { historyMetadata: { extraData: { writ, ...(undoes !== undefined && { undoes }) } } }),
  items: fields.map((fieldId) => ({ fieldId })),
});
const BY_HAND = change();

/** Newest first, as Jira gives them. */
const cases: readonly (readonly [string, boolean, readonly Change[]])[] = [
  ['nobody changed anything since', false, [change('own'), BY_HAND]],
  ['somebody changed it by hand', true, [BY_HAND, change('own')]],
  ['another run changed it', true, [change('other'), change('own')]],
  ['another field was changed', false, [change(undefined, undefined, ['summary', 'labels']), change('own')]],
  ['it was changed with other fields', true, [change(undefined, undefined, ['summary', 'components']), change('own')]],
  ['what another run changed is undone', false, [change('undo', 'other'), change('other'), change('own')]],
  [
    'what two others changed is undone, one after the other',
    false,
    [change('undo-a', 'a'), change('undo-b', 'b'), change('b'), change('a'), change('own')],
  ],
  [
    'what was changed by hand first is not undone with the later change',
    true,
    [change('undo', 'other'), change('other'), BY_HAND, change('own')],
  ],
  ['it was changed by hand after an undo', true, [BY_HAND, change('undo', 'other'), change('other'), change('own')]],
  ['an undo undid what was there before it', true, [change('undo', 'own'), change('own'), change('older')]],
  ['an undo is of a call that nobody knows', true, [change('undo', 'unknown'), change('own')]],
  ['an undo says that it undoes itself', true, [change('undo', 'undo'), change('own')]],
  ['the call was made twice', false, [change('own'), BY_HAND, change('own')]],
  ['the call is none of the newest changes', false, [BY_HAND, change('other')]],
  ['there is no change', false, []],
];

describe('what a call changed', () => {
  it.each(cases)('where %s: somebody else has it: %s', (_, expected, changes) => {
    expect(isChangedSince(changes, 'own')).toBe(expected);
  });

  it('is told by the names of fields where a change has no ids of them', () => {
    const named = (writ: string): Change => ({
      historyMetadata: { extraData: { writ } },
      items: [{ field: 'Component' }],
    });
    expect(isChangedSince([named('other'), named('own')], 'own')).toBe(true);
  });

  it('is nobody else’s where the changes say nothing', () => {
    const silent: readonly Change[] = [{}, { historyMetadata: null, items: null }, { historyMetadata: {}, items: [] }];
    expect(isChangedSince([...silent, change('own')], 'own')).toBe(false);
    expect(isChangedSince([{ historyMetadata: { extraData: { writ: 1, undoes: 2 } } }, change('own')], 'own')).toBe(
      false
    );
  });
});
