import { canonicalJson } from '../digest.ts';
import type { InputField, TaskShape } from '../workflow.ts';

/** What is wrong with a member of a request. Neither part repeats what was sent. */
export interface FieldError {
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/** How many bytes all fields of a task may have together, as JSON in UTF-8. */
export const INPUT_LIMIT_BYTES = 32_768;

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

/** A name from outside, as far as it is one: anything else could be content, or fool a terminal. */
export const safeName = (name: string): string =>
  /^[a-zA-Z][a-zA-Z0-9_-]{0,39}$/.test(name) ? name : 'a member whose name is not shown';

/** What kind of JSON value something is, in words. */
export const kindOf = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** What was found in place of a fitting value, or undefined where the value fits. */
const misfit = ({ needed, maxLength, pattern, isId }: InputField, value: unknown): string | undefined => {
  if (typeof value !== 'string') return kindOf(value);
  if (value.length > maxLength) return count(value.length, 'character');
  if (!value.isWellFormed()) return 'text that is not valid Unicode';
  if (needed === 'at-submission' && value.trim() === '') return 'blank text';
  if (isId && CONTROL_CHARACTERS.test(value)) return 'text with control characters';
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(value)) return 'text that is something else';
  return undefined;
};

const expectedOf = ({ expected, maxLength, pattern }: InputField): string =>
  pattern === undefined ? `${expected}, at most ${count(maxLength, 'character')}` : expected;

/** Whether one field fits; absent where it does. */
export const fieldError = (field: InputField, value: unknown): FieldError | undefined => {
  const found = misfit(field, value);
  return found === undefined ? undefined : { field: field.name, expected: expectedOf(field), found };
};

/** What is sent besides the fields that are taken. */
export const unknownFields = (taken: readonly string[], sent: object): readonly FieldError[] =>
  Object.keys(sent)
    .filter((name) => !taken.includes(name))
    .map((name) => ({
      field: safeName(name),
      expected: `one of the fields ${taken.join(', ')}`,
      found: 'a field of another name',
    }));

/** A task's input, or everything that is wrong with it. */
export const checkInput = (
  { fields }: TaskShape,
  input: Readonly<Record<string, unknown>>
): { readonly input: Readonly<Record<string, string>> } | { readonly errors: readonly FieldError[] } => {
  const sent = fields.filter(({ name, needed }) => Object.hasOwn(input, name) || needed === 'at-submission');
  const sentAs = ({ name }: InputField) => (Object.hasOwn(input, name) ? input[name] : undefined);
  const errors = [
    ...unknownFields(
      fields.map(({ name }) => name),
      input
    ),
    ...sent.flatMap((field) => fieldError(field, sentAs(field)) ?? []),
  ];
  if (errors.length > 0) return { errors };
  const accepted = Object.fromEntries(sent.map((field) => [field.name, String(sentAs(field))]));
  const bytes = Buffer.byteLength(canonicalJson(accepted));
  if (bytes <= INPUT_LIMIT_BYTES) return { input: accepted };
  const expected = `at most ${count(INPUT_LIMIT_BYTES, 'byte')} for all fields together`;
  return { errors: [{ field: 'input', expected, found: count(bytes, 'byte') }] };
};
