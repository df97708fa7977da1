import { allow, type Case, deny, notTo, ROLE, ROOT, SESSION, TENANT, to, when } from './case.ts';

const CONDITIONS: readonly Case[] = [
  {
    name: 'needs all operators',
    statements: [allow({ Condition: { StringEquals: { 'a:x': '1' }, StringLike: { 'a:y': '2*' } } })],
    context: { 'a:x': '1', 'a:y': '3' },
    expect: 'no-allow',
  },
  {
    name: 'needs all keys of an operator',
    statements: [allow({ Condition: { StringEquals: { 'a:x': '1', 'a:y': '2' } } })],
    context: { 'a:x': '1' },
    expect: 'no-allow',
  },
  {
    name: 'has all operators and keys',
    statements: [allow({ Condition: { StringEquals: { 'a:x': '1', 'a:y': '2' }, Null: { 'a:z': true } } })],
    context: { 'a:x': '1', 'a:y': '2' },
    expect: 'allowed',
  },
  {
    name: 'finds keys in any case',
    statements: [allow(when('StringEquals', 'AWS:principaltag/Tenant', 'acme'))],
    context: TENANT,
    expect: 'allowed',
  },
  {
    name: 'does not fold the case of values',
    statements: [allow(when('StringEquals', 'aws:PrincipalTag/tenant', 'ACME'))],
    context: TENANT,
    expect: 'no-allow',
  },
  { name: 'holds with an empty condition', statements: [allow({ Condition: {} })], expect: 'allowed' },
  {
    name: 'guards ForAllValues with Null',
    statements: [
      allow({
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'RUN#*' },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    ],
    expect: 'no-allow',
  },
  {
    name: 'has keys under ForAllValues and Null',
    statements: [
      allow({
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'RUN#*' },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      }),
    ],
    context: { 'dynamodb:LeadingKeys': ['RUN#1', 'RUN#2'] },
    expect: 'allowed',
  },
  {
    name: 'has an operator that is not known and one that fails',
    statements: [allow(), deny({ Condition: { StringMatches: { 'a:x': '1' }, StringEquals: { 'a:y': '1' } } })],
    expect: 'allowed',
  },
  {
    name: 'denies by an operator that is not known',
    statements: [allow(), deny({ Sid: 'Odd', ...when('StringMatches', 'a:x', '1') })],
    expect: 'unknown',
    by: 'Odd',
  },
  {
    name: 'prefers a Deny that is known',
    statements: [deny(when('StringMatches', 'a:x', '1')), deny({ Sid: 'Plain' })],
    expect: 'explicit-deny',
    by: 'Plain',
  },
  {
    name: 'allows nothing by a version that is not known',
    documents: [{ Version: '2030-01-01', Statement: [allow()] }],
    expect: 'no-allow',
  },
  {
    name: 'denies by a version that is not known',
    documents: [
      { Version: '2012-10-17', Statement: [allow()] },
      { Version: '2030-01-01', Statement: [deny()] },
    ],
    expect: 'unknown',
  },
];

const LIMITS: readonly Case[] = [
  {
    name: 'needs the boundary too',
    statements: [allow()],
    boundary: [allow({ Action: 's3:Put*' })],
    expect: 'no-allow',
    type: 'permissions boundary',
  },
  {
    name: 'has the boundary too',
    statements: [allow({ Sid: 'Own' })],
    boundary: [allow({ Action: 's3:*' })],
    expect: 'allowed',
    by: 'Own',
  },
  {
    name: 'gets nothing by a boundary alone',
    statements: [allow({ Action: 's3:Put*' })],
    boundary: [allow()],
    expect: 'no-allow',
    type: 'identity-based policy',
  },
  {
    name: 'is denied by the boundary',
    statements: [allow()],
    boundary: [allow(), deny({ Sid: 'No' })],
    expect: 'explicit-deny',
    by: 'No',
  },
  {
    name: 'needs a session policy too',
    statements: [allow()],
    session: [allow({ Resource: 'arn:aws:s3:::other/*' })],
    expect: 'no-allow',
    type: 'session policy',
  },
  { name: 'has a session policy too', statements: [allow()], session: [allow()], expect: 'allowed' },
  {
    name: 'gets nothing by a session policy alone',
    statements: [],
    session: [allow()],
    expect: 'no-allow',
    type: 'identity-based policy',
  },
  { name: 'is denied by a session policy', statements: [allow()], session: [deny()], expect: 'explicit-deny' },
  {
    name: 'needs boundary and session',
    statements: [allow()],
    boundary: [allow()],
    session: [allow({ Action: 'a:b' })],
    expect: 'no-allow',
    type: 'session policy',
  },
];

const OWNERS: readonly Case[] = [
  { name: 'is allowed by the resource alone, as a session', resource: [to({ AWS: SESSION })], expect: 'allowed' },
  { name: 'is allowed by the resource alone, as a role', resource: [to({ AWS: ROLE })], expect: 'allowed' },
  { name: 'is allowed by the resource alone, as anybody', resource: [to('*')], expect: 'allowed' },
  { name: 'is allowed by the resource alone, as any AWS principal', resource: [to({ AWS: '*' })], expect: 'allowed' },
  {
    name: 'needs its own policy where the account is named',
    resource: [to({ AWS: ROOT })],
    expect: 'no-allow',
    type: 'identity-based policy',
  },
  {
    name: 'has its own policy where the account is named',
    statements: [allow()],
    resource: [to({ AWS: '111122223333' })],
    expect: 'allowed',
  },
  {
    name: 'is allowed by itself where the resource is silent',
    statements: [allow()],
    resource: [to({ AWS: ROLE }, { Action: 's3:PutObject' })],
    expect: 'allowed',
  },
  { name: 'is denied by the resource', statements: [allow()], resource: [notTo('*')], expect: 'explicit-deny' },
  {
    name: 'is denied by the resource, as a role',
    statements: [allow()],
    resource: [notTo({ AWS: ROLE })],
    expect: 'explicit-deny',
  },
  {
    name: 'is denied by the resource, as of the account',
    statements: [allow()],
    resource: [notTo({ AWS: ROOT })],
    expect: 'explicit-deny',
  },
  { name: 'is not another role', resource: [to({ AWS: 'arn:aws:iam::111122223333:role/worker' })], expect: 'no-allow' },
  {
    name: 'is not another session',
    resource: [to({ AWS: 'arn:aws:sts::111122223333:assumed-role/worker/you' })],
    expect: 'no-allow',
  },
  {
    name: 'is not of another account',
    statements: [allow()],
    resource: [notTo({ AWS: '999999999999' })],
    expect: 'allowed',
  },
  {
    name: 'is one of several',
    resource: [to({ AWS: ['999999999999', ROLE], Service: 'x.amazonaws.com' })],
    expect: 'allowed',
  },
  {
    name: 'is limited by its boundary as a role',
    boundary: [allow({ Action: 'a:b' })],
    resource: [to({ AWS: ROLE })],
    expect: 'no-allow',
    type: 'permissions boundary',
  },
  {
    name: 'is limited by its session policy as a role',
    session: [allow({ Action: 'a:b' })],
    resource: [to({ AWS: ROLE })],
    expect: 'no-allow',
    type: 'session policy',
  },
  {
    name: 'is not limited by its boundary as a session',
    boundary: [allow({ Action: 'a:b' })],
    resource: [to({ AWS: SESSION })],
    expect: 'allowed',
  },
  {
    name: 'is not limited by its session policy as anybody',
    session: [allow({ Action: 'a:b' })],
    resource: [to('*')],
    expect: 'allowed',
  },
  {
    name: 'is denied by its boundary as a session',
    boundary: [deny()],
    resource: [to({ AWS: SESSION })],
    expect: 'explicit-deny',
  },
  {
    name: 'is named by a condition',
    resource: [to('*', when('ArnEquals', 'aws:PrincipalArn', ROLE))],
    context: { 'aws:PrincipalArn': ROLE },
    expect: 'allowed',
  },
  {
    name: 'must be allowed by a key',
    statements: [allow()],
    resource: [to({ AWS: '999999999999' })],
    resourceMustAllow: true,
    expect: 'no-allow',
    type: 'resource-based policy',
  },
  {
    name: 'is allowed by a key that names the account, and its own policy',
    statements: [allow({ Sid: 'Own' })],
    resource: [to({ AWS: ROOT })],
    resourceMustAllow: true,
    expect: 'allowed',
    by: 'Own',
  },
  {
    name: 'is not allowed by a key that names the account alone',
    resource: [to({ AWS: ROOT })],
    resourceMustAllow: true,
    expect: 'no-allow',
    type: 'identity-based policy',
  },
  {
    name: 'is allowed by a key that names the role',
    resource: [to({ AWS: ROLE })],
    resourceMustAllow: true,
    expect: 'allowed',
  },
  {
    name: 'is excepted with its account',
    statements: [allow()],
    resource: [deny({ NotPrincipal: { AWS: [ROLE, ROOT] } })],
    expect: 'allowed',
  },
  {
    name: 'is not excepted at all where it has a boundary',
    statements: [allow()],
    boundary: [allow()],
    resource: [deny({ NotPrincipal: { AWS: [ROLE, ROOT] } })],
    expect: 'explicit-deny',
  },
  {
    name: 'is not excepted without its account',
    statements: [allow()],
    resource: [deny({ NotPrincipal: { AWS: ROLE } })],
    expect: 'explicit-deny',
  },
  {
    name: 'is not excepted by its account alone',
    statements: [allow()],
    resource: [deny({ NotPrincipal: { AWS: ROOT } })],
    expect: 'explicit-deny',
  },
  { name: 'is not one of the others', resource: [allow({ NotPrincipal: { AWS: ROLE } })], expect: 'no-allow' },
  { name: 'is one of the others', resource: [allow({ NotPrincipal: { AWS: '999999999999' } })], expect: 'allowed' },
  {
    name: 'is a service',
    service: 'events.amazonaws.com',
    resource: [to({ Service: 'events.amazonaws.com' })],
    expect: 'allowed',
  },
  {
    name: 'is not another service',
    service: 'events.amazonaws.com',
    resource: [to({ Service: 'apigateway.amazonaws.com' })],
    expect: 'no-allow',
    type: 'resource-based policy',
  },
  {
    name: 'is a service for another resource',
    service: 'events.amazonaws.com',
    resource: [to({ Service: 'events.amazonaws.com' }, when('ArnLike', 'aws:SourceArn', 'arn:aws:events:*:*:rule/a'))],
    context: { 'aws:SourceArn': 'arn:aws:events:r:1:rule/b' },
    expect: 'no-allow',
  },
  {
    name: 'is a service, and services are no accounts',
    service: 'events.amazonaws.com',
    resource: [to({ AWS: ROOT })],
    expect: 'no-allow',
  },
  {
    name: 'is a service, and needs a policy of the resource',
    service: 'events.amazonaws.com',
    statements: [allow()],
    expect: 'no-allow',
  },
  { name: 'is no federated user', resource: [to({ Federated: 'cognito-identity.amazonaws.com' })], expect: 'no-allow' },
];

export const COMBINING = [...CONDITIONS, ...LIMITS, ...OWNERS];
