import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formerOf, openRotatingFile } from '../../local/rotating-file.ts';
import { aFolder } from './assembly.ts';

describe('a file that rotates', () => {
  it('holds the last lines in order, in two files that do not grow', async () => {
    const path = join(aFolder(), 'a.log');
    const lines = Array.from({ length: 500 }, (_, at) => `line ${at}\n`);
    for (const line of lines) {
      const file = openRotatingFile(path, 1_000);
      file.write(line);
      await file.close();
    }
    const [former, current] = [readFileSync(formerOf(path), 'utf8'), readFileSync(path, 'utf8')];
    expect(lines.join('').endsWith(former + current)).toBe(true);
    for (const text of [former, current]) expect(text.length).toBeLessThanOrEqual(1_010);
    expect(former.length).toBeGreaterThan(900);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('writes nothing after it is closed', async () => {
    const path = join(aFolder(), 'a.log');
    const file = openRotatingFile(path, 1_000);
    file.write('before\n');
    await file.close();
    file.write('after\n');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('before\n');
  });

  it('goes on where the disk takes nothing', async () => {
    const file = openRotatingFile(join(aFolder(), 'absent', 'a.log'), 1_000);
    file.write('lost\n');
    await expect(file.close()).resolves.toBeUndefined();
  });
});
