import jsonata from 'jsonata';
import { isObject, type Json, type JsonObject } from '../template/json.ts';
import { StateFailed } from './failure.ts';
import { addFunctions, SURROUNDINGS, type Surroundings } from './functions.ts';
import { type Kind, typeOf } from './kinds.ts';
import { BoundedPattern } from './pattern.ts';
import { quickForm } from './quick.ts';

/** What an expression sees. */
export interface Bindings extends Surroundings {
  /** `states`, and the variables by their names. */
  readonly values: Readonly<Record<string, Json | undefined>>;
}

/** The part of `$states` that only some fields of some states see. */
export type Sees = 'result' | 'errorOutput';

/** A value of the definition in which every `{% … %}` is replaced by what it gives. Fails as `StateFailed`. */
export type Template = (bindings: Bindings) => Json | Promise<Json>;

/** AWS allows one expression 100 nested evaluations and a second; endless tail calls do not nest, so only the clock ends them. */
const LIMITS = {
  stack: 100,
  timeout: 1_000,
  sequence: 400_000,
  RegexEngine: BoundedPattern as unknown as RegExpConstructor, // which JSONata calls with `new` alone
};
/** What AWS calls these limits. */
const LIMIT_ERRORS: Readonly<Record<string, string>> = {
  D1011: 'Stack overflow error',
  D1012: 'Expression evaluation timeout',
  D2015: 'Expression evaluation memory limit exceeded',
};

const isExpression = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}') && value.length >= 4;

/** Opened and not closed, or closed and not opened: AWS refuses the definition. */
const isBroken = (value: Json | undefined): boolean =>
  typeof value === 'string' && (value.startsWith('{%') || value.endsWith('%}')) && !isExpression(value);

const failure = (location: string, cause: string): StateFailed =>
  new StateFailed({ error: 'States.QueryEvaluationError', cause, from: 'state', location });

const evaluationError = (location: string, source: string, problem: string): StateFailed =>
  failure(location, `The JSONata expression '${source}' specified for the field '${location}' ${problem}`);

const excerpt = (value: Json): string => JSON.stringify(value).slice(0, 100);

class Unsupported extends Error {}

/** Of what an expression gives: in characters, and for each value as many as it takes to hold. Far more than 256 KiB of JSON. */
const MOST_HELD = 100_000_000;
const HELD_BY_VALUE = 100;

/** JSON as a plain copy: JSONata marks its arrays, gives functions, shares parts, and computes what JSON cannot say. */
const plain = (value: unknown, room = { left: MOST_HELD }): Json => {
  room.left -= HELD_BY_VALUE + (typeof value === 'string' ? value.length : 0);
  if (room.left < 0) throw { code: 'D2015' };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new Unsupported(`${value} is not JSON.`);
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, room));
  if (typeof value !== 'object' || '_jsonata_lambda' in value || '_jsonata_function' in value)
    throw new Unsupported('A function is not JSON.');
  const copy: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) setOwn(copy, key, plain(item, room));
  return copy;
};

/** Also for the key `__proto__`, which plain assignment would take for the prototype. */
const setOwn = (target: Record<string, Json>, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true });
  else target[key] = value;
};

const problemOf = (error: unknown): string => {
  if (error instanceof Unsupported) return `returned an unsupported result type. ${error.message}`;
  if (!isObject(error) && !(error instanceof Error)) return 'threw an error during evaluation.';
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return `threw an error during evaluation. ${String(message)}`;
  return `threw an error during evaluation. ${code}: ${LIMIT_ERRORS[code] ?? String(message)}`;
};

/** The fields of `$states` that an expression names. */
const statesFieldsIn = (
  node: unknown,
  found = new Set<unknown>(),
  walked = new Set<unknown>()
): ReadonlySet<unknown> => {
  if (typeof node !== 'object' || node === null || walked.has(node)) return found;
  walked.add(node);
  const { type, steps } = node as { type?: unknown; steps?: readonly (jsonata.ExprNode | undefined)[] };
  const [variable, name] = type === 'path' && Array.isArray(steps) ? steps : [];
  if (variable?.type === 'variable' && variable.value === 'states' && name?.type === 'name') found.add(name.value);
  for (const part of Object.values(node)) statesFieldsIn(part, found, walked);
  return found;
};

const compileExpression = (text: string, location: string, sees: Sees | undefined): Template => {
  const source = text.slice(2, -2).trim();
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source, LIMITS);
  } catch (error) {
    throw new Error(`${location}: '${source}' is not a JSONata expression: ${problemOf(error)}`);
  }
  addFunctions(expression);
  const fields = statesFieldsIn(expression.ast());
  for (const field of ['result', 'errorOutput'])
    if (fields.has(field) && field !== sees) throw new Error(`${location}: $states.${field} cannot be seen here`);
  const quick = quickForm(expression.ast());

  const slow = async (bindings: Bindings): Promise<Json> => {
    let value: unknown;
    try {
      value = await expression.evaluate(undefined, { ...bindings.values, [SURROUNDINGS]: bindings });
      if (value !== undefined) return plain(value);
    } catch (error) {
      throw evaluationError(location, source, problemOf(error));
    }
    throw evaluationError(location, source, 'returned nothing (undefined).');
  };
  return (bindings) => {
    const found = quick?.(bindings.values);
    if (found === undefined) return slow(bindings);
    if (found.value === undefined) throw evaluationError(location, source, 'returned nothing (undefined).');
    return found.value;
  };
};

/** As JSONPath marks what it replaces. */
const isPathKey = (key: string): boolean => key.endsWith('.$');

/** Whether there is something to do, be it to refuse. */
const holdsExpression = (value: Json | undefined): boolean =>
  isExpression(value) ||
  isBroken(value) ||
  (Array.isArray(value)
    ? value.some(holdsExpression)
    : isObject(value) && Object.entries(value).some(([key, item]) => isPathKey(key) || holdsExpression(item)));

/**
 * Compiles a value of the definition once. `location` is its field as AWS names it, e.g. `Catch[0]/Output`. Throws an
 * `Error` that names the field whose expression is not JSONata, is JSONPath, is opened or closed alone, or asks for a part of `$states` that
 * is not there.
 */
export const compileTemplate = (value: Json, location: string, sees?: Sees): Template => {
  if (isExpression(value)) return compileExpression(value, location, sees);
  if (isBroken(value))
    throw new Error(`${location}: an expression begins with {% and ends with %}, found ${JSON.stringify(value)}`);
  if (!holdsExpression(value)) return () => value;
  if (Array.isArray(value)) {
    const items = value.map((item: Json, at) => compileTemplate(item, `${location}[${at}]`, sees));
    return async (bindings) => {
      const result: Json[] = [];
      for (const item of items) result.push(await item(bindings));
      return result;
    };
  }
  const paths = Object.keys(value as JsonObject).filter(isPathKey);
  if (paths.length > 0)
    throw new Error(`${location}: ${paths.join(', ')} is JSONPath; expected an expression, {% … %}`);
  const entries = Object.entries(value as JsonObject).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, compileTemplate(item, `${location}/${key}`, sees)] as const]
  );
  return async (bindings) => {
    const result: Record<string, Json> = {};
    for (const [key, item] of entries) setOwn(result, key, await item(bindings));
    return result;
  };
};

/** As `compileTemplate`, of a field that takes one kind of value. What is written out and is none is refused at once. */
export const compileTyped = <T extends Json>(
  value: Json,
  location: string,
  kind: Kind<T>
): ((bindings: Bindings) => Promise<T>) => {
  const template = compileTemplate(value, location);
  if (!isExpression(value) && !kind.is(value))
    throw new Error(`${location}: expected ${kind.expected}, found ${excerpt(value)}`);
  const source = isExpression(value) ? value.slice(2, -2).trim() : '';
  return async (bindings) => {
    const result = await template(bindings);
    if (kind.is(result)) return result;
    const found = typeOf(result);
    if (found !== kind.type)
      throw evaluationError(
        location,
        source,
        `returned an unexpected result type. Expected '${kind.type}', but was '${found}' for value: ${excerpt(result)}`
      );
    if (kind.problem !== undefined) throw failure(location, kind.problem(location, result));
    throw evaluationError(location, source, `returned ${excerpt(result)}. Expected ${kind.expected}.`);
  };
};
