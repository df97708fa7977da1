import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedPattern } from '../../../local/states/pattern.ts';

/** As JSONata looks: each match from the end of the one before, until there is none or one of nothing. */
const found = (pattern: RegExp, text: string): readonly (readonly [number, ...(string | undefined)[]])[] => {
  const matches: [number, ...(string | undefined)[]][] = [];
  for (;;) {
    const match = pattern.exec(text);
    if (match === null || match[0] === '') return matches;
    matches.push([match.index, ...match]);
  }
};

describe('a bounded pattern', () => {
  it('finds what any other does, in one text after the other', () => {
    const source = fc.constantFrom('a', 'a+b?', '(a|b)+', '(?<x>b)(c)?', 'b*c', '[ab]{2,3}', '(a)\\1', '$', '^a');
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '😀'), maxLength: 3_000 });
    fc.assert(
      fc.property(source, fc.array(text, { minLength: 1, maxLength: 3 }), (pattern, texts) => {
        const [bounded, plain] = [new BoundedPattern(pattern, 'g'), new RegExp(pattern, 'g')];
        for (const each of texts) {
          bounded.lastIndex = 0;
          plain.lastIndex = 0;
          expect(found(bounded, each)).toEqual(found(plain, each));
        }
      }),
      { numRuns: 60 }
    );
  });

  it('looks further than it looks ahead', () => {
    expect(found(new BoundedPattern('a', 'g'), 'ab'.repeat(2_500))).toHaveLength(2_500);
  });
});
