import { isObject, type JsonObject } from '../template/json.ts';
import { type Clause, clauseOf } from './condition.ts';
import { type Pattern, partsOf, patternOf, type Variable, variablesIn } from './pattern.ts';
import { type PrincipalElement, principalElement } from './principal.ts';

/** What a document is attached to: that decides which elements it may have. */
export type Attachment = 'identity' | 'trust' | 'resource';

export interface Statement {
  /** Its Sid, or `statement <n>`, counted from 1. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principal: PrincipalElement | undefined;
  /** Whether it is about an action, in lower case. */
  readonly hasAction: (action: string) => boolean;
  readonly hasResource: Pattern;
  /** Whether it has `NotResource`. */
  readonly exceptsResources: boolean;
  readonly resourceVariables: readonly Variable[];
  readonly clauses: readonly Clause[];
  /** What of it is not known here: it then allows nothing, and denies what it is about. */
  readonly unknown: string | undefined;
}

export interface Policy {
  /** As messages name it. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

const VERSIONS = new Set(['2008-10-17', '2012-10-17']);
const DOCUMENT = new Set(['Version', 'Id', 'Statement']);
const STATEMENT = new Set(
  'Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(' ')
);

const checkNames = (object: JsonObject, known: ReadonlySet<string>, what: string): void => {
  const unknown = Object.keys(object).find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`${what} has no element ${unknown}: expected ${[...known].join(', ')}`);
};

/** The one of two elements that is there, as a list of strings. */
const oneOf = (
  statement: JsonObject,
  name: string
): { readonly negated: boolean; readonly list: readonly string[] } => {
  const [positive, negative] = [statement[name], statement[`Not${name}`]];
  if ((positive === undefined) === (negative === undefined)) throw new Error(`expected either ${name} or Not${name}`);
  const value = positive ?? negative;
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((one) => typeof one === 'string'))
    throw new Error(`${positive === undefined ? 'Not' : ''}${name} must be a string or a list of strings`);
  return { negated: positive === undefined, list };
};

const actionsOf = (statement: JsonObject): Statement['hasAction'] => {
  const { negated, list } = oneOf(statement, 'Action');
  const malformed = list.find((action) => action !== '*' && !/^[^:\s]+:[^:\s]+$/.test(action));
  if (malformed !== undefined) throw new Error(`expected actions as <service>:<Action>, found ${malformed}`);
  const patterns = list.map((action) => patternOf(partsOf(action.toLowerCase(), 'glob', false), 'glob'));
  const none = { get: () => undefined, isKnown: () => true };
  return (action) => patterns.some((pattern) => pattern(action, none)) !== negated;
};

const ARN_PREFIX = /^arn:[^:]+:([^:*?]+):/;
const FIELDS = 6;

/** IAM takes `*`, or an ARN whose service is named; `*` at the end of a segment may stand for all that follows. */
const checkResource = (resource: string): void => {
  if (resource === '*') return;
  const fields = resource.replace(/\$\{[^}]*\}/g, '').split(':');
  if (ARN_PREFIX.test(resource) && (fields.length >= FIELDS || resource.endsWith('*'))) return;
  throw new Error(`expected resources as "*" or as ARNs with a service and six fields, found ${resource}`);
};

/** Variables stand in the last field of an ARN alone: those before it are no variables that IAM takes. */
const hasEarlyVariable = (resource: string): boolean => {
  const at = resource.indexOf('${');
  return at >= 0 && resource.startsWith('arn:') && resource.slice(0, at).split(':').length < FIELDS;
};

interface Resources {
  readonly pattern: Pattern;
  readonly negated: boolean;
  readonly variables: readonly Variable[];
  readonly unknown: string | undefined;
}

const resourcesOf = (statement: JsonObject, attachment: Attachment, hasVariables: boolean): Resources => {
  if (attachment === 'trust') {
    const named = ['Resource', 'NotResource'].find((name) => statement[name] !== undefined);
    if (named !== undefined) throw new Error(`a trust policy has no ${named}: it is about its own role`);
    return { pattern: () => true, negated: false, variables: [], unknown: undefined };
  }
  const { negated, list } = oneOf(statement, 'Resource');
  for (const resource of list) checkResource(resource);
  const early = hasVariables ? list.find(hasEarlyVariable) : undefined;
  const parts = list.map((resource) => partsOf(resource, 'resource', hasVariables));
  const patterns = parts.map((each) => patternOf(each, 'resource'));
  return {
    pattern: (resource, context) => patterns.some((pattern) => pattern(resource, context)) !== negated,
    negated,
    variables: parts.flatMap(variablesIn),
    unknown: early && `a policy variable before the last field of the ARN ${early}`,
  };
};

const clausesOf = (condition: unknown, hasVariables: boolean): readonly Clause[] => {
  if (condition === undefined) return [];
  if (!isObject(condition)) throw new Error('Condition must be an object');
  return Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new Error(`Condition.${operator} must be an object`);
    return Object.entries(keys).map(([key, value]) => {
      const values = Array.isArray(value) ? value : [value];
      if (!values.every((one) => ['string', 'number', 'boolean'].includes(typeof one)))
        throw new Error(`Condition.${operator}.${key} must be a value or a list of values`);
      return clauseOf(operator, key, values.map(String), hasVariables);
    });
  });
};

const principalOf = (statement: JsonObject, attachment: Attachment): PrincipalElement | undefined => {
  const { Principal, NotPrincipal } = statement;
  if (attachment === 'identity') {
    if (Principal === undefined && NotPrincipal === undefined) return undefined;
    throw new Error('an identity-based policy has no Principal: that is whoever it is attached to');
  }
  if (attachment === 'trust' && NotPrincipal !== undefined) throw new Error('a trust policy has no NotPrincipal');
  if ((Principal === undefined) === (NotPrincipal === undefined))
    throw new Error('expected either Principal or NotPrincipal');
  return Principal === undefined
    ? principalElement(NotPrincipal, 'NotPrincipal', true)
    : principalElement(Principal, 'Principal', false);
};

const sidOf = (statement: JsonObject, attachment: Attachment): string | undefined => {
  const { Sid } = statement;
  if (Sid === undefined || Sid === '') return undefined;
  if (typeof Sid !== 'string') throw new Error('Sid must be a string');
  if (attachment !== 'resource' && !/^[A-Za-z0-9]+$/.test(Sid))
    throw new Error(`Sid must be letters and digits, found ${JSON.stringify(Sid)}`);
  return Sid;
};

const statementOf = (statement: unknown, name: string, attachment: Attachment, version: string): Statement => {
  if (!isObject(statement)) throw new Error('a statement must be an object');
  checkNames(statement, STATEMENT, 'a statement');
  const { Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny')
    throw new Error(`Effect must be Allow or Deny, not ${JSON.stringify(Effect)}`);
  const hasVariables = version === '2012-10-17';
  const principal = principalOf(statement, attachment);
  const resources = resourcesOf(statement, attachment, hasVariables);
  return {
    name: sidOf(statement, attachment) ?? name,
    effect: Effect,
    principal,
    hasAction: actionsOf(statement),
    hasResource: resources.pattern,
    exceptsResources: resources.negated,
    resourceVariables: resources.variables,
    clauses: clausesOf(statement.Condition, hasVariables),
    unknown: VERSIONS.has(version) ? resources.unknown : `the policy version ${version}`,
  };
};

/** The policy language's own default. */
const OLDEST = '2008-10-17';

/**
 * Compiles a policy's document. Throws an `Error` that names policy and statement for anything malformed, misspelt elements
 * included. What is well-formed but not known here, as an operator or a version, compiles, and decides against the caller.
 */
export const policyOf = (document: unknown, name: string, attachment: Attachment): Policy => {
  const at = <T>(place: string, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new Error(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
  return at(`policy ${name}`, () => {
    if (!isObject(document)) throw new Error('a policy must be an object');
    checkNames(document, DOCUMENT, 'a policy');
    const { Version = OLDEST, Statement: given } = document;
    if (typeof Version !== 'string') throw new Error('Version must be a string');
    const list = Array.isArray(given) ? given : [given];
    if (given === undefined || list.length === 0) throw new Error('a policy must have a Statement');
    const statements = list.map((statement: unknown, index) => {
      const number = `statement ${index + 1}`;
      return at(number, () => statementOf(statement, number, attachment, Version));
    });
    const names = statements.map((statement) => statement.name);
    const twice = names.find((one, index) => names.indexOf(one) !== index);
    if (twice !== undefined) throw new Error(`the Sid ${twice} stands there twice`);
    return { name, statements };
  });
};
