import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly trust: JsonObject;
  /** Its own, inline and managed by the template. */
  readonly policies: readonly JsonObject[];
  /** Managed by AWS, or the boundary: by their ARN only. */
  readonly managedPolicyArns: readonly string[];
  readonly boundaryArn: string | undefined;
}

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
      name,
      arn: arnOf(resource),
      trust: given.AssumeRolePolicyDocument,
      policies: [...given.Policies, ...attached.filter(isAttached).map((policy) => policy.properties)].map(
        ({ PolicyDocument }) => PolicyDocument
      ),
      managedPolicyArns: given.ManagedPolicyArns,
      boundaryArn: given.PermissionsBoundary,
    };
  });
};
