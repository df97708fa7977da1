import { expect, it } from 'vitest';
import { compileTerms } from '../../../local/logs/pattern.ts';

const MESSAGE = 'ERROR read timeout of the "jira" scope, code -7';

it.each([
  ['', true],
  ['ERROR', true],
  ['error', false],
  ['ERROR timeout', true],
  ['ERROR absent', false],
  ['"read timeout"', true],
  ['"timeout read"', false],
  ['"\\"jira\\""', true],
  ['ERROR -absent', true],
  ['ERROR -timeout', false],
  ['-"read timeout"', false],
  ['?absent ?timeout', true],
  ['?absent ?missing', false],
  ['  ERROR   timeout  ', true],
])('the pattern %s: %s', (pattern, expected) => {
  expect(compileTerms(pattern)(MESSAGE)).toBe(expected);
});

it.each(['{ $.level = "ERROR" }', '[a, b]', '%ERROR%', '"open', '?a b', 'a"b'])('refuses %s by name', (pattern) => {
  expect(() => compileTerms(pattern)).toThrow(expect.objectContaining({ name: 'UnknownPattern' }));
});
