/*
 * Ticket subjects, ids and servers' messages are written by strangers. Printed as they are, they could recolour the
 * terminal, rewrite lines above, set the clipboard, or read in another order than they are stored.
 */

const ESC = '\\u001b';
const TERMINATED = `(?:\\u0007|\\u009c|${ESC}\\\\)`;
/** Whole sequences, so that no remains such as "[31m" stay behind: OSC, DCS, SOS, PM, APC with their text, then CSI, then the rest. */
const SEQUENCES = new RegExp(
  [
    `(?:${ESC}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*${TERMINATED}`,
    `(?:${ESC}\\[|\\u009b)[0-?]*[ -/]*[@-~]`,
    `${ESC}[ -/]*[0-~]`,
  ].join('|'),
  'g'
);
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** Control, format (bidi, zero width, tags), private, unassigned and unpaired characters, and what shows as nothing. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** Marks stacked on one letter beyond these few run over the lines above and below. */
const STACKED = /(\p{M}{3})\p{M}+/gu;

/** The text on one line, with nothing in it that a terminal obeys or hides. What can be seen stays as it is. */
export const clean = (text: string): string =>
  text
    .replace(SEQUENCES, '')
    .replace(BREAKS, ' ')
    .replace(INVISIBLE, '')
    .replace(STACKED, '$1')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');

/** JSON for people and programs: the same value, with every character that a terminal obeys or hides written as an escape. */
export const safeJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, null, indent).replace(/[\p{C}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu, (character) =>
    character === '\n' ? character : escaped(character)
  );
