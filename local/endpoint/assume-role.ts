import type { Access, KnownRole } from '../iam/access.ts';
import { type Authorize, roleIdOf, sessionArnOf } from '../iam/authorize.ts';
import type { Caller, CredentialStore, Credentials } from '../iam/credentials.ts';
import { type Policy, policyOf } from '../iam/document.ts';
import type { Json } from '../template/json.ts';
import { ServiceError } from './exchange.ts';
import { guardFor } from './operation.ts';

export interface AssumeRoleOptions {
  readonly access: Access;
  readonly credentials: CredentialStore;
  readonly authorize: Authorize;
  readonly now: () => number;
}

export interface Assumed {
  readonly credentials: Credentials;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly arn: string;
  /** `<role id>:<session name>` */
  readonly id: string;
}

const SECONDS = { least: 900, most: 43_200, usual: 3600, chained: 3600 };
const MOST = { tags: 50, key: 128, value: 256, policies: 10, policy: 2048 };
const KNOWN =
  /^(Action|Version|RoleArn|RoleSessionName|DurationSeconds|ExternalId|Policy|Tags\.member\.\d+\.(Key|Value)|TransitiveTagKeys\.member\.\d+|PolicyArns\.member\.\d+\.arn)$/;
/** A list that is empty stands there without a value. */
const EMPTY = /^(Tags|TransitiveTagKeys|PolicyArns)=$/;

const invalid = (message: string, name = 'ValidationError'): ServiceError => new ServiceError(name, message);

/** `<name>.member.1<suffix>`, `<name>.member.2<suffix>`, … */
const members = (form: URLSearchParams, name: string, suffix = ''): readonly string[] => {
  const found: string[] = [];
  for (let n = 1; ; n += 1) {
    const value = form.get(`${name}.member.${n}${suffix}`);
    if (value === null) return found;
    found.push(value);
  }
};

const sameTag = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const tagsIn = (form: URLSearchParams): Readonly<Record<string, string>> => {
  const keys = members(form, 'Tags', '.Key');
  if (keys.length > MOST.tags) throw invalid(`a session has at most ${MOST.tags} tags`);
  const tags = keys.map((key, index): [string, string] => [key, form.get(`Tags.member.${index + 1}.Value`) ?? '']);
  for (const [index, [key, value]] of tags.entries()) {
    if (key === '' || key.length > MOST.key || value.length > MOST.value)
      throw invalid(
        `tag ${index + 1}: expected a key of 1 to ${MOST.key} and a value of at most ${MOST.value} characters`
      );
    if (/^aws:/i.test(key)) throw invalid('Tag keys that begin with aws: are reserved.', 'InvalidParameterValue');
    // keys are compared without regard to case
    if (keys.findIndex((other) => sameTag(other, key)) !== index)
      throw invalid(
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
        'InvalidParameterValue'
      );
  }
  return Object.fromEntries(tags);
};

interface SessionTags {
  readonly passed: Readonly<Record<string, string>>;
  readonly inherited: Readonly<Record<string, string>>;
  readonly transitive: readonly string[];
}

/** The tags of the new session: those passed, and those that go on from the session which begins it. */
const sessionTags = (form: URLSearchParams, caller: Caller): SessionTags => {
  const passed = tagsIn(form);
  const transitive = members(form, 'TransitiveTagKeys');
  const stray = transitive.find((key) => !Object.keys(passed).some((one) => sameTag(one, key)));
  if (stray !== undefined)
    throw invalid('The specified transitive tag key must be included in the requested tags.', 'InvalidParameterValue');
  const going = caller.kind === 'role' ? (caller.transitiveTags ?? []) : [];
  const own = caller.kind === 'role' ? caller.tags : {};
  const inherited = Object.fromEntries(Object.entries(own).filter(([key]) => going.some((one) => sameTag(one, key))));
  const taken = Object.keys(passed).find((key) => Object.keys(inherited).some((one) => sameTag(one, key)));
  if (taken !== undefined)
    throw invalid('One of the specified tags is a transitive tag of the calling session.', 'InvalidParameterValue');
  return { passed, inherited, transitive: [...going, ...transitive] };
};

/** The session policies; `undefined` where none are passed. */
const policiesIn = (form: URLSearchParams, access: Access): readonly Policy[] | undefined => {
  const text = form.get('Policy');
  const arns = members(form, 'PolicyArns', '.arn');
  if (text === null && arns.length === 0) return undefined;
  if (arns.length > MOST.policies) throw invalid(`a session has at most ${MOST.policies} managed policies`);
  if (text !== null && text.length > MOST.policy) throw invalid(`Policy must have at most ${MOST.policy} characters`);
  try {
    const own = text === null ? [] : [policyOf(JSON.parse(text), 'Policy', 'identity')];
    return [...own, ...arns.map((arn) => access.managed(arn))];
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), 'MalformedPolicyDocument');
  }
};

const secondsIn = (form: URLSearchParams, caller: Caller, role: KnownRole | undefined): number => {
  const seconds = Number(form.get('DurationSeconds') ?? SECONDS.usual);
  if (!(Number.isInteger(seconds) && seconds >= SECONDS.least && seconds <= SECONDS.most))
    throw invalid(`DurationSeconds must lie between ${SECONDS.least} and ${SECONDS.most}`);
  // a session of a role may begin another for an hour at most, whatever that role allows
  if (caller.kind === 'role' && seconds > SECONDS.chained)
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  if (role !== undefined && seconds > role.maxSessionSeconds)
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return seconds;
};

const prefixed = (prefix: string, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));

/**
 * `sts:AssumeRole`. The caller's policies and the role's trust policy decide together, about `sts:TagSession` too where tags are
 * passed. The administrator may assume every role of the template.
 */
export const assumeRole = (form: URLSearchParams, caller: Caller, options: AssumeRoleOptions): Assumed => {
  const { access, credentials, authorize, now } = options;
  const [unknown] = [...form].find(([name, value]) => !KNOWN.test(name) && !EMPTY.test(`${name}=${value}`)) ?? [];
  if (unknown !== undefined) throw invalid(`the local stack does not know the parameter ${unknown} of AssumeRole`);
  const roleArn = form.get('RoleArn') ?? '';
  const session = form.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(session))
    throw invalid('RoleSessionName must have 2 to 64 letters, digits or any of +=,.@-');
  const role = access.role(roleArn);
  const { passed, inherited, transitive } = sessionTags(form, caller);
  const tagKeys = Object.keys(passed);
  const externalId = form.get('ExternalId');
  const context: Record<string, Json> = {
    'sts:RoleSessionName': session,
    ...(externalId === null ? {} : { 'sts:ExternalId': externalId }),
    ...(tagKeys.length === 0 ? {} : { 'aws:TagKeys': tagKeys }),
    ...prefixed('aws:RequestTag/', passed),
    // a transitive tag stands for the role's own of the same name
    ...prefixed('aws:ResourceTag/', { ...role?.tags, ...inherited }),
    ...prefixed('iam:ResourceTag/', { ...role?.tags, ...inherited }),
    ...(transitive.length === 0 ? {} : { 'sts:TransitiveTagKeys': transitive }),
  };
  guardFor(caller, 'sts:AssumeRole', authorize)(roleArn, context);
  if (tagKeys.length > 0) guardFor(caller, 'sts:TagSession', authorize)(roleArn, context);
  if (role === undefined) throw new ServiceError('AccessDeniedException', `the template has no role ${roleArn}`);
  const expiresAt = now() + secondsIn(form, caller, role) * 1000;
  const policies = policiesIn(form, access);
  const issued = credentials.issue(
    {
      roleArn,
      session,
      tags: { ...inherited, ...passed },
      transitiveTags: transitive,
      ...(policies === undefined ? {} : { policies }),
    },
    expiresAt
  );
  return {
    credentials: issued,
    expiresAt,
    arn: sessionArnOf({ roleArn, session }),
    id: `${roleIdOf(roleArn)}:${session}`,
  };
};
