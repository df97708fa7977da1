import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examplesOf } from '../../../cli/tickets/examples.ts';
import { jsonlRows } from '../../../cli/tickets/jsonl.ts';
import { split, ticketsOf } from '../../../cli/tickets/tickets.ts';

const read = (...rows: readonly (string | object)[]) =>
  ticketsOf(jsonlRows(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')));

describe('tickets', () => {
  it('have a subject and a body, or one text', () => {
    const { tickets, malformed } = read(
      { id: 'a', subject: 'VPN drops', body: 'Since Monday' },
      { ID: 7, Text: 'Printer jams\nin tray 2' }
    );
    expect(malformed).toEqual([]);
    expect(tickets).toMatchObject([
      { line: 1, id: 'a', summary: 'VPN drops', description: 'Since Monday' },
      { line: 2, id: '7', summary: 'Printer jams', description: 'in tray 2' },
    ]);
  });

  it.each(['queue', 'label', 'expected_queue', 'Expected_Queue'])('have their queue under %s', (name) =>
    expect(read({ id: 'a', text: 'x', [name]: 'Network' }).tickets).toMatchObject([{ queue: 'Network' }])
  );

  it('say what is special about them', () =>
    expect(
      read({ id: 'a', text: 'x', issueKey: null, reply: true, status: 'Done', hostile: true, expected: 'refused' })
        .tickets
    ).toMatchObject([{ forgotten: true, reply: true, status: 'Done', hostile: true, expected: 'refused' }]));

  it('are named after their line where they have no id', () =>
    expect(read('', { text: 'x' }).tickets).toMatchObject([{ id: 'line-2' }]));

  it.each([
    ['broken JSON', '{"id": "x", "text": ', 'not valid JSON'],
    ['a list', '[1]', 'expected a JSON object'],
    ['a value', '"text"', 'expected a JSON object'],
    ['no text', { id: 'x' }, 'no text'],
    ['blank text', { id: 'x', text: ' \n ' }, 'no text'],
    ['a text that is none', { id: 'x', text: ['a'] }, '"text" must be text, found a list'],
    ['a long subject', { id: 'x', subject: 'a'.repeat(1_001) }, '"subject" is too long: 1001'],
    ['a long body', { id: 'x', subject: 'a', body: 'a'.repeat(16_001) }, '"body" is too long: 16001'],
    ['a long text', { id: 'x', text: 'a'.repeat(16_001) }, '"text" is too long'],
    ['control characters in its text', { id: 'x', text: 'a\u001b[31mb' }, '"text" has control characters'],
    ['control characters in its id', { id: 'x\u0007', text: 'a' }, '"id" has control characters'],
    ['hidden characters in its id', { id: 'x\u202e', text: 'a' }, '"id" must be printable'],
    ['NUL in its body', { id: 'x', subject: 'a', body: 'a\u0000' }, '"body" has control characters'],
    ['half a character', '{"id": "x", "text": "a\\ud800"}', 'surrogate'],
    ['a status that Jira does not have', { id: 'x', text: 'a', status: 'Gone' }, '"status" must be one of'],
    ['the id of another', { id: 'first', text: 'a' }, 'its id is taken by line 1'],
  ])('are left out with %s, alone', (_, row, problem) => {
    const { tickets, malformed } = read({ id: 'first', text: 'ok' }, '', row, { id: 'last', text: 'ok' });
    expect(tickets.map(({ id }) => id)).toEqual(['first', 'last']);
    expect(malformed).toEqual([{ line: 3, problem: expect.stringContaining(problem) }]);
  });

  it('may hold anything else in their body: it is pasted, and shown nowhere as it is', () =>
    expect(read({ id: 'x', subject: 'a', body: 'a\u001b[31mb' }).tickets).toMatchObject([
      { description: 'a\u001b[31mb' },
    ]));

  it('are not misled by names that objects have of their own', () => {
    const { tickets } = read('{"id": "x", "__proto__": {"text": "a"}, "text": "b", "constructor": 1}');
    expect(tickets).toMatchObject([{ id: 'x', summary: 'b' }]);
  });

  it('or what is wrong with them: each row that is not blank is one of the two, at its line', () => {
    const row = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.record({ id: fc.string(), text: fc.string({ unit: 'binary' }) }).map((value) => JSON.stringify(value)),
      fc.constantFrom('', '  ', '{"text": "fine"}')
    );
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const { tickets, malformed } = ticketsOf(jsonlRows(rows.join('\n')));
        const lines = [...tickets, ...malformed].map(({ line }) => line).toSorted((a, b) => a - b);
        expect(lines).toEqual(rows.flatMap((text, index) => (text.trim() === '' ? [] : [index + 1])));
      })
    );
  });
});

describe('one text as summary and rest', () => {
  it('loses no word and says none twice', () => {
    const words = fc.array(
      fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).map((w) => w.replace(/\s/g, '_')),
      { minLength: 1, maxLength: 60 }
    );
    const gaps = fc.constantFrom(' ', '\n', ' \n\n ');
    fc.assert(
      fc.property(words, gaps, (given, gap) => {
        const { summary, description } = split(given.join(gap));
        expect(summary.length).toBeLessThanOrEqual(255);
        expect(summary).not.toContain('\n');
        expect(`${summary} ${description ?? ''}`.split(/\s+/).filter(Boolean)).toEqual(
          given.join(' ').split(/\s+/).filter(Boolean)
        );
      })
    );
  });

  it('splits a word only where there is no other way, and never a character', () => {
    expect(split(`${'a'.repeat(254)}😀${'b'.repeat(50)}`)).toEqual({
      summary: 'a'.repeat(254),
      description: `😀${'b'.repeat(50)}`,
    });
  });
});

describe('examples', () => {
  it('are texts with a label, in the words that tickets have', () => {
    const rows = jsonlRows(
      '{"text": "a", "label": "X"}\n{"subject": "b", "body": "c", "queue": "Y"}\n{"text": "d"}\n{"label": "X"}'
    );
    expect(examplesOf(rows)).toEqual({
      examples: [
        { text: 'a', label: 'X' },
        { text: 'b\nc', label: 'Y' },
      ],
      malformed: [
        { line: 3, problem: 'no label; expected "label" or "queue"' },
        { line: 4, problem: expect.stringContaining('no text') },
      ],
    });
  });
});
