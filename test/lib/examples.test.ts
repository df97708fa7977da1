import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/config.ts';
import { readExamples } from '../../lib/examples.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-examples-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string) => {
  const file = join(folder, 'examples.jsonl');
  writeFileSync(file, text);
  return readExamples(file);
};

describe('examples', () => {
  it('are read line by line; other members and empty lines do not matter', () => {
    expect(read('{"text":"a","label":"x","id":7}\n\n{"text":"b","label":"y"}\n')).toEqual([
      { text: 'a', label: 'x' },
      { text: 'b', label: 'y' },
    ]);
  });

  it.each([
    ['a line that is no JSON', '{"text":"a","label":"x"}\nnope', /line 2 must be a JSON object/],
    ['a line without a label', '{"text":"secret words"}', /line 1 must have a text and a label/],
    ['a line without words', '{"text":"","label":"x"}', /line 1 must have a text and a label/],
  ])('refuse %s by its number, without quoting it', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).not.toThrow(/secret words|nope/);
  });

  it('name a file that is not there', () => {
    expect(() => readExamples(join(folder, 'none.jsonl'))).toThrow(ConfigError);
    expect(() => readExamples(join(folder, 'none.jsonl'))).toThrow(/none\.jsonl cannot be read/);
  });
});
