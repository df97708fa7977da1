import type { Json } from '../template/json.ts';

/** What a field takes. */
export interface Kind<T extends Json> {
  /** As AWS names the types of JSON. */
  readonly type: 'array' | 'boolean' | 'number' | 'string';
  readonly expected: string;
  readonly is: (value: Json) => value is T;
  /** What AWS says of a value of the right type that is none all the same. */
  readonly problem?: (field: string, value: Json) => string;
}

export const typeOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

export const isInteger = (value: Json): value is number => Number.isSafeInteger(value);
const isString = (value: Json): value is string => typeof value === 'string';

export const BOOLEAN: Kind<boolean> = {
  type: 'boolean',
  expected: 'a boolean',
  is: (value) => typeof value === 'boolean',
};
export const STRING: Kind<string> = { type: 'string', expected: 'a string', is: isString };
/** Of every number of seconds that a definition gives, or an expression in its place. */
export const LONGEST_SECONDS = 99_999_999;
const seconds = (least: number): Kind<number> => ({
  type: 'number',
  expected: `an integer from ${least} to ${LONGEST_SECONDS}`,
  is: (value): value is number => isInteger(value) && value >= least && value <= LONGEST_SECONDS,
});
export const LIMIT_SECONDS = seconds(1);
export const WAIT_SECONDS = seconds(0);
export const ARRAY: Kind<readonly Json[]> = {
  type: 'array',
  expected: 'an array',
  is: (value) => Array.isArray(value),
};
export const PERCENTAGE: Kind<number> = {
  type: 'number',
  expected: 'a number from 0 to 100',
  is: (value): value is number => typeof value === 'number' && value >= 0 && value <= 100,
};
export const NON_NEGATIVE: Kind<number> = {
  type: 'number',
  expected: 'an integer from 0',
  is: (value): value is number => isInteger(value) && value >= 0,
};

const TIMESTAMP_FORM = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Also refuses a day that its month has not. */
const isTimestamp = (value: Json): value is string => {
  const [, day] = isString(value) ? (TIMESTAMP_FORM.exec(value) ?? []) : [];
  if (day === undefined || Number.isNaN(Date.parse(String(value)))) return false;
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
};

export const TIMESTAMP: Kind<string> = {
  type: 'string',
  expected: 'an RFC 3339 timestamp such as 2030-01-31T09:00:00Z',
  is: isTimestamp,
  problem: (field, value) =>
    `The ${field} field cannot be parsed as an ISO-8601 extended offset date-time format string: ${String(value)}`,
};
