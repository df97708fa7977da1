import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formerOf, openRotatingFile } from '../rotating-file.ts';
import { type Document, documentIn } from './document.ts';

/** The traces of some thousand runs. */
const MAX_BYTES = 32 * 1024 * 1024;

const fileIn = (data: string): string => join(data, 'traces', 'segments.jsonl');

/** Takes documents of traces, in any order. */
export type Record = (document: Document) => void;

/** Opens the traces of a data folder: a document a line, the oldest forgotten. They outlive a stop, not always a kill. */
export const openTraces = (data: string): { readonly record: Record; close(): Promise<void> } => {
  mkdirSync(join(data, 'traces'), { recursive: true, mode: 0o700 });
  const file = openRotatingFile(fileIn(data), MAX_BYTES);
  return { record: (document) => file.write(`${JSON.stringify(document)}\n`), close: file.close };
};

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};

/** The documents of all lines in which `wanted` stands, in their order. */
function* documentsWith(text: string, wanted: string): Generator<Document> {
  for (let at = text.indexOf(wanted); at >= 0; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) return; // a line that is being written
    const document = documentIn(text.slice(text.lastIndexOf('\n', at) + 1, end));
    if (document !== undefined) yield document;
    at = text.indexOf(wanted, end);
  }
}

/** One trace, and the execution that was asked for. */
export interface Trace {
  readonly id: string;
  /** Of each id the last document. */
  readonly documents: readonly Document[];
}

/** The trace of the latest execution of this name that a data folder knows, while the stack is up and after. */
export const readTrace = async (data: string, execution: string): Promise<Trace | undefined> => {
  const text = (await textOf(formerOf(fileIn(data)))) + (await textOf(fileIn(data)));
  const isOf = ({ aws }: Document): boolean => aws?.execution_arn?.endsWith(`:${execution}`) === true;
  const id = [...documentsWith(text, `:${execution}"`)].findLast(isOf)?.trace_id;
  if (id === undefined) return undefined;
  const byId = new Map<string, Document>();
  for (const document of documentsWith(text, id)) if (document.trace_id === id) byId.set(document.id, document);
  return { id, documents: [...byId.values()] };
};
