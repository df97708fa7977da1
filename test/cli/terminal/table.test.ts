import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, table } from '../../../cli/terminal/table.ts';
import { cut, pad, widthOf } from '../../../cli/terminal/width.ts';

interface Row {
  readonly name: string;
  readonly queue: string;
  readonly ms: string;
}

const columns: readonly Column<Row>[] = [
  { header: 'NAME', cell: ({ name }) => name, min: 8, dispensable: 0 },
  { header: 'QUEUE', cell: ({ queue }) => queue, min: 5, dispensable: 1 },
  { header: 'MS', cell: ({ ms }) => ms, align: 'right', dispensable: 2 },
];
const rows: readonly Row[] = [
  { name: 'VPN drops every ten minutes', queue: 'Network', ms: '12' },
  { name: 'short', queue: 'Administrative rights', ms: '1234' },
];
const plain = (width: number) => table(columns, rows, { columns: width, paint: (_, text) => text });

describe('a table', () => {
  it('keeps whole cells where there is room', () =>
    expect(plain(80)).toEqual([
      'NAME                         QUEUE                    MS',
      'VPN drops every ten minutes  Network                  12',
      'short                        Administrative rights  1234',
    ]));

  it('shrinks its widest columns first', () =>
    expect(plain(40)).toEqual([
      'NAME              QUEUE               MS',
      'VPN drops every…  Network             12',
      'short             Administrative…   1234',
    ]));

  it('leaves dispensable columns out where even the least widths do not fit', () =>
    expect(plain(16)).toEqual(['NAME      QUEUE', 'VPN dro…  Netwo…', 'short     Admin…']));

  it('never is wider than it may be, and never breaks a line, whatever the cells hold', () => {
    const cell = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: cell, queue: cell, ms: cell }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 120 }),
        (given, width) => {
          const shown = table(columns, given, { columns: width, paint: (_, text) => text });
          expect(shown).toHaveLength(given.length + 1);
          for (const line of shown) {
            expect(widthOf(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          }
        }
      )
    );
  });
});

describe('text in columns', () => {
  it.each([
    ['abc', 3],
    ['日本語', 6],
    ['😀', 2],
    ['e\u0301', 1],
    ['한국', 4],
  ])('takes the columns that it takes: %s', (text, width) => expect(widthOf(text)).toBe(width));

  it.each([
    ['abcdef', 4, 'abc…'],
    ['日本語', 4, '日…'],
    ['abc', 3, 'abc'],
    ['ab cd', 4, 'ab…'],
    ['abc', 0, ''],
  ])('is cut at whole characters: %s at %i', (text, width, expected) => expect(cut(text, width)).toBe(expected));

  it('is filled to the width on either side', () => {
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('7', 3, 'right')).toBe('  7');
  });
});
