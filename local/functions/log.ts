import type { Readable } from 'node:stream';
import type { RotatingFile } from '../rotating-file.ts';

/** Takes lines of a function's log: text without its last line's end. */
export type LogLines = (lines: string) => void;

/** CloudWatch takes an event of up to 256 KiB. */
const MAX_LINE = 256 * 1024;

/** Everything but tab and line feed: what a function prints may be anybody's text, and somebody will show the file on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are written as escapes
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Stamps each line with the time at which it came: `<ISO 8601> TAB <line>`. */
export const logInto =
  (file: RotatingFile): LogLines =>
  (lines) => {
    const stamp = `${new Date().toISOString()}\t`;
    const text = lines
      .replace(/\r(?=\n|$)/g, '')
      .replace(CONTROL, escaped)
      .replaceAll('\n', `\n${stamp}`);
    file.write(`${stamp}${text}\n`);
  };

/** Hands on what a process prints, as far as it is whole lines; a last line without an end, when the stream ends. */
export const readLines = (stream: Readable, log: LogLines): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const end = text.lastIndexOf('\n');
    if (end >= 0) {
      log(rest + text.slice(0, end));
      rest = text.slice(end + 1);
    } else rest += text;
    if (rest.length < MAX_LINE) return;
    log(rest); // an event is over when it is full
    rest = '';
  });
  stream.on('error', () => {}); // of a process that is gone
  stream.on('close', () => {
    if (rest !== '') log(rest);
  });
};
