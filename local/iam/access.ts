import type { AccessRules } from '../template/access.ts';
import type { NamedPolicy, Role } from '../template/roles.ts';
import type { Policies } from './decide.ts';
import { type Attachment, type Policy, policyOf } from './document.ts';
import { awsManagedPolicy } from './managed.ts';

/** A role with its policies compiled. */
export interface KnownRole
  extends Pick<Role, 'arn' | 'name' | 'tags' | 'maxSessionSeconds'>,
    Pick<Policies, 'identity' | 'boundary'> {
  readonly trust: Policy;
}

/** Every policy of the template, compiled. */
export interface Access {
  role(arn: string): KnownRole | undefined;
  /** A managed policy of the template or of AWS. Throws an `Error` that names one which is not known. */
  managed(arn: string): Policy;
  /** What the policies of a resource say about an action upon it. */
  resource(action: string, arn: string): Policies['resource'];
  /** What of the policies is not known here, each in words. */
  readonly unknown: readonly string[];
}

export interface AccessOptions {
  readonly roles: readonly Role[];
  readonly managedPolicies: ReadonlyMap<string, NamedPolicy>;
  readonly access: Pick<AccessRules, 'keyPolicies' | 'resourcePolicies'>;
}

const OWNER = /^arn:[^:]*:(?:dynamodb:[^:]*:[^:]*:table\/|s3:::)[^/]+/;

/** The table of an index or stream, the bucket of an object. Every other resource has its policies under its own ARN. */
const ownerOf = (arn: string): string => OWNER.exec(arn)?.[0] ?? arn;

/**
 * Compiles every policy of the template once. Throws an `Error` that names role, policy and statement for a document that IAM
 * would not take, and for a managed policy that is neither the template's nor known here.
 */
export const compileAccess = ({ roles, managedPolicies, access }: AccessOptions): Access => {
  const unknown: string[] = [];
  const compile = ({ name, document }: NamedPolicy, attachment: Attachment): Policy => {
    const policy = policyOf(document, name, attachment);
    for (const statement of policy.statements) {
      const what = statement.unknown ?? statement.clauses.find((clause) => clause.unknown !== undefined)?.unknown;
      if (what !== undefined) unknown.push(`${name}, ${statement.name}: ${what} is not known here`);
    }
    return policy;
  };
  const managed = (arn: string): Policy => {
    const found = managedPolicies.get(arn) ?? awsManagedPolicy(arn);
    if (found !== undefined) return compile(found, 'identity');
    throw new Error(
      `the managed policy ${arn} is not known here: expected one of the template, or of AWS's own the few that the CDK attaches`
    );
  };
  const known = new Map<string, KnownRole>();
  for (const role of roles) {
    const { arn, name, tags, maxSessionSeconds, boundaryArn } = role;
    try {
      const others = role.managedPolicyArns.filter((policy) => !managedPolicies.has(policy));
      known.set(arn, {
        arn,
        name,
        tags,
        maxSessionSeconds,
        trust: compile({ name: `trust policy of ${role.at}`, document: role.trust }, 'trust'),
        identity: [...role.policies.map((policy) => compile(policy, 'identity')), ...others.map(managed)],
        boundary: boundaryArn === undefined ? undefined : managed(boundaryArn),
      });
    } catch (cause) {
      throw new Error(`role ${role.at}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
  const byArn = (policies: AccessRules['resourcePolicies']): ReadonlyMap<string, readonly Policy[]> => {
    const compiled = policies.map((policy) => ({ arn: policy.arn, policy: compile(policy, 'resource') }));
    const grouped = Map.groupBy(compiled, ({ arn }) => arn);
    return new Map([...grouped].map(([arn, group]) => [arn, group.map(({ policy }) => policy)]));
  };
  const keys = byArn(access.keyPolicies);
  const others = byArn(access.resourcePolicies);
  return {
    unknown,
    role: (arn) => known.get(arn),
    managed,
    resource: (action, arn) => {
      if (action.startsWith('sts:')) {
        const trust = known.get(arn)?.trust;
        return trust && { policies: [trust], mustAllow: true, type: 'role trust policy' };
      }
      const isKey = action.startsWith('kms:');
      const policies = isKey ? keys.get(arn) : others.get(ownerOf(arn));
      return policies && { policies, mustAllow: isKey, type: 'resource-based policy' };
    },
  };
};
