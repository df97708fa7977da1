import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, plainTextOf } from '../../../lambdas/tools/jira/adf.ts';

const text = (words: string, marks?: unknown) => ({ type: 'text', text: words, marks });
const node = (type: string, ...content: unknown[]) => ({ type, content });

describe('the plain text of a document', () => {
  it('has a line for each block', () => {
    const document = node(
      'doc',
      node('heading', text('Printer '), text('down', [{ type: 'strong' }])),
      node('paragraph', text('Since Monday,'), { type: 'hardBreak' }, text('only on floor 3.')),
      node(
        'bulletList',
        node('listItem', node('paragraph', text('one'))),
        node('listItem', node('paragraph', text('two')))
      ),
      { type: 'rule' },
      node(
        'table',
        node('tableRow', node('tableCell', node('paragraph', text('left'))), node('tableCell', text('right')))
      ),
      node('codeBlock', text('if (a)\n  b();'))
    );
    expect(plainTextOf(document)).toBe(
      'Printer down\nSince Monday,\nonly on floor 3.\none\ntwo\nleft\nright\nif (a)\n  b();'
    );
  });

  it('has the words of nodes that hold them as attributes', () => {
    const document = node(
      'paragraph',
      { type: 'mention', attrs: { id: '1', text: '@Ann' } },
      text(' '),
      { type: 'mention', attrs: { id: '1' } },
      text(' '),
      { type: 'emoji', attrs: { shortName: ':warning:' } },
      text(' '),
      { type: 'status', attrs: { text: 'OPEN' } },
      text(' '),
      { type: 'date', attrs: { timestamp: '1893456000000' } },
      text(' '),
      { type: 'inlineCard', attrs: { url: 'https://example.net/a' } },
      { type: 'blockCard', attrs: { url: 'https://example.net/b' } }
    );
    expect(plainTextOf(document)).toBe(
      '@Ann @1 :warning: OPEN 2030-01-01 https://example.net/a\nhttps://example.net/b'
    );
  });

  it.each([[null], [undefined], [7], [true], [[]], [{}], [{ type: 'doc' }], [{ type: 'doc', content: 'x' }]])(
    'is empty for %j',
    (description) => expect(plainTextOf(description)).toBe('')
  );

  it('is the string itself where the description is one', () => expect(plainTextOf(' a\nb ')).toBe('a\nb'));

  it('does not depend on how deep a document is nested', () => {
    let document: unknown = text('deep');
    for (let depth = 0; depth < 200_000; depth++) document = { type: 'panel', content: [document] };
    expect(plainTextOf(document)).toBe('deep');
  });

  it('is well-formed text whatever JSON it is made of', async () => {
    const types = [
      'doc',
      'text',
      'paragraph',
      'mention',
      'emoji',
      'date',
      'hardBreak',
      '__proto__',
      'constructor',
      'x',
    ];
    const string = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '\udc00', '\n')),
    });
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 6 }, string, fc.jsonValue(), tie('node'), fc.array(tie('any'), { maxLength: 4 })),
      node: fc.record(
        {
          type: fc.oneof(fc.constantFrom(...types), tie('any')),
          text: tie('any'),
          content: tie('any'),
          attrs: tie('any'),
        },
        { requiredKeys: [] }
      ),
    }));
    await fc.assert(
      fc.property(any, (description) => {
        const plain = plainTextOf(description);
        expect(plain.isWellFormed()).toBe(true);
        expect(plain).toBe(plain.trim());
      }),
      { numRuns: 2_000 }
    );
  });
});

describe('cutting', () => {
  it('keeps text up to the limit, never half a pair, and says whether it cut', async () => {
    await fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 12 }), (whole, more) => {
        const limit = more + 1;
        const { text: kept, truncated } = cut(whole, limit);
        expect(truncated).toBe(whole.length > limit);
        expect(whole.startsWith(kept)).toBe(true);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(whole.length, limit - 1));
        expect(kept.isWellFormed()).toBe(true);
      })
    );
  });
});
