import { usage } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';
import { RowFault } from './fields.ts';
import { readRows } from './file.ts';
import type { Malformed, Row } from './rows.ts';
import { eachRow, queueOf, wordsOf } from './tickets.ts';

/** One text and the queue it belongs to. */
export interface Example {
  readonly text: string;
  readonly label: string;
}

export interface Examples {
  readonly examples: readonly Example[];
  readonly malformed: readonly Malformed[];
}

const LEAST_LABELS = 2;
const LEAST_ROWS = 10;

export const examplesOf = (rows: readonly Row[]): Examples => {
  const { made, malformed } = eachRow(rows, (fields): Example => {
    const { summary, description } = wordsOf(fields);
    const label = queueOf(fields);
    if (label === undefined) throw new RowFault('no label; expected "label" or "queue"');
    return { text: description === undefined ? summary : `${summary}\n${description}`, label };
  });
  return { examples: made, malformed };
};

export const labelsOf = (examples: readonly Example[]): readonly string[] =>
  [...new Set(examples.map(({ label }) => label))].toSorted();

/** The examples of a JSONL or CSV file. Too few to learn from is a usage failure, as is an unusable file. */
export const readExamples = async (path: string): Promise<Examples> => {
  const read = examplesOf(await readRows(path));
  const labels = labelsOf(read.examples).length;
  if (read.examples.length < LEAST_ROWS || labels < LEAST_LABELS)
    throw usage(
      `${clean(path)} has too few examples: expected at least ${LEAST_ROWS} rows and ${LEAST_LABELS} labels, found ` +
        `${read.examples.length} and ${labels}${firstProblem(read.malformed)}`
    );
  return read;
};

const firstProblem = ([first]: readonly Malformed[]): string =>
  first === undefined ? '' : `; line ${first.line}: ${first.problem}`;

/** Examples as synthesis takes them: one JSON object per line. */
export const examplesJsonl = (examples: readonly Example[]): string =>
  examples.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join('');
