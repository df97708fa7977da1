import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { usage } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';
import { csvRows } from './csv.ts';
import { jsonlRows } from './jsonl.ts';
import type { Row } from './rows.ts';

const LIMIT_MB = 50;
const LIMIT_BYTES = LIMIT_MB * 1_000_000;

const readAtMost = async (file: FileHandle, limit: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
};

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by you',
  ENOTDIR: 'is not there',
};

const bytesOf = async (path: string, name: string): Promise<Buffer> => {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const bytes = await readAtMost(file, LIMIT_BYTES);
    if (bytes === undefined) throw usage(`${name} is larger than ${LIMIT_MB} MB; split it into smaller files`);
    return bytes;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw usage(`${name} ${WHY[code] ?? `cannot be read (${code})`}; expected a JSONL or CSV file`);
  } finally {
    await file?.close();
  }
};

const textOf = (bytes: Buffer, name: string): string => {
  if (bytes.length === 0) throw usage(`${name} is empty; expected one ticket per row`);
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw usage(`${name} is UTF-16 text; save it as UTF-8`);
  if (bytes.includes(0)) throw usage(`${name} is a binary file; expected JSONL or CSV as UTF-8 text`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    throw usage(`${name} is not UTF-8 text; save it as UTF-8`);
  }
};

const isJsonl = (text: string, name: string): boolean => {
  const extension = extname(name).toLowerCase();
  if (extension === '.jsonl' || extension === '.ndjson') return true;
  if (extension === '.csv' || extension === '.tsv') return false;
  return /^\s*[{[]/.test(text);
};

/**
 * The rows of a JSONL or CSV file, told apart by the file's extension, else by its first character. Broken rows come
 * back as such; a file that holds no rows at all, or is not such a file, is a usage failure.
 */
export const readRows = async (path: string): Promise<readonly Row[]> => {
  const name = clean(path);
  const text = textOf(await bytesOf(path, name), name);
  if (text.trim() === '') throw usage(`${name} is empty; expected one ticket per row`);
  if (!isJsonl(text, path)) {
    const rows = csvRows(text);
    if (rows === undefined)
      throw usage(`${name} has no header that can be read; expected a line such as id,subject,body`);
    if (rows.length === 0) throw usage(`${name} has a header and no rows`);
    return rows;
  }
  if (/^\s*\[/.test(text)) throw usage(`${name} is one JSON array; write one object per line instead`);
  return jsonlRows(text);
};
