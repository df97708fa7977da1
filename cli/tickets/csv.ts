import type { Row } from './rows.ts';

type CsvRecord = { readonly fields: readonly string[] } | { readonly problem: string };
interface Scanned {
  readonly record: CsvRecord;
  /** Where the next record starts. */
  readonly next: number;
}

const CR_LF = /\r?\n|\r/y;

/** The end of a line break at `index`, or undefined where there is none. */
const afterBreak = (text: string, index: number): number | undefined => {
  CR_LF.lastIndex = index;
  return CR_LF.test(text) ? CR_LF.lastIndex : undefined;
};

const nextLine = (text: string, from: number): number => {
  const end = text.slice(from).search(/[\r\n]/);
  return end < 0 ? text.length : (afterBreak(text, from + end) ?? text.length);
};

/** A quoted field from its opening quote: its value and the index after its closing quote. */
const quoted = (text: string, from: number): { readonly value: string; readonly end: number } | undefined => {
  let value = '';
  let start = from + 1;
  for (;;) {
    const quote = text.indexOf('"', start);
    if (quote < 0) return undefined;
    value += text.slice(start, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    start = quote + 2;
  }
};

/**
 * One record from `from` on, as RFC 4180 has it; a quote inside an unquoted field is taken as it is. Where the quoting
 * is broken nobody knows where the record ends: it is given up, and the next line is tried as a new one.
 */
const scan = (text: string, from: number, delimiter: string): Scanned => {
  const fields: string[] = [];
  const broken = (problem: string): Scanned => ({ record: { problem }, next: nextLine(text, from) });
  let index = from;
  for (;;) {
    if (text[index] === '"') {
      const field = quoted(text, index);
      if (field === undefined) return broken('a quoted field is never closed');
      fields.push(field.value);
      index = field.end;
    } else {
      const start = index;
      while (index < text.length && text[index] !== delimiter && text[index] !== '\n' && text[index] !== '\r')
        index += 1;
      fields.push(text.slice(start, index));
    }
    if (index >= text.length) return { record: { fields }, next: index };
    const next = afterBreak(text, index);
    if (next !== undefined) return { record: { fields }, next };
    if (text[index] !== delimiter) return broken('text follows a closing quote; write a quote inside quotes as ""');
    index += 1;
  }
};

const breaksIn = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0;

function* records(text: string, delimiter: string): Generator<{ readonly line: number; readonly record: CsvRecord }> {
  let line = 1;
  for (let index = 0; index < text.length; ) {
    const { record, next } = scan(text, index, delimiter);
    const isBlank = 'fields' in record && record.fields.length === 1 && record.fields[0]?.trim() === '';
    if (!isBlank) yield { line, record };
    line += breaksIn(text.slice(index, next));
    index = next;
  }
}

/** Comma, semicolon or tab: whichever the header has most of. */
const delimiterOf = (text: string): string => {
  const header = text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
  const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
};

/**
 * The rows of a CSV text with a header. Lines are counted as an editor counts them, also inside quotes. Returns undefined
 * where there is no header that can be read.
 */
export const csvRows = (text: string): readonly Row[] | undefined => {
  const [header, ...body] = records(text, delimiterOf(text));
  if (header === undefined || 'problem' in header.record) return undefined;
  const names = header.record.fields.map((name) => name.trim().toLowerCase());
  return body.map(({ line, record }): Row => {
    if ('problem' in record) return { line, problem: record.problem };
    const { fields } = record;
    if (fields.length !== names.length)
      return { line, problem: `expected ${names.length} fields as in the header, found ${fields.length}` };
    return { line, fields: new Map(names.map((name, index) => [name, fields[index]] as const).toReversed()) };
  });
};
