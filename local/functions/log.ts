import type { Readable } from 'node:stream';
import type { RotatingFile } from '../rotating-file.ts';

/** Takes a line of a function's log, without its end. */
export type LogLine = (line: string) => void;

/** CloudWatch takes an event of up to 256 KiB. */
const MAX_LINE = 256 * 1024;

/** Everything but the tab: what a function prints may be anybody's text, and somebody will show the file on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are written as escapes
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Stamps each line with the time at which it came: `<ISO 8601> TAB <line>`. */
export const logInto =
  (file: RotatingFile): LogLine =>
  (line) => {
    const text = line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line;
    file.write(`${new Date().toISOString()}\t${text.replace(CONTROL, escaped)}\n`);
  };

/** Hands on what a process prints, line by line; a last line without an end, when the stream ends. */
export const readLines = (stream: Readable, log: LogLine): void => {
  let rest = '';
  const hand = (line: string): void => log(line.endsWith('\r') ? line.slice(0, -1) : line);
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hand(line);
    if (rest.length < MAX_LINE) return;
    hand(rest); // an event is over when it is full
    rest = '';
  });
  stream.on('error', () => {}); // of a process that is gone
  stream.on('close', () => {
    if (rest !== '') hand(rest);
  });
};
