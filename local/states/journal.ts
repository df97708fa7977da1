import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf } from '../files.ts';

/** Two JSON texts. Reading back what stands needs the head alone; the tail is only carried along. */
export interface Line {
  readonly head: string;
  readonly tail: string;
}

export interface Journal {
  /**
   * Resolves when the line is on disk. Lines stand in the order of the calls; those of one moment share a write and a
   * sync. After a failed write nothing more is accepted: every call rejects with the reason.
   */
  append(line: Line): Promise<void>;
  /** Adds a line that may be lost: it is written with the next `append`, or by `close`. */
  note(line: Line): void;
  /** Replaces the whole file, atomically. To be called before the first `append`. */
  rewrite(lines: Iterable<Line>): Promise<void>;
  fsyncs(): number;
  /** Milliseconds that writing and syncing took so far. */
  writingMs(): number;
  /** Writes what was appended, then closes the file. */
  close(): Promise<void>;
}

const NEWLINE = 0x0a;
const CHECKSUM_LENGTH = 8;

const encode = ({ head, tail }: Line): string => {
  const text = `${head}\t${tail}`; // JSON text holds neither a tab nor a newline
  return `${crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')}\t${text}\n`;
};

const decode = (bytes: Buffer): Line | undefined => {
  const text = bytes.subarray(CHECKSUM_LENGTH + 1);
  const checksum = bytes.toString('latin1', 0, CHECKSUM_LENGTH);
  if (checksum !== crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')) return undefined;
  const [head, tail] = text.toString().split('\t');
  return head === undefined || tail === undefined ? undefined : { head, tail };
};

/** Whether a file without a whole line can be the beginning of one that was being written; zeros stand for what never reached the disk. */
const isBegun = (bytes: Buffer): boolean => {
  const start = bytes.toString('latin1', 0, CHECKSUM_LENGTH + 1).replaceAll('\0', '');
  return /^([0-9a-f]{0,8}|[0-9a-f]{8}\t)$/.test(start);
};

/** Hands each line to `read`; gives the length of what is whole. Only the last line may be torn: a write was cut short. */
const readLines = (bytes: Buffer, file: string, what: string, read: (line: Line) => void): number => {
  let from = 0;
  for (let number = 1; from < bytes.length; number += 1) {
    const end = bytes.indexOf(NEWLINE, from);
    const line = end === -1 ? undefined : decode(bytes.subarray(from, end));
    if (line === undefined) {
      if (end === -1 || end === bytes.length - 1) return from;
      throw new Error(
        `${file}:${number}: the checksum does not match, so this line was damaged after it was written; ` +
          'restore the file from a copy, or remove it to start without its ' +
          what
      );
    }
    read(line);
    from = end + 1;
  }
  return from;
};

const readIfPresent = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return Buffer.alloc(0);
    throw new Error(`${file} cannot be read (${codeOf(cause)}): it should be the journal of executions`, { cause });
  }
};

const syncDirectoryOf = async (file: string): Promise<void> => {
  const directory = await open(dirname(file), 'r');
  await directory.sync();
  await directory.close();
};

const writeWhole = async (file: string, lines: Iterable<Line>): Promise<void> => {
  const handle = await open(file, 'w', 0o600);
  try {
    let batch = '';
    for (const line of lines) {
      batch += encode(line);
      if (batch.length < 1 << 20) continue;
      await handle.appendFile(batch);
      batch = '';
    }
    await handle.appendFile(batch);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export interface JournalOptions {
  /** What the lines are about, as messages say it. Default: executions. */
  readonly what?: string;
  readonly onBroken?: ((reason: Error) => void) | undefined;
}

interface Waiting {
  readonly written: () => void;
  readonly failed: (reason: unknown) => void;
}

/**
 * Opens a journal, created if absent, and reads it from the start. A torn last line is cut off: nobody was told that it
 * was written. Throws an `Error` with file and line where any other line is damaged. `what` is what the lines are about;
 * `onBroken` is told once where the file cannot be written any more.
 */
export const openJournal = async (
  file: string,
  read: (line: Line) => void,
  { what = 'executions', onBroken = () => {} }: JournalOptions = {}
): Promise<Journal> => {
  const bytes = await readIfPresent(file);
  const whole = readLines(bytes, file, what, read);
  if (whole === 0 && bytes.length > 0 && !isBegun(bytes))
    throw new Error(
      `${file} should hold a journal of ${what} and holds something else: restore it from a copy, or remove it to start without its ${what}`
    );
  let handle: FileHandle = await open(file, 'a', 0o600);
  if (whole < bytes.length) await handle.truncate(whole);
  await syncDirectoryOf(file);

  let text = '';
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let broken: Error | undefined;
  let fsyncs = 0;
  let writingMs = 0;

  const writeAll = async (): Promise<void> => {
    while (text !== '') {
      const [batch, told] = [text, waiting];
      [text, waiting] = ['', []];
      try {
        if (broken !== undefined) throw broken;
        const begunMs = performance.now();
        await handle.appendFile(batch);
        await handle.datasync();
        fsyncs += 1;
        writingMs += performance.now() - begunMs;
        for (const { written } of told) written();
      } catch (cause) {
        if (broken === undefined) {
          broken = new Error(`cannot write ${file} (${codeOf(cause)}): make room or mend the disk, then start again`, {
            cause,
          });
          onBroken(broken);
        }
        for (const { failed } of told) failed(broken);
      }
    }
    writing = undefined;
  };
  const write = (): Promise<void> => {
    writing ??= Promise.resolve().then(writeAll);
    return writing;
  };

  return {
    append: (line) =>
      new Promise((written, failed) => {
        text += encode(line);
        waiting.push({ written, failed });
        void write();
      }),

    note(line) {
      text += encode(line);
    },

    async rewrite(lines) {
      const fresh = `${file}.new`;
      await writeWhole(fresh, lines);
      await rename(fresh, file);
      await syncDirectoryOf(file);
      await handle.close();
      handle = await open(file, 'a', 0o600);
    },

    fsyncs: () => fsyncs,
    writingMs: () => writingMs,

    async close() {
      await write();
      broken ??= new Error(`${file} is closed`);
      await handle.close();
    },
  };
};

/** A journal that is on no disk: what it is told is forgotten. */
export const noJournal = (): Journal => ({
  append: () => Promise.resolve(),
  note: () => {},
  rewrite: () => Promise.resolve(),
  fsyncs: () => 0,
  writingMs: () => 0,
  close: () => Promise.resolve(),
});
