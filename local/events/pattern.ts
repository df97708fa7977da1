import { isObject, type Json, type JsonObject } from '../template/json.ts';

export type Matches = (event: JsonObject) => boolean;

const compileField = (name: string, pattern: Json | undefined, path: string): Matches => {
  if (isObject(pattern)) {
    const matches = compilePattern(pattern, path);
    return (event) => {
      const inner = event[name];
      return isObject(inner) && matches(inner);
    };
  }
  if (!Array.isArray(pattern)) throw new Error(`${path}: expected a list of values or an object of fields`);
  const unknown = pattern.find((value) => typeof value === 'object' && value !== null);
  if (unknown !== undefined)
    throw new Error(`${path}: the local stack does not know the matcher ${JSON.stringify(unknown)}`);
  const accepted = new Set<Json>(pattern);
  return (event) => {
    const value = event[name];
    if (Array.isArray(value)) return value.some((element: Json) => accepted.has(element));
    return value !== undefined && accepted.has(value);
  };
};

/**
 * Compiles an event pattern: every field must hold one of the values listed for it. Throws an `Error` that names the
 * field for any other matcher.
 */
export const compilePattern = (pattern: JsonObject, path = 'EventPattern'): Matches => {
  const fields = Object.entries(pattern).map(([name, inner]) => compileField(name, inner, `${path}.${name}`));
  return (event) => fields.every((matches) => matches(event));
};
