import type jsonata from 'jsonata';
import { isObject, type Json } from '../template/json.ts';

/** Variables by their names. */
type Values = Readonly<Record<string, Json | undefined>>;
type Quick = (values: Values) => { readonly value: Json | undefined } | undefined;

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
  (values) => {
    let value: Json | undefined = values;
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
export const quickForm = (node: jsonata.ExprNode): Quick | undefined => {
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
  return (values) => {
    const found = left(values);
    return found && { value: found.value === literal };
  };
};
