import type { Bucket } from './buckets.ts';
import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import type { NamedPolicy } from './roles.ts';
import { arnOf, type Select } from './select.ts';
import type { Table } from './tables.ts';

/** A policy that belongs to a resource and says who may use it. */
export interface ResourcePolicy extends NamedPolicy {
  /** Of the resource. */
  readonly arn: string;
}

/** A function or state machine, and the role that it acts under. */
export interface Actor {
  /** `<stack>/<logical id>` */
  readonly at: string;
  readonly kind: 'function' | 'state machine';
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
}

/** What decides about access, besides roles. */
export interface AccessRules {
  readonly actors: readonly Actor[];
  readonly keyPolicies: readonly ResourcePolicy[];
  /** Of functions, from their permissions, of tables and of buckets. */
  readonly resourcePolicies: readonly ResourcePolicy[];
  /** The ARN of a key by its id, its ARN and the names of its aliases. */
  readonly keys: ReadonlyMap<string, string>;
}

const conditionOf = (entries: readonly (readonly [string, string, string | boolean | undefined])[]): JsonObject => {
  const condition: Record<string, Record<string, string | boolean>> = {};
  for (const [operator, key, value] of entries)
    if (value !== undefined) condition[operator] = { ...condition[operator], [key]: value };
  return Object.keys(condition).length === 0 ? {} : { Condition: condition };
};

/** The statement that Lambda makes of a permission, in the policy of the function, version or alias that it names. */
const permissionsOf = (select: Select): readonly ResourcePolicy[] => {
  const functions = select('AWS::Lambda::Function', properties.LambdaFunction);
  const arnFor = (id: string): string => {
    if (id.startsWith('arn:')) return id;
    const [name = '', ...qualifier] = id.replace(/^\d{12}:function:/, '').split(':');
    const found = functions.find(({ resource }) => resource.identity.ref === name);
    return [found === undefined ? name : arnOf(found.resource), ...qualifier].join(':');
  };
  return select('AWS::Lambda::Permission', properties.Permission).map(({ resource, properties: given }) => {
    const arn = arnFor(given.FunctionName);
    const isService = given.Principal.includes('.') && !given.Principal.startsWith('arn:');
    const principal = given.Principal === '*' ? '*' : { [isService ? 'Service' : 'AWS']: given.Principal };
    const condition = conditionOf([
      ['ArnLike', 'aws:SourceArn', given.SourceArn],
      ['StringEquals', 'aws:SourceAccount', given.SourceAccount],
      ['StringEquals', 'aws:PrincipalOrgID', given.PrincipalOrgID],
      ['StringEquals', 'lambda:EventSourceToken', given.EventSourceToken],
      ['StringEquals', 'lambda:FunctionUrlAuthType', given.FunctionUrlAuthType],
      ['Bool', 'lambda:InvokedViaFunctionUrl', given.InvokedViaFunctionUrl],
    ]);
    const Sid = resource.at.slice(resource.at.lastIndexOf('/') + 1);
    const statement = { Sid, Effect: 'Allow', Principal: principal, Action: given.Action, Resource: arn, ...condition };
    return { name: resource.at, arn, document: { Version: '2012-10-17', Statement: [statement] } };
  });
};

const actorsOf = (select: Select): readonly Actor[] => [
  ...select('AWS::Lambda::Function', properties.LambdaFunction).map(
    ({ resource, properties: { Role } }): Actor => ({
      at: resource.at,
      kind: 'function',
      name: resource.identity.ref,
      arn: arnOf(resource),
      roleArn: Role,
    })
  ),
  ...select('AWS::StepFunctions::StateMachine', properties.StateMachine).map(
    ({ resource, properties: { RoleArn } }): Actor => ({
      at: resource.at,
      kind: 'state machine',
      name: String(resource.identity.attributes.Name),
      arn: arnOf(resource),
      roleArn: RoleArn,
    })
  ),
];

/** Who acts under which role, and the policies of resources. */
export const accessRulesOf = (
  select: Select,
  { tables, buckets }: { readonly tables: readonly Table[]; readonly buckets: readonly Bucket[] }
): AccessRules => {
  const keys = select('AWS::KMS::Key', properties.Key);
  const arns = new Map(
    keys.flatMap(({ resource }) => [resource.identity.ref, arnOf(resource)].map((name) => [name, arnOf(resource)]))
  );
  for (const { resource, properties: given } of select('AWS::KMS::Alias', properties.Alias)) {
    const target = arns.get(given.TargetKeyId);
    if (target !== undefined) for (const name of [given.AliasName, arnOf(resource)]) arns.set(name, target);
  }
  return {
    actors: actorsOf(select),
    keys: arns,
    keyPolicies: keys.flatMap(({ resource, properties: { KeyPolicy } }) =>
      KeyPolicy === undefined ? [] : [{ name: resource.at, arn: arnOf(resource), document: KeyPolicy }]
    ),
    resourcePolicies: [
      ...permissionsOf(select),
      ...tables.flatMap(({ name, arn, policy }) => (policy === undefined ? [] : [{ name, arn, document: policy }])),
      ...buckets.flatMap(({ name, arn, policies }) => policies.map((document) => ({ name, arn, document }))),
    ],
  };
};
