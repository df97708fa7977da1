import { isObject } from '../../template/json.ts';

const TOKEN = /#\w+|:\w+|[A-Za-z_]\w*|<>|<=|>=|[^\s\w]|\d+/g;
const WORDS = new Set('and or not in between set remove add delete'.split(' '));

/** The names that stand for `#placeholders`. */
type Names = Readonly<Record<string, unknown>>;

const nameOf = (token: string, names: Names): string => {
  if (!token.startsWith('#')) return token;
  const name = Object.hasOwn(names, token) ? names[token] : undefined;
  return typeof name === 'string' ? name : token;
};

const tokensIn = (expression: string): readonly string[] => expression.match(TOKEN) ?? [];

const isName = (token: string): boolean => /^[#A-Za-z_]/.test(token);

/** The top-level attributes that an expression speaks of, of whatever kind it is. */
export const attributesIn = (expression: string, names: Names): readonly string[] => {
  const tokens = tokensIn(expression);
  return tokens.flatMap((token, at) => {
    const isNested = tokens[at - 1] === '.';
    const isFunction = tokens[at + 1] === '(' && !WORDS.has(token.toLowerCase());
    if (!isName(token) || isNested || isFunction || WORDS.has(token.toLowerCase())) return [];
    return [nameOf(token, names)];
  });
};

/** The text of a key's value: a string, a number as it was sent, or base64. */
export const keyText = (value: unknown): string | undefined => {
  if (!isObject(value)) return undefined;
  const [text, another] = [value.S, value.N, value.B].filter((one) => typeof one === 'string');
  return another === undefined && typeof text === 'string' ? text : undefined;
};

/** What a key condition says the attribute equals: every value, in case it says so twice. */
export const equalsIn = (expression: string, attribute: string, names: Names, values: Names): readonly string[] => {
  const tokens = tokensIn(expression);
  return tokens.flatMap((token, at) => {
    if (token !== '=') return [];
    const [left = '', right = ''] = [tokens[at - 1], tokens[at + 1]];
    const [name, value] = isName(left) ? [left, right] : [right, left];
    if (!isName(name) || nameOf(name, names) !== attribute) return [];
    const text = Object.hasOwn(values, value) ? keyText(values[value]) : undefined;
    return text === undefined ? [] : [text];
  });
};
