import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCases } from '../../../local/asl/case.ts';
import { mismatches } from '../../../local/asl/expectation.ts';
import { runCase } from '../../../local/asl/run-case.ts';

const files = globSync(join(import.meta.dirname, '../../../local/asl/cases/*.json')).sort();

describe.each(files)('%s', (file) => {
  const { cases, problems: ofFile } = readCases(readFileSync(file, 'utf8'));

  it('names each case once', () => {
    const names = cases.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it.each(cases)(`${basename(file, '.json')}: $name`, async ({ case: runnable, problems }) => {
    expect([...ofFile, ...problems]).toEqual([]);
    if (runnable?.expect === undefined) throw new Error('expected a case that says what is expected');
    expect(runnable.doc).toMatch(
      /^(?:States language|Developer guide|API reference|Lambda API reference|JSONata)\b.+:? /
    );
    const { result } = await runCase(runnable);
    expect(mismatches(runnable.expect, result)).toEqual([]);
  });
});
