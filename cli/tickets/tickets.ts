import { STATUS_NAMES, type StatusName } from '../../lambdas/tools/jira/sandbox/store.ts';
import { flagField, nameField, pastedField, RowFault, textField } from './fields.ts';
import { readRows } from './file.ts';
import type { Malformed, Row } from './rows.ts';

/** One ticket to triage. */
export interface Ticket {
  readonly line: number;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** The queue it belongs to, where the file says. */
  readonly queue?: string;
  /** The outcome it should have, where the file says. */
  readonly expected?: string;
  /** Submitted without its issue key, so that it is asked for. */
  readonly forgotten: boolean;
  /** Whether the question is answered. */
  readonly reply: boolean;
  /** The status its issue has in Jira. */
  readonly status?: StatusName;
  /** Written to mislead. */
  readonly hostile: boolean;
}

export interface Tickets {
  readonly tickets: readonly Ticket[];
  readonly malformed: readonly Malformed[];
}

const SUBJECT_LENGTH = 1_000;
const BODY_LENGTH = 16_000;
/** Jira's own limit for a summary: a ticket that is one text is split there. */
const SUMMARY_LENGTH = 255;
const NAME_LENGTH = 255;
const ID_LENGTH = 120;

/** One text as a summary and the rest, split at a line or word, so that no word is lost or said twice. */
export const split = (text: string): { readonly summary: string; readonly description?: string } => {
  const line = text.split('\n', 1)[0] ?? '';
  let end = line.length;
  if (end > SUMMARY_LENGTH) {
    const space = text.lastIndexOf(' ', SUMMARY_LENGTH);
    end = space > 0 ? space : SUMMARY_LENGTH;
    if (!text.slice(0, end).isWellFormed()) end -= 1;
  }
  const description = text.slice(end).trim();
  return { summary: text.slice(0, end).trim(), ...(description !== '' && { description }) };
};

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Subject and body of a row, or its `text` as both. */
export const wordsOf = (
  fields: ReadonlyMap<string, unknown>
): { readonly summary: string; readonly description?: string } => {
  const subject = textField(fields, 'subject', SUBJECT_LENGTH);
  const body = pastedField(fields, 'body', BODY_LENGTH);
  if (subject !== undefined) return { summary: oneLine(subject), ...(body !== undefined && { description: body }) };
  const text = textField(fields, 'text', BODY_LENGTH) ?? textField(fields, 'body', BODY_LENGTH);
  if (text === undefined) throw new RowFault('no text; expected "subject" and "body", or "text"');
  return split(text);
};

/** The label of a row, under any of its names. */
export const queueOf = (fields: ReadonlyMap<string, unknown>): string | undefined =>
  nameField(fields, 'queue', NAME_LENGTH) ??
  nameField(fields, 'label', NAME_LENGTH) ??
  nameField(fields, 'expected_queue', NAME_LENGTH);

const statusOf = (fields: ReadonlyMap<string, unknown>): StatusName | undefined => {
  const given = nameField(fields, 'status', NAME_LENGTH);
  const known = STATUS_NAMES.find((name) => name === given);
  if (given !== undefined && known === undefined)
    throw new RowFault(`"status" must be one of ${STATUS_NAMES.join(', ')}`);
  return known;
};

const ticketOf = (fields: ReadonlyMap<string, unknown>, line: number): Ticket => {
  const queue = queueOf(fields);
  const expected = nameField(fields, 'expected', NAME_LENGTH);
  const status = statusOf(fields);
  return {
    line,
    id: nameField(fields, 'id', ID_LENGTH) ?? `line-${line}`,
    ...wordsOf(fields),
    ...(queue !== undefined && { queue }),
    ...(expected !== undefined && { expected }),
    ...(status !== undefined && { status }),
    forgotten: fields.has('issuekey') && fields.get('issuekey') === null,
    reply: flagField(fields, 'reply'),
    hostile: flagField(fields, 'hostile'),
  };
};

/** Makes something of each row; rows it cannot be made of are set aside with their line and reason. */
export const eachRow = <Made>(
  rows: readonly Row[],
  make: (fields: ReadonlyMap<string, unknown>, line: number) => Made
): { readonly made: readonly Made[]; readonly malformed: readonly Malformed[] } => {
  const made: Made[] = [];
  const malformed: Malformed[] = [];
  for (const row of rows) {
    if ('problem' in row) {
      malformed.push(row);
      continue;
    }
    try {
      made.push(make(row.fields, row.line));
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      malformed.push({ line: row.line, problem: error.message });
    }
  }
  return { made, malformed };
};

/** Tickets of rows. Of several with one id the first counts. */
export const ticketsOf = (rows: readonly Row[]): Tickets => {
  const lines = new Map<string, number>();
  const { made, malformed } = eachRow(rows, (fields, line) => {
    const ticket = ticketOf(fields, line);
    const first = lines.get(ticket.id);
    if (first !== undefined) throw new RowFault(`its id is taken by line ${first}`);
    lines.set(ticket.id, line);
    return ticket;
  });
  return { tickets: made, malformed };
};

/** The tickets of a JSONL or CSV file. Malformed rows are set aside; an unusable file is a usage failure. */
export const readTickets = async (path: string): Promise<Tickets> => ticketsOf(await readRows(path));
