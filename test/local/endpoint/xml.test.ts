import fc from 'fast-check';
import { expect, it } from 'vitest';
import { childrenOf, document, parseXml, textAt } from '../../../local/endpoint/xml.ts';

it('reads back whatever text it has written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const written = document('Root', 'urn:space', { One: text, Two: [{ In: 'a' }, { In: 'b' }] });
      const root = parseXml(Buffer.from(written), 'Root');
      expect(textAt(root, 'One')).toBe(text.trim());
      expect(childrenOf(root, 'Two').map((two) => textAt(two, 'In'))).toEqual(['a', 'b']);
    })
  );
});

it('writes nothing that could be taken for markup, nor a control character', () => {
  const written = document('Root', undefined, { One: '</One><Two a="1">&\u001b[31m' });
  expect(written).toContain('<One>&#60;/One&#62;&#60;Two a=&#34;1&#34;&#62;&#38;&#27;[31m</One>');
});

it.each([
  '',
  'text',
  '<Root>',
  '<Other/>',
  '<Root></Other></Root>',
  '<Root/><Root/>',
  '<!DOCTYPE Root [<!ENTITY a "b">]><Root>&a;</Root>',
  '<Root>&a;</Root>',
  '<Root>&#x110000;</Root>',
  '<Root><![CDATA[a]]></Root>',
  `<Root>${'a'.repeat(1024 * 1024)}</Root>`,
])('refuses %.60s', (source) => {
  expect(() => parseXml(Buffer.from(source), 'Root')).toThrow(expect.objectContaining({ name: 'MalformedXML' }));
});

it('reads nothing twice out of text that is written as an entity', () => {
  expect(textAt(parseXml(Buffer.from('<Root><A>&amp;lt;</A></Root>'), 'Root'), 'A')).toBe('&lt;');
});
