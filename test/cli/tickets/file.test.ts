import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExamples } from '../../../cli/tickets/examples.ts';
import { readTickets } from '../../../cli/tickets/tickets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writ-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

const fileOf = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe('a file of tickets', () => {
  const csv = 'id,subject,body,queue\n1,"VPN, again","line 1\nline 2",Network\n';
  const jsonl = '{"id":"1","subject":"VPN, again","body":"line 1\\nline 2","queue":"Network"}\n';

  it.each([
    ['a.csv', csv],
    ['b.jsonl', jsonl],
    ['c.txt', csv],
    ['d.txt', jsonl],
    ['e', `\ufeff${csv}`],
    ['f.CSV', `\ufeff${csv.replaceAll('\n', '\r\n').replace('line 1\r\n', 'line 1\n')}`],
    ['g.JSONL', `\ufeff${jsonl}`],
    ['h.jsonl', jsonl.replace('\n', '\r\n')],
  ])('is read as %s', async (name, content) => {
    const { tickets, malformed } = await readTickets(await fileOf(name, content));
    expect(malformed).toEqual([]);
    expect(tickets).toMatchObject([
      { id: '1', summary: 'VPN, again', description: 'line 1\nline 2', queue: 'Network' },
    ]);
  });

  it.each([
    ['empty.csv', '', 'is empty'],
    ['blank.jsonl', ' \n\n', 'is empty'],
    ['header.csv', 'id,text\n', 'has a header and no rows'],
    ['array.json', '[{"id": 1}]', 'is one JSON array'],
    ['binary.csv', new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]), 'is a binary file'],
    ['utf16.csv', new Uint8Array([0xff, 0xfe, 0x69, 0]), 'is UTF-16'],
    ['latin1.csv', new Uint8Array([0x69, 0x64, 0x0a, 0xe9]), 'is not UTF-8'],
  ])('that cannot be used is a wrong argument: %s', async (name, content, message) => {
    const path = await fileOf(name, content);
    await expect(readTickets(path)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
  });

  it('that is not there, is a folder, or is too large, is a wrong argument', async () => {
    await expect(readTickets(join(folder, 'none\u001b[2J.csv'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/none\.csv is not there/),
    });
    await expect(readTickets(folder)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('is a folder'),
    });
    const large = await open(join(folder, 'large.csv'), 'w');
    await large.truncate(100_000_000); // holes: nothing is written
    await large.close();
    await expect(readTickets(join(folder, 'large.csv'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('larger than 50 MB'),
    });
  });

  it('of examples needs enough of them', async () => {
    const few = await fileOf('few.jsonl', '{"text":"a","label":"X"}\n{"text":"b"}\n');
    await expect(readExamples(few)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/at least 10 rows and 2 labels, found 1 and 1; line 2: no label/),
    });
    const rows = Array.from({ length: 10 }, (_, index) => `text ${index},${index % 2 ? 'X' : 'Y'}`);
    const enough = await fileOf('enough.csv', ['text,label', ...rows].join('\n'));
    expect((await readExamples(enough)).examples).toHaveLength(10);
  });
});
