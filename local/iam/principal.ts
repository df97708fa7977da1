import { isObject } from '../template/json.ts';

/** Who makes a call, as policies see it: a session of a role, or a service of AWS for a resource. */
export type Principal =
  | { readonly kind: 'role'; readonly account: string; readonly roleArn: string; readonly sessionArn: string }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'user'; readonly account: string; readonly userArn: string };

/**
 * By what a policy of a resource names a caller. `direct`: the session itself, the service, or everyone; `role`: its role, which
 * boundary and session policies still limit; `account`: its account, which only leaves the matter to identity-based policies.
 */
export type Naming = 'direct' | 'role' | 'account';

export interface PrincipalElement {
  readonly negated: boolean;
  readonly everyone: boolean;
  readonly aws: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
}

const ACCOUNT = /^\d{12}$/;
const ARN = /^arn:aws[\w-]*:(iam|sts)::\d{12}:[^*?]+$/;
/** Unique ids, which stand for users and roles that have been deleted: nobody here has one. */
const UNIQUE_ID = /^A[A-Z0-9]{15,}$/;
const KINDS = new Set(['AWS', 'Service', 'Federated', 'CanonicalUser']);

const listOf = (value: unknown, what: string): readonly string[] => {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((one) => typeof one === 'string')) return list;
  throw new Error(`${what} must be a string or a list of strings`);
};

/** Reads `Principal` or `NotPrincipal`. Throws an `Error` for what IAM would not take. */
export const principalElement = (element: unknown, name: string, negated: boolean): PrincipalElement => {
  if (element === '*') return { negated, everyone: true, aws: new Set(), services: new Set() };
  if (!isObject(element) || Object.keys(element).length === 0)
    throw new Error(`${name} must be "*" or an object with ${[...KINDS].join(', ')}`);
  const unknown = Object.keys(element).find((kind) => !KINDS.has(kind));
  if (unknown !== undefined) throw new Error(`${name} has no kind ${unknown}: expected ${[...KINDS].join(', ')}`);
  const of = (kind: string): readonly string[] =>
    element[kind] === undefined ? [] : listOf(element[kind], `${name}.${kind}`);
  const aws = of('AWS');
  const malformed = aws.find((one) => one !== '*' && !ACCOUNT.test(one) && !ARN.test(one) && !UNIQUE_ID.test(one));
  if (malformed !== undefined)
    throw new Error(`${name}.AWS: expected "*", an account or the whole ARN of a principal, found ${malformed}`);
  of('Federated'); // nobody signs in here through an identity provider of IAM, or with a canonical id
  of('CanonicalUser');
  return { negated, everyone: aws.includes('*'), aws: new Set(aws), services: new Set(of('Service')) };
};

const rootOf = (account: string): string => `arn:aws:iam::${account}:root`;

const namingOf = ({ everyone, aws, services }: PrincipalElement, caller: Principal): Naming | undefined => {
  if (everyone) return 'direct';
  if (caller.kind === 'service') return services.has(caller.name) ? 'direct' : undefined;
  if (caller.kind === 'user' && aws.has(caller.userArn)) return 'direct';
  if (caller.kind === 'role' && aws.has(caller.sessionArn)) return 'direct';
  if (caller.kind === 'role' && aws.has(caller.roleArn)) return 'role';
  return aws.has(caller.account) || aws.has(rootOf(caller.account)) ? 'account' : undefined;
};

/**
 * How the element covers a caller; `undefined` if it does not. `NotPrincipal` excepts from a Deny only who is named together with
 * the account, since AWS may look at the account first, and nobody who has a boundary; from an Allow it excepts everybody who is
 * named at all.
 */
export const covers = (
  element: PrincipalElement,
  caller: Principal,
  effect: 'Allow' | 'Deny',
  isBounded: boolean
): Naming | undefined => {
  const naming = namingOf(element, caller);
  if (!element.negated) return naming;
  if (naming === undefined) return 'direct';
  // "will always deny any IAM principal that has a permissions boundary policy attached, regardless of the values"
  if (effect === 'Deny' && isBounded) return 'direct';
  if (effect === 'Allow' || element.everyone || caller.kind === 'service') return undefined;
  const hasAccount = element.aws.has(caller.account) || element.aws.has(rootOf(caller.account));
  return naming !== 'account' && hasAccount ? undefined : 'direct';
};
