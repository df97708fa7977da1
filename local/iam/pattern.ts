import { type Context, SEVERAL } from './context.ts';
import { fits, type Piece } from './wildcard.ts';

/** Whether a value of a request is what a policy says. */
export type Pattern = (value: string, context: Context) => boolean;

/**
 * How `*` and `?` are read.
 * - `exact`: as themselves.
 * - `glob`: any characters, any one character.
 * - `resource`: the same, but inside one segment of an ARN. Only a `*` that ends its segment goes on beyond colons, as the IAM
 *   User Guide has it ("Using wildcards in resource ARNs").
 */
export type Style = 'exact' | 'glob' | 'resource';

export interface Variable {
  readonly key: string;
  readonly otherwise: string | undefined;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' | 'one' }
  | ({ readonly kind: 'variable' } & Variable);

const VARIABLE = /\$\{(?:([*?$])|\s*([^,}]*?)\s*(?:,\s*'([^']*)'\s*)?)\}/y;

/** Reads a policy's string. Without `variables`, which the version 2012-10-17 brought, `${…}` is text like any other. */
export const partsOf = (source: string, style: Style, variables: boolean): readonly Part[] => {
  const parts: Part[] = [];
  let text = '';
  const add = (part: Part): void => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    if (part.kind === 'any' && parts.at(-1)?.kind === 'any') return;
    parts.push(part);
  };
  for (let at = 0; at < source.length; ) {
    VARIABLE.lastIndex = at;
    const found = variables && source[at] === '$' ? VARIABLE.exec(source) : null;
    if (found !== null) {
      const [whole, character, key = '', otherwise] = found;
      if (character === undefined) add({ kind: 'variable', key: key.toLowerCase(), otherwise });
      else text += character; // `${*}` stands for the asterisk itself
      at += whole.length;
      continue;
    }
    const character = source[at] ?? '';
    if (style !== 'exact' && character === '*') add({ kind: 'any' });
    else if (style !== 'exact' && character === '?') add({ kind: 'one' });
    else text += character;
    at += 1;
  }
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
};

export const variablesIn = (parts: readonly Part[]): readonly Variable[] =>
  parts.filter((part) => part.kind === 'variable');

/**
 * What a variable stands for. A key that is absent, or empty, has no value ("effectively null"), and neither has one that
 * may have several: AWS takes single-valued keys alone.
 */
const substitute = ({ key, otherwise }: Variable, context: Context): string | undefined => {
  const given = SEVERAL.has(key) ? undefined : context.get(key);
  const [value, another] = typeof given === 'string' ? [given] : (given ?? []);
  return value === undefined || value === '' || another !== undefined ? otherwise : value;
};

/**
 * The key of a variable that cannot be resolved, where that must not pass for a value: `negated` for what holds against a value
 * that differs. AWS says that such a variable might make the entire statement invalid, and leaves open when.
 */
export const unresolvedIn = (variables: readonly Variable[], context: Context, negated: boolean): string | undefined =>
  variables.find((each) => substitute(each, context) === undefined && (negated || !context.isKnown(each.key)))?.key;

/** The fields of an ARN in which nothing goes beyond a colon: `arn`, partition and service, which is always named. */
const FIRST_FIELDS = 3;

/** Parts without variables, as the style reads them. */
const piecesOf = (parts: readonly Part[], style: Style): readonly Piece[] => {
  let colons = 0;
  return parts.map((part, index): Piece => {
    if (part.kind === 'text' || part.kind === 'variable') {
      const text = part.kind === 'text' ? part.text : '';
      colons += text.split(':').length - 1;
      return { kind: 'text', text };
    }
    const next = parts[index + 1];
    const endsSegment = next === undefined || (next.kind === 'text' && next.text.startsWith(':'));
    const goesOn = part.kind === 'any' && endsSegment && colons >= FIRST_FIELDS;
    return { kind: part.kind, crosses: style === 'glob' || goesOn };
  });
};

/** The usual patterns are simpler: a text, a text with `*` at its end, or `*` alone. */
const fixed = (parts: readonly Part[], style: Style): Pattern => {
  const [first, second] = parts;
  if (first === undefined) return (value) => value === '';
  if (parts.length === 1 && first.kind === 'any') return () => true;
  if (parts.length === 1 && first.kind === 'text') return (value) => value === first.text;
  const isPrefix = parts.length === 2 && first.kind === 'text' && second?.kind === 'any';
  if (isPrefix && (style === 'glob' || first.text.split(':').length > FIRST_FIELDS))
    return (value) => value.startsWith(first.text);
  const pieces = piecesOf(parts, style);
  return (value) => fits(pieces, value);
};

const REMEMBERED = 64;

/** A pattern with variables: what they stand for is text, so that a `*` in a tag is no wildcard. */
const variable = (parts: readonly Part[], style: Style): Pattern => {
  const made = new Map<string, Pattern>();
  const variables = variablesIn(parts);
  return (value, context) => {
    const values: string[] = [];
    for (const each of variables) {
      const given = substitute(each, context);
      if (given === undefined) return false; // what has no value matches nothing
      values.push(given);
    }
    const key = values.length === 1 ? (values[0] ?? '') : JSON.stringify(values);
    let pattern = made.get(key);
    if (pattern === undefined) {
      let used = 0;
      const filled = parts.map((part): Part => {
        if (part.kind !== 'variable') return part;
        used += 1;
        return { kind: 'text', text: values[used - 1] ?? '' };
      });
      pattern = fixed(joined(filled), style);
      if (made.size >= REMEMBERED) made.clear();
      made.set(key, pattern);
    }
    return pattern(value, context);
  };
};

const joined = (parts: readonly Part[]): readonly Part[] => {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind === 'text' && last?.kind === 'text')
      result[result.length - 1] = { ...last, text: last.text + part.text };
    else result.push(part);
  }
  return result;
};

export const patternOf = (parts: readonly Part[], style: Style): Pattern =>
  parts.some(({ kind }) => kind === 'variable') ? variable(parts, style) : fixed(parts, style);

const COMPONENTS = 6;

/** The six components of an ARN, the last with all colons that follow; fewer where it is none. */
const componentsOf = (arn: string): readonly string[] => {
  const pieces = arn.split(':');
  return [...pieces.slice(0, COMPONENTS - 1), pieces.slice(COMPONENTS - 1).join(':')].slice(0, pieces.length);
};

/**
 * A pattern of the ARN operators. Each of the six components is compared by itself, so no wildcard of one reaches into the
 * next; `*` alone is any ARN. `undefined` for what else has no six components.
 */
export const arnPattern = (parts: readonly Part[]): Pattern | undefined => {
  if (parts.length === 1 && parts[0]?.kind === 'any') return () => true;
  const components: Part[][] = [[]];
  for (const part of parts) {
    if (part.kind !== 'text') {
      components.at(-1)?.push(part);
      continue;
    }
    const pieces = part.text.split(':');
    const room = COMPONENTS - components.length;
    const [first = '', ...rest] = [...pieces.slice(0, room), pieces.slice(room).join(':')].slice(0, pieces.length);
    components.at(-1)?.push({ kind: 'text', text: first });
    for (const piece of rest) components.push([{ kind: 'text', text: piece }]);
  }
  if (components.length < COMPONENTS) return undefined;
  const patterns = components.map((component) =>
    patternOf(joined(component.filter((part) => part.kind !== 'text' || part.text !== '')), 'glob')
  );
  return (value, context) => {
    const given = componentsOf(value);
    return given.length === COMPONENTS && patterns.every((pattern, at) => pattern(given[at] ?? '', context));
  };
};
