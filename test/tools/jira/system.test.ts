import { describe, expect, it } from 'vitest';
import * as contracts from '../../../lambdas/tools/jira/contract.ts';
import { jira } from '../../../lambdas/tools/jira/system.ts';

const declared = [contracts.jiraGet, contracts.jiraAssign];

describe("Jira's side of its tools", () => {
  it('implements every contract once', () => {
    const all = Object.values(contracts).flatMap((value) =>
      typeof value === 'object' && 'effect' in value ? [value] : []
    );
    expect(all).toEqual(expect.arrayContaining(declared));
    expect([...jira.reads, ...jira.writes].map(({ contract }) => contract.name).sort()).toEqual(
      all.map(({ name }) => name).sort()
    );
  });

  it.each(declared)('declares $name with an example that fits it', ({ input, output, example }) => {
    expect(input.parse(example.input)).toEqual(example.input);
    expect(output.parse(example.output)).toEqual(example.output);
  });

  it('sees the effect of its example, and of nothing else', () => {
    const { example, shows } = contracts.jiraAssign;
    const record = { ...contracts.jiraGet.example.output, components: [example.input.component] };
    expect(shows(example.input, record)).toBe(true);
    expect(shows(example.input, { ...record, issueKey: 'OPS-99' })).toBe(false);
    expect(shows(example.input, { ...record, components: [] })).toBe(false);
    expect(shows(example.input, { ...record, components: [example.input.component, 'Access'] })).toBe(false);
    expect(shows(example.input, { ...record, components: ['Access'] })).toBe(false);
  });
});
