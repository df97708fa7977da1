import type { Context, Values } from './context.ts';
import { type Comparison, OPERATORS } from './operators.ts';
import { unresolvedIn } from './pattern.ts';

/** What became of a condition: met, not met, or something that is not known here and so decides nothing. */
export type Outcome = 'met' | 'not-met' | { readonly unknown: string };

/** One operator with one key: `{"StringLike": {"aws:RequestTag/tenant": "?*"}}`. */
export interface Clause {
  readonly operator: string;
  readonly key: string;
  /** What of it is not known here, whatever the request. */
  readonly unknown?: string;
  outcome(context: Context): Outcome;
}

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined;

const NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

const listOf = (given: Values | undefined): readonly string[] =>
  given === undefined ? [] : typeof given === 'string' ? [given] : given;

/** An empty set, or one empty string: what AWS calls a null data set. */
const isNull = (values: readonly string[]): boolean => values.every((value) => value === '');

interface Asked {
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
  readonly negated: boolean;
  readonly comparisons: readonly Comparison[];
}

const outcomeOf = (
  { quantifier, ifExists, negated, comparisons }: Asked,
  values: readonly string[],
  context: Context
): boolean | { readonly unknown: string } => {
  if (values.length === 0 && ifExists) return true;
  // several values of a negated operator are a NOR: none of them may match
  const holds = (value: string): boolean => comparisons.some(({ matches }) => matches(value, context)) !== negated;
  if (quantifier === 'ForAllValues') return isNull(values) || values.every(holds);
  if (quantifier === 'ForAnyValue') return !isNull(values) && values.some(holds);
  const [value, another] = values;
  if (value === undefined) return negated;
  // AWS demands a set operator here and leaves open what happens without
  if (another !== undefined) return { unknown: 'several values without ForAllValues or ForAnyValue' };
  return holds(value);
};

const unknownClause = (operator: string, key: string, unknown: string): Clause => ({
  operator,
  key,
  unknown,
  outcome: () => ({ unknown }),
});

const nullClause = (operator: string, key: string, values: readonly string[]): Clause => {
  const wanted: readonly string[] = values.map((value) => value.toLowerCase());
  const name = key.toLowerCase();
  if (!wanted.every((value) => value === 'true' || value === 'false'))
    return unknownClause(operator, key, `${operator} with a value that is neither true nor false`);
  return {
    operator,
    key,
    outcome: (context) => {
      const given = listOf(context.get(name));
      if (given.length === 0 && !context.isKnown(name)) return { unknown: `the condition key ${key}` };
      return wanted.includes(isNull(given) ? 'true' : 'false') ? 'met' : 'not-met';
    },
  };
};

/** Compiles one operator with one key. An operator or value that is not known compiles too: its outcome says so. */
export const clauseOf = (operator: string, key: string, values: readonly string[], hasVariables: boolean): Clause => {
  if (operator === 'Null') return nullClause(operator, key, values);
  const [, quantifier, base = '', suffix] = NAME.exec(operator) ?? [];
  const known = OPERATORS.get(base);
  if (known === undefined) return unknownClause(operator, key, `the condition operator ${operator}`);
  const comparisons: Comparison[] = [];
  for (const value of values) {
    const comparison = known.test(value, hasVariables);
    if (comparison === undefined)
      return unknownClause(operator, key, `${operator} with the value ${JSON.stringify(value)}`);
    comparisons.push(comparison);
  }
  const variables = comparisons.flatMap((comparison) => comparison.variables);
  const asked: Asked = {
    quantifier: quantifier as Quantifier,
    ifExists: suffix !== undefined,
    negated: known.negated,
    comparisons,
  };
  const name = key.toLowerCase();
  return {
    operator,
    key,
    outcome: (context) => {
      const given = listOf(context.get(name));
      if (given.length === 0 && !context.isKnown(name)) return { unknown: `the condition key ${key}` };
      const variable = variables.length === 0 ? undefined : unresolvedIn(variables, context, known.negated);
      if (variable !== undefined) return { unknown: `the policy variable ${variable}` };
      const outcome = outcomeOf(asked, given, context);
      return typeof outcome === 'object' ? outcome : outcome ? 'met' : 'not-met';
    },
  };
};
