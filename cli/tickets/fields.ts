import { clean } from '../terminal/sanitise.ts';

type Fields = ReadonlyMap<string, unknown>;

/** A row's fault, as a sentence without the row's text. Caught by `eachRow`, never seen outside. */
export class RowFault extends Error {}

/** Everything below U+0020 but tab and line breaks, DEL, and C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** A text field, trimmed; undefined where it is absent, null or blank. */
export const textField = (fields: Fields, name: string, maxLength: number): string | undefined => {
  const value = fields.get(name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new RowFault(
      `"${name}" must be text, found ${Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`}`
    );
  const text = String(value).trim();
  if (!text.isWellFormed()) throw new RowFault(`"${name}" has half of a surrogate pair, which is no text`);
  if (CONTROL.test(text)) throw new RowFault(`"${name}" has control characters`);
  if (text.length > maxLength)
    throw new RowFault(`"${name}" is too long: ${text.length} characters, at most ${maxLength}`);
  return text === '' ? undefined : text;
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
