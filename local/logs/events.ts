import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** One line that a function has printed. */
export interface LogEvent {
  /** Digits, as many as any other's; they order the events of several functions, the earliest first, and never change. */
  readonly id: string;
  readonly stream: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t/;

const idOf = (timestamp: number, stream: string, sequence: number): string =>
  [
    String(timestamp).padStart(15, '0'),
    String(crc32(stream)).padStart(10, '0'),
    String(sequence).padStart(8, '0'),
  ].join('');

/** Lines that are whole, of a file that may be absent, and when it began. */
const linesOf = async (file: string): Promise<{ readonly lines: readonly string[]; readonly begunAt: number }> => {
  try {
    const [text, { birthtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return {
      lines: text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .slice(0, -1),
      begunAt: Math.floor(birthtimeMs),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { lines: [], begunAt: 0 };
    throw error;
  }
};

/**
 * What a function has printed, the earliest first: the lines of `<function>.1.log`, if there is one, then those of
 * `<function>.log`. A line begins with its time, `<ISO 8601> TAB`; one that does not is of the time of the line before it.
 */
export const readLog = async (folder: string, stream: string): Promise<readonly LogEvent[]> => {
  const files = await Promise.all(['.1.log', '.log'].map((ending) => linesOf(join(folder, stream + ending))));
  let [timestamp, sequence] = [0, 0];
  return files.flatMap(({ lines, begunAt }) => {
    if (timestamp === 0) timestamp = begunAt;
    return lines.map((line): LogEvent => {
      const [stamp = '', iso] = STAMPED.exec(line) ?? [];
      const at = iso === undefined ? timestamp : Math.max(timestamp, Date.parse(iso)); // clocks go back, logs do not
      sequence = at === timestamp ? sequence + 1 : 0;
      timestamp = at;
      return { id: idOf(at, stream, sequence), stream, timestamp: at, message: line.slice(stamp.length) };
    });
  });
};
