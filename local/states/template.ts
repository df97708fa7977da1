import jsonata from 'jsonata';
import { isObject, type Json, type JsonObject } from '../template/json.ts';
import { StateFailed } from './failure.ts';
import { addFunctions } from './functions.ts';

/** What an expression sees: `states`, and the variables by their names. */
export type Bindings = Readonly<Record<string, Json | undefined>>;

/** A value of the definition in which every `{% … %}` is replaced by what it gives. Fails as `StateFailed`. */
export type Template = (bindings: Bindings) => Json | Promise<Json>;

/** AWS allows one expression 100 nested evaluations; endless tail calls do not nest, so only the clock ends them. */
const LIMITS = { stack: 100, timeout: 2_000, sequence: 400_000 };

const isExpression = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}') && value.length >= 4;

const evaluationError = (location: string, source: string, problem: string): StateFailed =>
  new StateFailed({
    error: 'States.QueryEvaluationError',
    cause: `The JSONata expression '${source}' specified for the field '${location}' ${problem}`,
    from: 'state',
    location,
  });

/** JSON as a plain copy: JSONata marks its arrays, gives functions, and computes what JSON cannot say. */
const plain = (value: unknown): Json => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new Error(`gave ${value}, which is not JSON`);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || '_jsonata_lambda' in value || '_jsonata_function' in value)
    throw new Error('gave a function, which is not JSON');
  const copy: Record<string, Json> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) setOwn(copy, key, plain(item));
  return copy;
};

/** Also for the key `__proto__`, which plain assignment would take for the prototype. */
const setOwn = (target: Record<string, Json>, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true });
  else target[key] = value;
};

type Quick = (bindings: Bindings) => { readonly value: Json | undefined } | undefined;

const hasOnly = (node: object, ...keys: readonly string[]): boolean =>
  Object.keys(node).every((key) => keys.includes(key));

/** The variable and the names after it, where the expression is no more than `$a.b.c`. */
const pathOf = (node: jsonata.ExprNode): readonly string[] | undefined => {
  const steps =
    node.type === 'variable'
      ? [node]
      : String(node.type) === 'path' && hasOnly(node, 'type', 'steps')
        ? node.steps
        : [];
  const [variable, ...names] = steps ?? [];
  if (variable?.type !== 'variable' || variable.value === '' || variable.value === '$') return undefined;
  if (![variable, ...names].every((step) => hasOnly(step, 'type', 'value', 'position'))) return undefined;
  if (!names.every((step) => step.type === 'name')) return undefined;
  return [variable, ...names].map(({ value }) => String(value));
};

/** Gives up, by `undefined`, where an array on the way would make JSONata map. */
const quickPath =
  (path: readonly string[]): Quick =>
  (bindings) => {
    let value: Json | undefined = bindings;
    for (const name of path) {
      if (Array.isArray(value)) return undefined;
      value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return { value };
  };

/**
 * What most expressions of a workflow are, paths and comparisons of one with a literal, without JSONata's evaluator,
 * which costs a hundred times more. The answers are the same, or there is none.
 */
const quickForm = (node: jsonata.ExprNode): Quick | undefined => {
  const path = pathOf(node);
  if (path !== undefined) return quickPath(path);
  if (node.type !== 'binary' || node.value !== '=' || !hasOnly(node, 'type', 'value', 'position', 'lhs', 'rhs'))
    return undefined;
  const { lhs, rhs } = node;
  if (lhs === undefined || rhs === undefined || Array.isArray(lhs) || rhs.type !== 'string') return undefined;
  if (!hasOnly(rhs, 'type', 'value', 'position')) return undefined;
  const compared = pathOf(lhs);
  if (compared === undefined) return undefined;
  const left = quickPath(compared);
  const literal: unknown = rhs.value;
  return (bindings) => {
    const found = left(bindings);
    return found && { value: found.value === literal };
  };
};

const problemOf = (error: unknown): string => {
  if (!isObject(error) && !(error instanceof Error)) return 'threw an error during evaluation.';
  const { code, message } = error as { code?: unknown; message?: unknown };
  return `threw an error during evaluation. ${typeof code === 'string' ? `${code}: ` : ''}${String(message)}`;
};

const compileExpression = (text: string, location: string): Template => {
  const source = text.slice(2, -2).trim();
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source, LIMITS);
  } catch (error) {
    throw new Error(`${location}: '${source}' is not a JSONata expression: ${problemOf(error)}`);
  }
  addFunctions(expression);
  const quick = quickForm(expression.ast());

  const slow = async (bindings: Bindings): Promise<Json> => {
    let value: unknown;
    try {
      value = await expression.evaluate(undefined, bindings);
      if (value !== undefined) return plain(value);
    } catch (error) {
      throw evaluationError(location, source, problemOf(error));
    }
    throw evaluationError(location, source, 'returned nothing (undefined).');
  };
  return (bindings) => {
    const found = quick?.(bindings);
    if (found === undefined) return slow(bindings);
    if (found.value === undefined) throw evaluationError(location, source, 'returned nothing (undefined).');
    return found.value;
  };
};

const holdsExpression = (value: Json | undefined): boolean =>
  isExpression(value) ||
  (Array.isArray(value) ? value.some(holdsExpression) : isObject(value) && Object.values(value).some(holdsExpression));

/**
 * Compiles a value of the definition once. `location` is its field as AWS names it, e.g. `Catch[0]/Output`. Throws an
 * `Error` that names the field whose expression is not JSONata.
 */
export const compileTemplate = (value: Json, location: string): Template => {
  if (isExpression(value)) return compileExpression(value, location);
  if (!holdsExpression(value)) return () => value;
  if (Array.isArray(value)) {
    const items = value.map((item: Json, at) => compileTemplate(item, `${location}[${at}]`));
    return async (bindings) => {
      const result: Json[] = [];
      for (const item of items) result.push(await item(bindings));
      return result;
    };
  }
  const entries = Object.entries(value as JsonObject).flatMap(([key, item]) =>
    item === undefined ? [] : [[key, compileTemplate(item, `${location}/${key}`)] as const]
  );
  return async (bindings) => {
    const result: Record<string, Json> = {};
    for (const [key, item] of entries) setOwn(result, key, await item(bindings));
    return result;
  };
};

/** As `compileTemplate`; fails where the value is not of the type that the field needs. */
export const compileTyped = <T extends Json>(
  value: Json,
  location: string,
  expected: string,
  is: (value: Json) => value is T
): ((bindings: Bindings) => Promise<T>) => {
  const template = compileTemplate(value, location);
  return async (bindings) => {
    const result = await template(bindings);
    if (is(result)) return result;
    const found = JSON.stringify(result).slice(0, 100);
    throw evaluationError(
      location,
      String(value),
      `returned an unexpected value: expected ${expected}, found ${found}`
    );
  };
};
