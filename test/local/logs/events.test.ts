import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readLog } from '../../../local/logs/events.ts';
import { aFolder } from '../assembly.ts';

const at = (second: number): string => `2030-01-01T00:00:0${second}.000Z`;

it('reads the former file first, takes times from lines, and lets plain lines have that of the line before', async () => {
  const folder = aFolder();
  writeFileSync(join(folder, 'f.1.log'), `${at(1)}\tone\n`);
  writeFileSync(join(folder, 'f.log'), `${at(2)}\ttwo\tTAB\nplain\n${at(1)}\tlate\n${at(3)}\tbeing writ`);
  const events = await readLog(folder, 'f');
  expect(events.map(({ timestamp, message }) => [new Date(timestamp).toISOString(), message])).toEqual([
    [at(1), 'one'],
    [at(2), 'two\tTAB'],
    [at(2), 'plain'],
    [at(2), 'late'],
  ]);
  const ids = events.map(({ id }) => id);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});

it('gives an event the same id when more has come, and another than to any of another function', async () => {
  const folder = aFolder();
  const write = (name: string, ...lines: readonly string[]): void =>
    writeFileSync(join(folder, `${name}.log`), lines.map((line) => `${at(1)}\t${line}\n`).join(''));
  write('f', 'a', 'b');
  write('g', 'a', 'b');
  const before = await readLog(folder, 'f');
  write('f', 'a', 'b', 'c');
  expect((await readLog(folder, 'f')).slice(0, 2)).toEqual(before);
  const all = [...before, ...(await readLog(folder, 'g'))];
  expect(new Set(all.map(({ id }) => id)).size).toBe(4);
});

it('has nothing of a function that has printed nothing', async () => {
  expect(await readLog(aFolder(), 'f')).toEqual([]);
});
