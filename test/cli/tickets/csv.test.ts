import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRows } from '../../../cli/tickets/csv.ts';

const plain = (text: string) =>
  csvRows(text)?.map((row) =>
    'problem' in row ? [row.line, row.problem] : [row.line, Object.fromEntries(row.fields)]
  );

describe('CSV', () => {
  it('reads quoted fields, with line breaks and quotes inside them, and counts lines as an editor does', () =>
    expect(plain('id,text\n1,"a\nb ""c"""\n\n2,d\r\n3,"e\r\n\r\nf"\n4,g')).toEqual([
      [2, { id: '1', text: 'a\nb "c"' }],
      [5, { id: '2', text: 'd' }],
      [6, { id: '3', text: 'e\r\n\r\nf' }],
      [9, { id: '4', text: 'g' }],
    ]));

  it.each([
    ['semicolons', 'ID;Text\n1;a,b'],
    ['tabs', 'ID\tText\n1\ta,b'],
    ['commas', 'ID,Text\n1,"a,b"'],
    ['old line ends', 'ID,Text\r1,"a,b"\r'],
  ])('takes %s, and names in any case', (_, text) => expect(plain(text)).toEqual([[2, { id: '1', text: 'a,b' }]]));

  it('takes a quote inside an unquoted field as it is', () =>
    expect(plain('id,text\n1,a 24" screen')).toEqual([[2, { id: '1', text: 'a 24" screen' }]]));

  it('gives up a row whose quoting is broken, and no other', () => {
    const rows = plain('id,text\n1,a\n2,"b" c\n3,d\n4,"e\n5,f\n6,"g\nh"\n7,i');
    expect(rows).toContainEqual([2, { id: '1', text: 'a' }]);
    expect(rows).toContainEqual([3, expect.stringContaining('closing quote')]);
    expect(rows).toContainEqual([4, { id: '3', text: 'd' }]);
    expect(rows).toContainEqual([6, { id: '5', text: 'f' }]);
    expect(rows).toContainEqual([9, { id: '7', text: 'i' }]);
  });

  it('reads on after a quote that is never closed', () =>
    expect(plain('id,text\n1,"a\n2,b\n3,c')).toEqual([
      [2, 'a quoted field is never closed'],
      [3, { id: '2', text: 'b' }],
      [4, { id: '3', text: 'c' }],
    ]));

  it('says how many fields it expected', () =>
    expect(plain('id,text\n1\n2,b,c')).toEqual([
      [2, 'expected 2 fields as in the header, found 1'],
      [3, 'expected 2 fields as in the header, found 3'],
    ]));

  it('has no rows without a header', () => expect(csvRows('\n \n')).toBeUndefined());

  it('reads what was written, at the line where it was written, between rows that are broken', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', ';', '😀') });
    const row = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('good' as const), text: field }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('bad' as const), text: fc.constantFrom('x,"a"b', 'x', 'x,y,z') }),
      }
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (given) => {
        const expected: unknown[] = [];
        let text = 'id,text\n';
        let line = 2;
        given.forEach(({ kind, text: value }, index) => {
          const written = kind === 'bad' ? `${value}\n` : `${index},"${value.replaceAll('"', '""')}"\n`;
          expected.push(kind === 'bad' ? [line, expect.any(String)] : [line, { id: String(index), text: value }]);
          text += written;
          line += written.split('\n').length - 1;
        });
        expect(plain(text)).toEqual(expected);
      }),
      { numRuns: 300 }
    );
  });
});
