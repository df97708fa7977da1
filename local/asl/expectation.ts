import { isObject, type Json } from '../template/json.ts';
import type { Expected } from './case.ts';
import type { Result } from './run-case.ts';
import { isMeant } from './script.ts';

const LONGEST_SHOWN = 300;

/** As JSON, in which nothing that a terminal obeys is left. */
const shown = (value: Json | undefined): string => {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return printable(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
};

/** The text with every character escaped that a terminal might obey, or that turns what stands around it. */
export const printable = (text: string): string =>
  text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  );

/** Where two values differ, one line each. With `loosely`, objects that were found may hold more. */
const differences = (at: string, expected: Json | undefined, found: Json | undefined, loosely: boolean): string[] => {
  if (isObject(expected) && isObject(found)) {
    const keys = new Set([...Object.keys(expected), ...(loosely ? [] : Object.keys(found))]);
    return [...keys].flatMap((key) => differences(`${at}.${key}`, expected[key], found[key], loosely));
  }
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length)
    return expected.flatMap((item, index) => differences(`${at}[${index}]`, item, found[index] as Json, loosely));
  if (JSON.stringify(expected) === JSON.stringify(found)) return [];
  return [`${printable(at)}: expected ${shown(expected)}, found ${shown(found)}`];
};

const callsDiffer = (expected: NonNullable<Expected['calls']>, found: Result['calls']): readonly string[] => {
  const named = (calls: readonly { readonly fn: string }[]): Json => calls.map(({ fn }) => fn);
  if (expected.length !== found.length || !expected.every(({ fn }, at) => isMeant(fn, found[at]?.fn ?? '')))
    return differences('calls', named(expected), named(found), false);
  return expected.flatMap(({ fn, payload }, at) =>
    payload === undefined ? [] : differences(`calls[${at}] ${fn}`, payload, found[at]?.payload, false)
  );
};

/** What of a result is not as it was expected: nothing, if all is. */
export const mismatches = (expected: Expected, result: Result): readonly string[] => {
  const { status, output, outputIncludes, causeIncludes = [], calls, entered } = expected;
  const lines: string[] = [];
  if (status !== undefined) lines.push(...differences('status', status, result.status, false));
  for (const field of ['error', 'cause'] as const) {
    const value = expected[field];
    if (value !== undefined) lines.push(...differences(field, value ?? undefined, result[field], false));
  }
  for (const part of [causeIncludes].flat())
    if (!(result.cause ?? '').includes(part))
      lines.push(`cause: expected it to include ${shown(part)}, found ${shown(result.cause)}`);
  if (output !== undefined) lines.push(...differences('output', output, result.output, false));
  if (outputIncludes !== undefined) lines.push(...differences('output', outputIncludes, result.output, true));
  if (calls !== undefined) lines.push(...callsDiffer(calls, result.calls));
  if (entered !== undefined) lines.push(...differences('entered', [...entered], [...result.entered], false));
  return lines;
};
