import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pascalCase } from '../../lib/functions.ts';
import { calleesOf } from '../../lib/release.ts';
import { readCases } from '../../local/asl/case.ts';
import { mismatches } from '../../local/asl/expectation.ts';
import { runCase } from '../../local/asl/run-case.ts';
import type { JsonObject } from '../../local/template/json.ts';
import { workflows } from '../../statemachines/workflows.ts';

/** Functions by the names that `npm run asl -- --machine` gives them. */
const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;

describe.each([...workflows])('$name', (workflow) => {
  const file = join(import.meta.dirname, '../../statemachines', workflow.name, 'cases.json');
  const callees = calleesOf(workflow, { step: arnOf, scope: (scope) => arnOf(pascalCase(scope)) });
  const machine = JSON.parse(JSON.stringify(workflow.machine(callees))) as JsonObject;

  it('has cases', () => {
    expect(existsSync(file)).toBe(true);
  });

  const { cases, problems: ofFile } = readCases(readFileSync(file, 'utf8'), machine);
  it.each(cases)('$name', async ({ case: runnable, problems }) => {
    expect([...ofFile, ...problems]).toEqual([]);
    if (runnable?.expect === undefined) throw new Error('expected a case that says what is expected');
    const { result } = await runCase(runnable);
    expect(mismatches(runnable.expect, result)).toEqual([]);
  });
});
