import { clean } from '../terminal/sanitise.ts';

type Fields = ReadonlyMap<string, unknown>;

/** A row's fault, as a sentence without the row's text. Caught by `eachRow`, never seen outside. */
export class RowFault extends Error {}

/** Everything below U+0020 but tab and line breaks, DEL, and C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

const TYPES: Readonly<Record<string, string>> = { object: 'an object', boolean: 'true or false' };

/** What anybody may have pasted, trimmed: anything but NUL and halves of characters. Undefined where absent, null or blank. */
export const pastedField = (fields: Fields, name: string, maxLength: number): string | undefined => {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new RowFault(`"${name}" must be text, found ${Array.isArray(value) ? 'a list' : TYPES[typeof value]}`);
  const text = String(value).trim();
  if (!text.isWellFormed()) throw new RowFault(`"${name}" has half of a surrogate pair, which is no text`);
  if (text.includes('\0')) throw new RowFault(`"${name}" has control characters (NUL)`);
  if (text.length > maxLength)
    throw new RowFault(`"${name}" is too long: ${text.length} characters, at most ${maxLength}`);
  return text === '' ? undefined : text;
};

/** Text without control characters, but with tabs and line breaks. */
export const textField = (fields: Fields, name: string, maxLength: number): string | undefined => {
  const text = pastedField(fields, name, maxLength);
  if (text !== undefined && CONTROL.test(text)) throw new RowFault(`"${name}" has control characters`);
  return text;
};

/** An identifying name on one line, of characters that show. */
export const nameField = (fields: Fields, name: string, maxLength: number): string | undefined => {
  const text = textField(fields, name, maxLength);
  if (text !== undefined && clean(text) !== text) throw new RowFault(`"${name}" must be printable text on one line`);
  return text;
};

/** `true`, also as CSV spells it. */
export const flagField = (fields: Fields, name: string): boolean => {
  const value = fields.get(name);
  return value === true || (typeof value === 'string' && value.trim().toLowerCase() === 'true');
};
