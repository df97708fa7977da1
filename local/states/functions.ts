import { createHash } from 'node:crypto';
import type jsonata from 'jsonata';
import { type Chance, seededChance } from './chance.ts';

/** What functions draw on besides their arguments. */
export interface Surroundings {
  readonly nowMs: number;
  readonly chance: Chance;
}

/** The variable that carries them: no expression can name it, for its blank. */
export const SURROUNDINGS = 'the surroundings';

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

const surroundings = ({ environment }: jsonata.Focus): Surroundings => environment.lookup(SURROUNDINGS);

/** Adds what Step Functions adds to JSONata, takes away `$eval`, and has `$now` and `$millis` tell the interpreter's time. */
export const addFunctions = (expression: jsonata.Expression): void => {
  const add = (name: string, implementation: (this: jsonata.Focus, ...given: never[]) => unknown, signature?: string) =>
    expression.registerFunction(name, implementation as Parameters<typeof expression.registerFunction>[1], signature);

  add('partition', partition, '<an:a>');
  add('range', range, '<nnn?:a>');
  add('hash', hash, '<ss?:s>');
  add(
    'random',
    // the same number for the same seed; not the number that AWS gives for it
    function (this, seed?: number) {
      return (seed === undefined ? surroundings(this).chance : seededChance(seed)).random();
    },
    '<n?:n>'
  );
  add(
    'uuid',
    function (this) {
      return surroundings(this).chance.uuid();
    },
    '<:s>'
  );
  add('parse', (text: string): unknown => JSON.parse(text), '<s:x>');
  add(
    'now',
    function (this, picture?: string, zone?: string) {
      return this.environment.lookup('fromMillis').implementation.call(this, surroundings(this).nowMs, picture, zone);
    },
    '<s?s?:s>'
  );
  add(
    'millis',
    function (this) {
      return surroundings(this).nowMs;
    },
    '<:n>'
  );
  add('eval', () => {
    throw new Error('$eval is not available: use $parse for JSON');
  });
};
