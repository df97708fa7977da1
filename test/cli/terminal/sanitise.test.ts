import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, safeJson } from '../../../cli/terminal/sanitise.ts';

describe('clean', () => {
  it.each([
    ['colours', 'a\u001b[31mred\u001b[0m b', 'ared b'],
    ['screen control', '\u001b[2J\u001b[1;1Hgone', 'gone'],
    ['eight-bit control sequences', '\u009b31mred', 'red'],
    ['a window title', 'x\u001b]0;owned\u0007y', 'xy'],
    ['a hyperlink', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['a clipboard write', '\u001b]52;c;cm0gLXJm\u0007', ''],
    ['device control strings', 'a\u001bPq#0\u001b\\b', 'ab'],
    ['an unfinished sequence', 'a\u001b]0;rest', 'a0;rest'],
    ['a lone escape', 'a\u001b', 'a'],
    ['the bell and backspaces', 'pass\u0008\u0008\u0007word', 'password'],
    ['carriage returns', 'shown\rhidden', 'shown hidden'],
    ['line breaks of every kind', 'a\r\nb\u2028c\u2029d\u0085e\tf', 'a b c d e f'],
    ['bidi overrides and isolates', 'a\u202egnp.exe\u202c \u2066x\u2069\u200f', 'agnp.exe x'],
    ['zero width characters', 'pay\u200bpal\ufeff\u200d\u2060\u00ad', 'paypal'],
    ['tag characters', `hi\u{e0068}\u{e0069}\u{e007f}`, 'hi'],
    ['fillers that show as nothing', '\u3164a\u2800b\u115f', 'ab'],
    ['half a surrogate pair', 'a\ud800b', 'ab'],
    ['stacked marks', `z${'\u0300'.repeat(40)}`, 'z\u0300\u0300\u0300'],
  ])('takes %s away', (_, text, expected) => expect(clean(text)).toBe(expected));

  it('leaves what can be seen as it is', () => {
    const text = 'Größe 5 < 6 & "ok" — 日本語 😀 é';
    expect(clean(text)).toBe(text);
  });

  it('leaves nothing that a terminal obeys or hides, whatever it is given, and nothing more to clean', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = clean(text);
        expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(clean(shown)).toBe(shown);
      }),
      { numRuns: 500 }
    );
  });
});

describe('safeJson', () => {
  it('writes the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(safeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      })
    );
  });

  it('escapes what a terminal obeys or hides', () => {
    const value = { a: '\u001b[31m\u009b\u202e\u200b\u2028\u{e0068}\ud800' };
    const text = safeJson(value);
    expect(text).toMatch(/^[\n\x20-\x7e]+$/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
