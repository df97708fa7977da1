import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** What is wrong with a file or an argument, in words for whoever started the evaluation. */
export class DataError extends Error {
  override readonly name = 'DataError';
}

/** A labelled text. Other members of its line are ignored. */
const Row = z.object({ text: z.string(), label: z.string().min(1) });
export type Row = z.infer<typeof Row>;

const rowOf = (line: string, where: string): Row => {
  try {
    return Row.parse(JSON.parse(line));
  } catch (cause) {
    throw new DataError(`${where} must be a JSON object with the strings "text" and "label"`, { cause });
  }
};

/** Reads labelled texts from JSON Lines, without those that are blank. Throws an `DataError` that names file and line. */
export const readRows = (file: string): readonly Row[] => {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataError(`${file} cannot be read: expected a file of JSON lines with text and label`, { cause });
  }
  const rows = content
    .split('\n')
    .flatMap((line, at) => (line.trim() === '' ? [] : [rowOf(line, `${file}, line ${at + 1}`)]))
    .filter(({ text }) => text.trim() !== '');
  if (rows.length === 0) throw new DataError(`${file} has no rows: expected JSON lines with text and label`);
  return rows;
};
