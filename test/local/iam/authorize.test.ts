// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables
import { describe, expect, it } from 'vitest';
import { compileAccess } from '../../../local/iam/access.ts';
import { createAuthorizer, type Keys } from '../../../local/iam/authorize.ts';
import type { RoleSession } from '../../../local/iam/credentials.ts';
import { denialLine } from '../../../local/iam/denial.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import type { Role } from '../../../local/template/roles.ts';

const ARN = 'arn:aws:iam::111122223333:role/path/worker';
const NOON = Date.UTC(2030, 0, 1, 12);
const ALL = { Effect: 'Allow', Action: '*', Resource: '*' };

const aRole = (statements: readonly JsonObject[]): Role => ({
  at: 'App/Worker',
  name: 'worker',
  arn: ARN,
  trust: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }] },
  policies: [{ name: 'own', document: { Version: '2012-10-17', Statement: statements } }],
  managedPolicyArns: [],
  boundaryArn: undefined,
  maxSessionSeconds: 3600,
  tags: { Team: 'red', tenant: 'of the role' },
});

const session: RoleSession = {
  kind: 'role',
  roleArn: ARN,
  session: 'me',
  tags: { tenant: 'acme' },
  functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:work',
  issuedAt: NOON,
};

const judge = (statements: readonly JsonObject[], context: Keys = {}, action = 's3:GetObject') => {
  const access = compileAccess({
    roles: [aRole(statements)],
    managedPolicies: new Map(),
    access: { keyPolicies: [], resourcePolicies: [] },
  });
  const authorize = createAuthorizer({ access, account: '111122223333', region: 'us-east-1', now: () => NOON });
  return authorize({ caller: session, action, resource: 'arn:aws:s3:::bucket/x', context }).kind;
};

const only = (operator: string, key: string, value: JsonObject[string]) => [
  { ...ALL, Condition: { [operator]: { [key]: value } } },
];

describe('the context of a call', () => {
  it.each([
    ['aws:PrincipalArn', ARN],
    ['aws:PrincipalAccount', '111122223333'],
    ['aws:PrincipalType', 'AssumedRole'],
    ['aws:PrincipalTag/Team', 'red'],
    ['aws:PrincipalTag/TENANT', 'acme'],
    ['aws:RequestedRegion', 'us-east-1'],
    ['aws:ResourceAccount', '111122223333'],
    ['aws:SecureTransport', 'true'],
    ['aws:SourceIp', '127.0.0.1'],
    ['aws:ViaAWSService', 'false'],
    ['aws:CurrentTime', '2030-01-01T12:00:00.000Z'],
    ['aws:EpochTime', '1893499200'],
    ['aws:TokenIssueTime', '2030-01-01T12:00:00.000Z'],
    ['lambda:SourceFunctionArn', 'arn:aws:lambda:us-east-1:111122223333:function:work'],
  ])('has %s', (key, value) => {
    expect(judge(only('StringEquals', key, value))).toBe('allowed');
    expect(judge(only('StringNotEquals', key, value))).toBe('no-allow');
  });

  it('has a user id of role and session', () => {
    expect(judge(only('StringLike', 'aws:userid', 'AROA*:me'))).toBe('allowed');
  });

  it('has what the call brings, in any case', () => {
    expect(judge(only('StringEquals', 's3:prefix', 'a'), { 'S3:Prefix': 'a' })).toBe('allowed');
    expect(judge(only('NumericEquals', 's3:max-keys', '7'), { 's3:max-keys': 7 })).toBe('allowed');
    expect(judge(only('StringEquals', 's3:prefix', 'a'), { 's3:prefix': () => 'a' })).toBe('allowed');
  });

  it.each(['aws:PrincipalTag/tenant', 'AWS:principaltag/Tenant', 'aws:PrincipalArn', 'aws:SourceIp'])(
    'does not let a call say %s',
    (key) => {
      expect(judge(only('StringEquals', key, 'forged'), { [key]: 'forged' })).toBe('no-allow');
    }
  );

  it.each([
    ['a key that AWS may set and this machine cannot', 'aws:PrincipalOrgID', 's3:GetObject'],
    ['a tag of a resource', 'aws:ResourceTag/tenant', 's3:GetObject'],
    ['a key of the service that is not known', 's3:signatureversion', 's3:GetObject'],
  ])('decides against the caller on %s', (_, key, action) => {
    const denying = { ...ALL, Effect: 'Deny', Condition: { StringEquals: { [key]: 'x' } } };
    expect(judge([ALL, denying], {}, action)).toBe('unknown');
    expect(judge(only('StringNotEquals', key, 'x'), {}, action)).toBe('no-allow');
    expect(judge(only('ForAllValues:StringEquals', key, 'x'), {}, action)).toBe('no-allow');
    expect(judge(only('Null', key, 'true'), {}, action)).toBe('no-allow');
    expect(judge(only('StringEquals', key, 'x'), { [key]: 'x' }, action)).toBe('allowed');
  });

  it('decides against the caller on a variable that is not known', () => {
    const denying = { ...ALL, Effect: 'Deny', Resource: 'arn:aws:s3:::bucket/${aws:PrincipalOrgID}' };
    expect(judge([ALL, denying])).toBe('unknown');
  });

  it.each([
    ['a key of another service', 'dynamodb:LeadingKeys', 's3:GetObject'],
    ['a key that AWS does not set either', 'aws:SourceVpce', 's3:GetObject'],
    ['a tag that the session has not', 'aws:PrincipalTag/other', 's3:GetObject'],
  ])('takes %s for absent', (_, key, action) => {
    expect(judge(only('Null', key, 'true'), {}, action)).toBe('allowed');
  });
});

describe('the policy of a bucket', () => {
  it('is asked about its objects', () => {
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: ARN },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::bucket/*',
    };
    const document = { Version: '2012-10-17', Statement: [statement] };
    const access = compileAccess({
      roles: [aRole([{ ...ALL, Action: 'a:b' }])],
      managedPolicies: new Map(),
      access: { keyPolicies: [], resourcePolicies: [{ name: 'App/Policy', arn: 'arn:aws:s3:::bucket', document }] },
    });
    const authorize = createAuthorizer({ access, account: '111122223333', region: 'us-east-1', now: () => NOON });
    const kindOf = (resource: string) =>
      authorize({ caller: session, action: 's3:GetObject', resource, context: {} }).kind;
    expect(kindOf('arn:aws:s3:::bucket/a/b')).toBe('allowed');
    expect(kindOf('arn:aws:s3:::other/a/b')).toBe('no-allow');
  });
});

describe('a denial', () => {
  it('passes nothing on that a terminal obeys', () => {
    const request = { caller: session, action: 'sts:AssumeRole', resource: 'arn:\u001b[2J\n\u202e', context: {} };
    const line = denialLine(request, { kind: 'no-allow', type: 'identity-based policy', close: [] });
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(line).toContain('arn:\\u001b[2J\\u000a\\u202e');
  });
});
