import type { Row } from './rows.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const rowOf = (text: string, line: number): Row => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { line, problem: 'not valid JSON; expected one object on a line of its own' }; // the parser's message quotes the row
  }
  if (!isObject(value)) return { line, problem: 'expected a JSON object such as {"id": "T-1", "text": "…"}' };
  // of two spellings of one name the first counts
  return {
    line,
    fields: new Map(
      Object.entries(value)
        .map(([k, v]) => [k.trim().toLowerCase(), v] as const)
        .toReversed()
    ),
  };
};

/** The rows of a text with one JSON object per line; blank lines are passed over. */
export const jsonlRows = (text: string): readonly Row[] =>
  text.split('\n').flatMap((row, index) => (row.trim() === '' ? [] : [rowOf(row, index + 1)]));
