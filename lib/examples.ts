import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Example } from '../statemachines/definition.ts';
import { ConfigError } from './config.ts';

/** Other members are ignored: an example may say where it comes from. */
const Row = z.object({ text: z.string().min(1), label: z.string().min(1).max(255) });

const rowOf = (line: string, where: string): Example => {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new ConfigError(`${where} must be a JSON object`);
  }
  const row = Row.safeParse(json);
  if (row.success) return row.data;
  throw new ConfigError(`${where} must have a text and a label: ${z.prettifyError(row.error)}`);
};

/** Reads examples from JSON Lines. Throws a `ConfigError` that names the file and the line. */
export const readExamples = (file: string): readonly Example[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(`the examples ${file} cannot be read: expected a file of JSON lines with text and label`);
  }
  return text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [rowOf(line, `${file}, line ${at + 1}`)]));
};
