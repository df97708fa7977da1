import { describe, expect, it } from 'vitest';
import {
  type ArchivedDay,
  faultsOfRoots,
  isSettled,
  type Leaf,
  NO_ROOT,
  rootOfDay,
  shardOfChain,
  sortedLeaves,
} from '../../../lambdas/core/audit/anchors.ts';
import { digestOf, sha256 } from '../../../lambdas/core/digest.ts';

const leaf = (chain: string, seq = 0, hash = sha256(`${chain}${seq}`)): Leaf => ({ chain, seq, hash });
const dayOf = (day: string, leaves: readonly Leaf[], previous: string): ArchivedDay & Required<ArchivedDay> => ({
  day,
  leaves,
  root: rootOfDay(day, leaves, previous),
});
const first = dayOf('2030-01-01', [leaf('a')], NO_ROOT);
const second = dayOf('2030-01-02', [leaf('a', 1), leaf('b')], first.root.hash);
const third = dayOf('2030-01-03', [leaf('c')], second.root.hash);

describe('the leaves of a day', () => {
  it('stand by chain, place and hash, each once', () => {
    const [x, y] = [leaf('b', 10, 'a'.repeat(64)), leaf('b', 10, 'b'.repeat(64))];
    const ordered = [leaf('a', 3), leaf('b', 2), x, y, leaf('c', 0)];
    const [c, ...others] = ordered.toReversed();
    expect(sortedLeaves([...others, x, ...(c ? [c] : []), y])).toEqual(ordered);
    expect(sortedLeaves(ordered)).toEqual(ordered);
  });

  it('are settled an hour after its end, to the millisecond', () => {
    const at = (text: string): boolean => isSettled('2030-01-01', new Date(text));
    expect([at('2030-01-02T00:59:59.999Z'), at('2030-01-02T01:00:00.000Z')]).toEqual([false, true]);
  });

  it('lie in one of eight parts', () => {
    const shards = new Set(Array.from({ length: 200 }, (_, at) => shardOfChain(`RUN#acme#${at}`)));
    expect([...shards].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('the roots of days', () => {
  it('have no fault where each follows the one before, in whatever order they are given', () => {
    expect(faultsOfRoots([third, first, second])).toEqual([]);
  });

  const forged = { ...second.root, leaves: 1 };
  const { hash: _, ...body } = forged;
  it.each<[string, readonly ArchivedDay[], readonly string[]]>([
    ['no root at all', [], ['there is no root']],
    ['a day that is missing', [first, third], ['2030-01-02 has no root']],
    [
      'leaves that are missing',
      [first, { day: second.day, root: second.root }, third],
      ['2030-01-02 has a root, and its leaves cannot be read'],
    ],
    [
      "another day's root",
      [first, { ...second, day: '2030-01-02', root: dayOf('2030-01-09', second.leaves, first.root.hash).root }],
      ['the root of 2030-01-02 is that of 2030-01-09'],
    ],
    [
      'a root that was changed',
      [first, { ...second, root: { ...second.root, hash: 'f'.repeat(64) } }],
      ['the root of 2030-01-02 was changed: its hash does not fit its content'],
    ],
    [
      'a root that follows another',
      [first, dayOf('2030-01-02', second.leaves, NO_ROOT)],
      [
        `the root of 2030-01-02 does not follow the root of the day before: expected ${first.root.hash}, found ${NO_ROOT}`,
      ],
    ],
    [
      'a first root that follows something',
      [dayOf('2030-01-01', first.leaves, 'e'.repeat(64))],
      [
        `the root of 2030-01-01 does not follow the root of the day before: expected ${NO_ROOT}, found ${'e'.repeat(64)}`,
      ],
    ],
    [
      'a leaf too few',
      [first, { ...second, leaves: [leaf('a', 1)] }],
      ['the leaves of 2030-01-02 are not those of its root'],
    ],
    [
      'a wrong number of leaves',
      [first, { ...second, root: { ...body, hash: digestOf(body) } }],
      ['the leaves of 2030-01-02 are not those of its root'],
    ],
  ])('name %s', (_name, days, faults) => {
    expect(faultsOfRoots(days)).toEqual(faults);
  });
});
