import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Context } from './context.ts';
import { arnPattern, partsOf, patternOf, type Variable, variablesIn } from './pattern.ts';

/** Compares a value of the request with one of the policy. */
export type Test = (value: string, context: Context) => boolean;

export interface Operator {
  /** A negated operator holds where none of the policy's values matches, and where the key is absent. */
  readonly negated: boolean;
  /** The comparison with one value of the policy; `undefined` for a value that the operator cannot have. */
  readonly test: (value: string, hasVariables: boolean) => Comparison | undefined;
}

export interface Comparison {
  readonly matches: Test;
  readonly variables: readonly Variable[];
}

const plain = (matches: Test): Comparison => ({ matches, variables: [] });

/** Policy variables stand in values of the string and ARN operators, and in no others. */
const string =
  (style: 'exact' | 'glob', fold: (text: string) => string = (text) => text): Operator['test'] =>
  (value, hasVariables) => {
    const parts = partsOf(value, style, hasVariables);
    const variables = variablesIn(parts);
    if (variables.length === 0) {
      const pattern = patternOf(partsOf(fold(value), style, hasVariables), style);
      return plain((given, context) => pattern(fold(given), context));
    }
    const pattern = patternOf(parts, style);
    if (fold('A') === 'A') return { matches: pattern, variables };
    const folded = (context: Context): Context => ({
      isKnown: (key) => context.isKnown(key),
      get: (key) => {
        const known = context.get(key);
        return typeof known === 'string' ? fold(known) : known;
      },
    });
    const lower = patternOf(
      parts.map((part) => {
        if (part.kind === 'text') return { ...part, text: fold(part.text) };
        return part.kind === 'variable' && part.otherwise !== undefined
          ? { ...part, otherwise: fold(part.otherwise) }
          : part;
      }),
      style
    );
    return { matches: (given, context) => lower(fold(given), folded(context)), variables };
  };

const arn: Operator['test'] = (value, hasVariables) => {
  const parts = partsOf(value, 'glob', hasVariables);
  const matches = arnPattern(parts);
  return matches && { matches, variables: variablesIn(parts) };
};

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const numberOf = (text: string): number | undefined => (NUMBER.test(text.trim()) ? Number(text) : undefined);

const DATE = /^(\d{4})(-(\d\d)(-(\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/** Milliseconds since the epoch, of a date of ISO 8601 (in UTC where it names no zone) or of seconds since the epoch. */
const timeOf = (text: string): number | undefined => {
  const trimmed = text.trim();
  const found = DATE.exec(trimmed);
  if (found === null) {
    const seconds = numberOf(trimmed);
    return seconds === undefined ? undefined : seconds * 1000;
  }
  const [, year, , month = '01', , day = '01', time = 'T00:00Z', , , zone] = found;
  const zoned = zone === undefined && found[6] !== undefined ? `${time}Z` : time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
  const parsed = Date.parse(`${year}-${month}-${day}${zoned}`);
  return Number.isNaN(parsed) ? undefined : parsed;
};

const ordered =
  (read: (text: string) => number | undefined, holds: (given: number, wanted: number) => boolean): Operator['test'] =>
  (value) => {
    const wanted = read(value);
    if (wanted === undefined) return undefined;
    return plain((text) => {
      const given = read(text);
      return given !== undefined && holds(given, wanted);
    });
  };

const bool: Operator['test'] = (value) => {
  const wanted = value.toLowerCase();
  return wanted === 'true' || wanted === 'false' ? plain((given) => given.toLowerCase() === wanted) : undefined;
};

/** Both sides are base64 text of the bytes that are compared. */
const binary: Operator['test'] = (value) => {
  const wanted = Buffer.from(value, 'base64');
  return plain((given) => Buffer.from(given, 'base64').equals(wanted));
};

/** An address, or a range as `203.0.113.0/24` or `2001:db8::/32`. */
const address: Operator['test'] = (value) => {
  const [, network = '', prefix] = /^([\d.a-f:]+)(?:\/(\d{1,3}))?$/i.exec(value) ?? [];
  const family = isIPv4(network) ? 'ipv4' : isIPv6(network) ? 'ipv6' : undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const length = Number(prefix ?? bits);
  if (family === undefined || length > bits) return undefined;
  const range = new BlockList();
  range.addSubnet(network, length, family);
  return plain((given) => (isIPv4(given) ? range.check(given, 'ipv4') : isIPv6(given) && range.check(given, 'ipv6')));
};

const lower = (text: string): string => text.toLowerCase();

const both = (name: string, negatedName: string, test: Operator['test']): readonly [string, Operator][] => [
  [name, { negated: false, test }],
  [negatedName, { negated: true, test }],
];

const comparisons = (kind: string, read: (text: string) => number | undefined): readonly [string, Operator][] => [
  ...both(
    `${kind}Equals`,
    `${kind}NotEquals`,
    ordered(read, (given, wanted) => given === wanted)
  ),
  [`${kind}LessThan`, { negated: false, test: ordered(read, (given, wanted) => given < wanted) }],
  [`${kind}LessThanEquals`, { negated: false, test: ordered(read, (given, wanted) => given <= wanted) }],
  [`${kind}GreaterThan`, { negated: false, test: ordered(read, (given, wanted) => given > wanted) }],
  [`${kind}GreaterThanEquals`, { negated: false, test: ordered(read, (given, wanted) => given >= wanted) }],
];

/** Every condition operator but `Null`, which asks about the key itself. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...both('StringEquals', 'StringNotEquals', string('exact')),
  ...both('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', string('exact', lower)),
  ...both('StringLike', 'StringNotLike', string('glob')),
  ...both('ArnEquals', 'ArnNotEquals', arn), // ArnEquals and ArnLike behave identically
  ...both('ArnLike', 'ArnNotLike', arn),
  ...comparisons('Numeric', numberOf),
  ...comparisons('Date', timeOf),
  ...both('IpAddress', 'NotIpAddress', address),
  ['Bool', { negated: false, test: bool }],
  ['BinaryEquals', { negated: false, test: binary }],
]);
