import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = unknown;
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, Json>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Json>>;
}

export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly Json[];
  readonly condition: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Prefixes of partition keys that the statement is confined to. */
  readonly prefixes: readonly string[];
}

export const readTemplate = (directory: string, stack: string): Template =>
  JSON.parse(readFileSync(join(directory, `${stack}.template.json`), 'utf8')) as Template;

export const ofType = ({ Resources }: Template, type: string): readonly (readonly [string, Resource])[] =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type);

const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as T];

/** The logical id that a reference within the template leads to. */
export const target = (reference: Json): string | undefined => {
  const { Ref, 'Fn::GetAtt': attribute } = reference as { Ref?: string; 'Fn::GetAtt'?: readonly string[] };
  return Ref ?? attribute?.[0];
};

interface RawStatement {
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Statement['condition'];
}

/** Everything that a role may do. */
export const statementsOf = (template: Template, role: string): readonly Statement[] =>
  ofType(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => list(Properties.Roles).some((reference) => target(reference) === role))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: readonly RawStatement[] }).Statement)
    .map(({ Action, Resource, Condition = {} }) => ({
      actions: list(Action),
      resources: list(Resource),
      condition: Condition,
      prefixes: list(Condition['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] as readonly string[] | undefined),
    }));

/** The role of the one function whose id starts so. */
export const roleOf = (template: Template, functionId: string): string => {
  const found = ofType(template, 'AWS::Lambda::Function').filter(([id]) => id.startsWith(functionId));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} functions start with ${functionId}`);
  return target(only[1].Properties.Role) ?? '';
};
