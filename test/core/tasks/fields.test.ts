import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkInput } from '../../../lambdas/core/tasks/fields.ts';
import { randomRunId, runIdOf } from '../../../lambdas/core/tasks/run-id.ts';

const shape = {
  fields: [
    { name: 'summary', needed: 'at-submission' as const, maxLength: 100, expected: 'a line', isId: false },
    {
      name: 'issueKey',
      needed: 'never' as const,
      maxLength: 20,
      pattern: '[A-Z]+-[0-9]+|NONE',
      expected: 'an issue key such as OPS-12',
      isId: true,
    },
  ],
};

describe("a task's input", () => {
  it.each(['OPS-1x', 'xNONE', 'OPS-1\n', 'NONE ', 'ops-1', ''])(
    'fits its pattern as a whole, as "%s" does not',
    (issueKey) => {
      expect(checkInput(shape, { summary: 'x', issueKey })).toHaveProperty('errors');
    }
  );

  it('is either accepted as it was sent, or refused without a word of it', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('OPS-1', 'NONE'), fc.jsonValue());
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('summary', 'issueKey', 'toString', 'x'), value), (sent) => {
        const checked = checkInput(shape, sent);
        if ('input' in checked) expect(checked.input).toEqual(Object.assign({}, sent));
        else {
          expect(checked.errors.length).toBeGreaterThan(0);
          for (const { field } of checked.errors) expect(['summary', 'issueKey', 'toString', 'x']).toContain(field);
          const told =
            /^(nothing|null|a list|an object|a (number|boolean)|blank text|[\d,]+ characters?|a field of another name|text (that is (not valid Unicode|something else)|with control characters))$/;
          for (const { found } of checked.errors) expect(found).toMatch(told);
        }
      })
    );
  });

  it('shows no name of a field that could be content', () => {
    const checked = checkInput(shape, { summary: 'x', 'my password is 1234': 'y' });
    expect(JSON.stringify(checked)).not.toContain('1234');
  });
});

describe('a run id', () => {
  it('is a function of tenant and key, and different for any other', () => {
    const name = fc.string();
    fc.assert(
      fc.property(fc.tuple(name, name), fc.tuple(name, name), (one, other) => {
        fc.pre(!one[0].includes('\0') && !other[0].includes('\0'));
        expect(runIdOf(...one)).toMatch(/^[a-z2-7]{26}$/);
        expect(runIdOf(...one) === runIdOf(...other)).toBe(one[0] === other[0] && one[1] === other[1]);
      })
    );
  });

  it('does not run tenant and key together', () => {
    expect(runIdOf('acme', '1-key')).not.toBe(runIdOf('acme1', '-key'));
  });

  it('is base32 of the first 130 bits', () => {
    expect(randomRunId((bytes) => new Uint8Array(bytes))).toBe('a'.repeat(26));
    expect(randomRunId((bytes) => new Uint8Array(bytes).fill(255))).toBe('7'.repeat(26));
  });
});
