import { isObject, type Json, type JsonObject } from './json.ts';

/** What an expression may refer to. Each lookup throws an `Error` where there is nothing by that name. */
export interface References {
  ref(name: string): Json | undefined;
  attribute(id: string, name: string): Json;
  importValue(name: string): Json;
  stackOutput(stack: string, name: string): Json;
  condition(name: string): boolean;
  mapping(map: string, first: string, second: string): Json;
}

/** `Ref: AWS::NoValue`: the property or element that holds it is left out. */
const NOTHING = undefined;

const text = (value: Json | undefined, what: string): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${what} must be a string, not ${JSON.stringify(value)}`);
};

const list = (value: Json | undefined, what: string): readonly Json[] => {
  if (Array.isArray(value)) return value;
  throw new Error(`${what} must be a list, not ${JSON.stringify(value)}`);
};

type Intrinsic = (argument: Json, references: References) => Json | undefined;

/** Whether a part of a condition holds: another condition by its name, or an intrinsic that says so. */
const holds = (part: Json, references: References): boolean => {
  if (isObject(part) && typeof part.Condition === 'string') return references.condition(part.Condition);
  const value = evaluate(part, references);
  if (typeof value === 'boolean') return value;
  throw new Error(`a condition must be true or false, not ${JSON.stringify(value)}`);
};

const substitute: Intrinsic = (argument, references) => {
  const [template, variables] = Array.isArray(argument) ? argument : [argument];
  const own = isObject(variables) ? variables : {};
  return text(template, 'Fn::Sub').replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    const variable = own[name];
    if (variable !== undefined) return text(evaluate(variable, references), `Fn::Sub variable ${name}`);
    const dot = name.indexOf('.');
    const value = dot < 0 ? references.ref(name) : references.attribute(name.slice(0, dot), name.slice(dot + 1));
    return text(value, `Fn::Sub variable ${name}`);
  });
};

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, references) => references.ref(text(argument, 'Ref')),
  'Fn::GetAtt': (argument, references) => {
    const [id, ...name] = typeof argument === 'string' ? argument.split('.') : list(argument, 'Fn::GetAtt');
    return references.attribute(text(id, 'Fn::GetAtt'), name.map((part) => text(part, 'Fn::GetAtt')).join('.'));
  },
  'Fn::Join': (argument, references) => {
    const [separator, parts] = list(argument, 'Fn::Join');
    const values = list(evaluate(parts ?? null, references), 'Fn::Join');
    return values.map((part) => text(part, 'Fn::Join')).join(text(separator, 'Fn::Join'));
  },
  'Fn::Sub': substitute,
  'Fn::Select': (argument, references) => {
    const [index, values] = list(argument, 'Fn::Select');
    const found = list(evaluate(values ?? null, references), 'Fn::Select')[Number(evaluate(index ?? null, references))];
    if (found === undefined) throw new Error(`Fn::Select: there is no element ${JSON.stringify(index)}`);
    return found;
  },
  'Fn::Split': (argument, references) => {
    const [separator, value] = list(argument, 'Fn::Split');
    return text(evaluate(value ?? null, references), 'Fn::Split').split(text(separator, 'Fn::Split'));
  },
  'Fn::ImportValue': (argument, references) =>
    references.importValue(text(evaluate(argument, references), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, references) => {
    const given = evaluate(argument, references);
    const { StackName, OutputName } = isObject(given) ? given : {};
    return references.stackOutput(text(StackName, 'Fn::GetStackOutput'), text(OutputName, 'Fn::GetStackOutput'));
  },
  'Fn::FindInMap': (argument, references) => {
    const [map, first, second] = list(evaluate(argument, references), 'Fn::FindInMap');
    return references.mapping(text(map, 'Fn::FindInMap'), text(first, 'Fn::FindInMap'), text(second, 'Fn::FindInMap'));
  },
  'Fn::If': (argument, references) => {
    const [condition, yes, no] = list(argument, 'Fn::If');
    return evaluate((references.condition(text(condition, 'Fn::If')) ? yes : no) ?? null, references);
  },
  'Fn::ToJsonString': (argument, references) => JSON.stringify(evaluate(argument, references)),
  'Fn::Base64': (argument, references) =>
    Buffer.from(text(evaluate(argument, references), 'Fn::Base64')).toString('base64'),
  'Fn::Equals': (argument, references) => {
    const [left, right] = list(evaluate(argument, references), 'Fn::Equals');
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::And': (argument, references) => list(argument, 'Fn::And').every((part) => holds(part, references)),
  'Fn::Or': (argument, references) => list(argument, 'Fn::Or').some((part) => holds(part, references)),
  'Fn::Not': (argument, references) => !holds(list(argument, 'Fn::Not')[0] ?? null, references),
};

/**
 * Replaces every intrinsic function in a value by what it stands for. `undefined` is `AWS::NoValue`. Throws an `Error` for an
 * intrinsic that is not known and for a reference that leads nowhere. A condition's `{Condition: name}` is not an
 * intrinsic here, since policies have a key of that name.
 */
export const evaluate = (value: Json, references: References): Json | undefined => {
  if (Array.isArray(value)) {
    return value.map((element: Json) => evaluate(element, references)).filter((element) => element !== NOTHING);
  }
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  const name = keys.find((key) => key.startsWith('Fn::') || (key === 'Ref' && keys.length === 1));
  if (name === undefined) return evaluateObject(value, references);
  const intrinsic = INTRINSICS[name];
  if (intrinsic === undefined || keys.length > 1)
    throw new Error(`the local stack does not know the intrinsic ${name}`);
  return intrinsic(value[name] ?? null, references);
};

const evaluateObject = (object: JsonObject, references: References): JsonObject => {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(object)) {
    const evaluated = value === undefined ? NOTHING : evaluate(value, references);
    if (evaluated !== NOTHING) result[key] = evaluated;
  }
  return result;
};
