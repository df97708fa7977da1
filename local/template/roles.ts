import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

/** A policy's document, by the name under which messages speak of it. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: JsonObject;
}

export interface Role {
  /** `<stack>/<logical id>` */
  readonly at: string;
  readonly name: string;
  readonly arn: string;
  readonly trust: JsonObject;
  /** Its own, inline and managed by the template. */
  readonly policies: readonly NamedPolicy[];
  /** All that are managed, by their ARN: by the template, or by AWS. */
  readonly managedPolicyArns: readonly string[];
  readonly boundaryArn: string | undefined;
  readonly maxSessionSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

const logicalIdOf = (at: string): string => at.slice(at.indexOf('/') + 1);

/** The policies that the template manages, by ARN. */
export const managedPoliciesOf = (select: Select): ReadonlyMap<string, NamedPolicy> =>
  new Map(
    select('AWS::IAM::ManagedPolicy', properties.Policy).map(({ resource, properties: { PolicyDocument } }) => [
      resource.identity.ref,
      { name: logicalIdOf(resource.at), document: PolicyDocument },
    ])
  );

/** The roles, each with every policy that the template attaches to it. */
export const rolesOf = (select: Select): readonly Role[] => {
  const attached = [
    ...select('AWS::IAM::Policy', properties.Policy),
    ...select('AWS::IAM::ManagedPolicy', properties.Policy),
  ];
  return select('AWS::IAM::Role', properties.Role).map(({ resource, properties: given }) => {
    const name = resource.identity.ref;
    const isAttached = ({ resource: policy, properties: { Roles } }: (typeof attached)[number]): boolean =>
      Roles.includes(name) || given.ManagedPolicyArns.includes(policy.identity.ref);
    return {
      at: resource.at,
      name,
      arn: arnOf(resource),
      trust: given.AssumeRolePolicyDocument,
      policies: [
        ...given.Policies.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, document: PolicyDocument })),
        ...attached.filter(isAttached).map(({ resource: { at }, properties: { PolicyDocument } }) => ({
          name: logicalIdOf(at),
          document: PolicyDocument,
        })),
      ],
      managedPolicyArns: given.ManagedPolicyArns,
      boundaryArn: given.PermissionsBoundary,
      maxSessionSeconds: given.MaxSessionDuration,
      tags: Object.fromEntries(given.Tags.map(({ Key, Value }) => [Key, Value])),
    };
  });
};
