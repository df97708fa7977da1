import { createHash, randomUUID } from 'node:crypto';
import type jsonata from 'jsonata';

const LONGEST_RANGE = 360_145;
const LONGEST_HASHED = 10_000;
const ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Chunks of `size`, the last with the rest. Nothing for an empty array or no positive size, as Step Functions has it. */
const partition = (items: readonly unknown[], size: number): unknown => {
  const length = Math.trunc(size);
  if (items.length === 0 || !(length > 0)) return undefined;
  return Array.from({ length: Math.ceil(items.length / length) }, (_, at) =>
    items.slice(at * length, (at + 1) * length)
  );
};

/** From `first` to `last`, inclusive. Nothing where the step is absent or leads away; one number stands alone. */
const range = (first: number, last: number, step?: number): unknown => {
  const [from, to, by] = [Math.trunc(first), Math.trunc(last), Math.trunc(step ?? 0)];
  if (by === 0 || Math.sign(to - from) === -Math.sign(by)) return undefined;
  const length = Math.floor((to - from) / by) + 1;
  if (length > LONGEST_RANGE) throw new Error(`$range gives at most ${LONGEST_RANGE} numbers, not ${length}`);
  return length === 1 ? from : Array.from({ length }, (_, at) => from + at * by);
};

const hash = (text: string, algorithm?: string): string | undefined => {
  if (algorithm === undefined) return undefined;
  const name = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (name === undefined) throw new Error(`$hash knows ${Object.keys(ALGORITHMS).join(', ')}, not ${algorithm}`);
  if (text.length > LONGEST_HASHED) throw new Error(`$hash takes at most ${LONGEST_HASHED} characters`);
  return createHash(name).update(text).digest('hex');
};

/** The same number for the same seed (mulberry32); not the number that AWS gives for it. */
const random = (seed?: number): number => {
  if (seed === undefined) return Math.random();
  const mixed = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  const once = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61));
  return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32;
};

/** Adds what Step Functions adds to JSONata, and takes away `$eval`. */
export const addFunctions = (expression: jsonata.Expression): void => {
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn?:a>');
  expression.registerFunction('hash', hash, '<ss?:s>');
  expression.registerFunction('random', random, '<n?:n>');
  expression.registerFunction('uuid', () => randomUUID(), '<:s>');
  expression.registerFunction('parse', (text: string): unknown => JSON.parse(text), '<s:x>');
  expression.registerFunction('eval', () => {
    throw new Error('$eval is not available: use $parse for JSON');
  });
};
