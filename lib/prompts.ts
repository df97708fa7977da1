import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { sha256 } from '../lambdas/core/digest.ts';
import { MAX_PROMPT_BYTES, PromptFile } from '../lambdas/core/engine/model/prompt-file.ts';
import type { PromptValue, RenderPrompt } from '../statemachines/prompt.ts';
import { ConfigError } from './config.ts';

/** Where a workflow's prompts are. */
export const promptFolder = ({ name }: { readonly name: string }): string =>
  join(import.meta.dirname, '..', 'statemachines', name, 'prompts');

/** What somebody wrote, without what is filled in: a model is told of its labels in a page or two. */
const MAX_FILE_BYTES = 16_000;

/**
 * What nobody sees, or takes for something else: control and format characters, with those that turn the direction of reading
 * round, have no width or carry hidden tags; spaces that are not the space. A reviewer has to see all that a model is told.
 */
const UNSEEN = /(?!\n)[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u;
const PLACEHOLDER = /\{\{([a-z][a-zA-Z0-9]{0,39})\}\}/g;
const BRACES = /\{\{|\}\}/;

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The file's text. Its lines end in LF, so that its digest is the same wherever it was checked out. */
const readText = (file: string): { readonly text: string; readonly digest: string } => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    throw new ConfigError(`the prompt ${file} cannot be read: expected a file of Markdown`);
  }
  if (bytes.length > MAX_FILE_BYTES)
    throw new ConfigError(`${file} must have at most ${MAX_FILE_BYTES} bytes, and has ${bytes.length}: shorten it`);
  const text = linesOf(bytes)
    .map((line, at) => {
      const where = `${file}, line ${at + 1}`;
      const decoded = decode(line);
      if (decoded === undefined) throw new ConfigError(`${where} must be UTF-8, and is not: save the file as UTF-8`);
      if (decoded.includes('<!--'))
        throw new ConfigError(`${where} has a comment, which a model would be told like everything else: remove it`);
      const unseen = UNSEEN.exec(decoded);
      if (unseen === null) return decoded;
      throw new ConfigError(
        `${where}, column ${unseen.index + 1} has ${codeOf(unseen[0])}, which nobody sees: expected visible characters, spaces and line feeds, so remove it`
      );
    })
    .join('\n');
  if (text.trim() === '') throw new ConfigError(`${file} is empty: expected what a model is to know of its labels`);
  return { text, digest: sha256(bytes) };
};

const linesOf = (bytes: Buffer): readonly Buffer[] => {
  const lines: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return [...lines, bytes.subarray(from)];
};

const decode = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** A value on one line of its own or inside one: never more than that, whatever the examples or the configuration have. */
const lineOf = (value: string | number, what: string): string => {
  const line = String(value);
  const unseen = UNSEEN.exec(line)?.[0] ?? (line.includes('\n') ? '\n' : undefined);
  if (unseen === undefined) return line;
  throw new ConfigError(`${what} must be one line of visible characters, and has ${codeOf(unseen)}`);
};

interface Filling {
  readonly file: string;
  readonly values: Readonly<Record<string, PromptValue>>;
}

const fillLine = (line: string, at: number, { file, values }: Filling, met: Set<string>): string => {
  const where = `${file}, line ${at + 1}`;
  if (BRACES.test(line.replace(PLACEHOLDER, '')))
    throw new ConfigError(`${where} has braces that are no placeholder: expected {{name}}, in letters and digits`);
  return line.replace(PLACEHOLDER, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      const declared = Object.keys(values).map((input) => `{{${input}}}`);
      throw new ConfigError(`${where} has ${whole}, which is not declared: expected ${declared.join(', ') || 'none'}`);
    }
    met.add(name);
    const what = `${file}: the value of ${whole}`;
    if (typeof value === 'string' || typeof value === 'number') return lineOf(value, what);
    if (line.trim() !== whole) throw new ConfigError(`${where} must be ${whole} alone, since that is a list`);
    return value.map((item) => `- ${lineOf(item, what)}`).join('\n');
  });
};

/** The prompts of a folder. */
export interface Prompts {
  readonly render: RenderPrompt;
  /** Throws a `ConfigError` for a file that was never rendered. */
  readonly assertAllRendered: () => void;
}

export const openPrompts = (folder: string): Prompts => {
  const rendered = new Set<string>();
  return {
    render: ({ name, inputs }, given) => {
      const file = join(folder, `${name}.md`);
      const { text, digest } = readText(file);
      const parsed = z.strictObject(inputs).safeParse(given);
      if (!parsed.success)
        throw new ConfigError(`what ${file} is to be filled with is not as declared: ${z.prettifyError(parsed.error)}`);
      const filling = { file, values: parsed.data as Filling['values'] };
      const met = new Set<string>();
      const filled = text
        .split('\n')
        .map((line, at) => fillLine(line, at, filling, met))
        .join('\n');
      const unused = Object.keys(inputs).filter((input) => !met.has(input));
      if (unused.length > 0)
        throw new ConfigError(
          `${file} has no {{${unused.join('}}, no {{')}}}, which is declared: use it, or declare it no more`
        );
      if (Buffer.byteLength(filled) > MAX_PROMPT_BYTES)
        throw new ConfigError(`${file} must have at most ${MAX_PROMPT_BYTES} bytes when it is filled in: shorten it`);
      rendered.add(`${name}.md`);
      return PromptFile.parse({ name, digest, text: filled });
    },
    assertAllRendered: () => {
      const strays = promptsIn(folder).filter((file) => !rendered.has(file));
      if (strays.length > 0)
        throw new ConfigError(
          `${strays.map((file) => join(folder, file)).join(', ')}: no step has this prompt; use it, or remove it`
        );
    },
  };
};

const promptsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.md'));
  } catch {
    return []; // a workflow without models has none
  }
};
