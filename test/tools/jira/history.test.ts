import { describe, expect, it } from 'vitest';
import { type Change, isChangedSince, MOST_CHANGES } from '../../../lambdas/tools/jira/history.ts';

/** A change of these fields by a call with this marker, or by hand. */
const change = (writ?: string, undoes?: string, fields: readonly string[] = ['components']): Change => ({
  ...(writ !== undefined && { historyMetadata: { extraData: { writ, ...(undoes !== undefined && { undoes }) } } }),
  items: fields.map((fieldId) => ({ fieldId })),
});
const BY_HAND = change();
const others = (many: number): readonly Change[] =>
  Array.from({ length: many }, () => change(undefined, undefined, ['labels']));

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
  ['its marker stands at a change of other fields', false, [change(), change('own', undefined, ['labels'])]],
  ['the call was made twice', false, [change('own'), BY_HAND, change('own')]],
  ['the call changed nothing, as somebody had just done so', false, [BY_HAND, change('other')]],
  ['the call is older than the newest changes, which are of other fields', false, others(MOST_CHANGES)],
  ['it is older than they are, and one is by hand', true, [BY_HAND, ...others(MOST_CHANGES - 1)]],
  [
    'it is older than they are, and what another run changed is undone',
    false,
    [change('undo', 'other'), change('other'), ...others(MOST_CHANGES - 2)],
  ],
  ['there is no change', false, []],
];

describe('what a call changed', () => {
  it.each(cases)('where %s: somebody else has it: %s', (_, expected, changes) => {
    expect(isChangedSince(changes, 'own')).toBe(expected);
  });

  it('is told by the name of the field where a change has no id of it', () => {
    const named = (field: string): Change => ({ items: [{ field }] });
    expect(isChangedSince([named('Component'), change('own')], 'own')).toBe(true);
    expect(isChangedSince([named('Labels'), change('own')], 'own')).toBe(false);
  });

  it('is nobody else’s where the changes say nothing', () => {
    const silent: readonly Change[] = [{}, { historyMetadata: null, items: null }, { historyMetadata: {}, items: [] }];
    expect(isChangedSince([...silent, change('own')], 'own')).toBe(false);
    expect(isChangedSince([{ historyMetadata: { extraData: { writ: 1, undoes: 2 } } }, change('own')], 'own')).toBe(
      false
    );
  });
});
