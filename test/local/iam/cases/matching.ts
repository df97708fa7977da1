// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables
import { allow, type Case, deny, OBJECT } from './case.ts';

const BASICS: readonly Case[] = [
  { name: 'denies by default', statements: [allow({ Action: 's3:PutObject' })], expect: 'no-allow' },
  { name: 'allows what a statement allows', statements: [allow({ Sid: 'Read' })], expect: 'allowed', by: 'Read' },
  {
    name: 'numbers statements without Sid',
    statements: [allow({ Action: 'a:b' }), allow()],
    expect: 'allowed',
    by: 'statement 2',
  },
  { name: 'lets a Deny win', statements: [allow(), deny({ Sid: 'No' })], expect: 'explicit-deny', by: 'No' },
  {
    name: 'lets a Deny win that stands first',
    statements: [deny({ Sid: 'No' }), allow()],
    expect: 'explicit-deny',
    by: 'No',
  },
  {
    name: 'lets a Deny of another policy win',
    documents: [{ Version: '2012-10-17', Statement: allow() }, { Statement: [deny()] }],
    expect: 'explicit-deny',
    by: 'statement 1',
  },
  {
    name: 'ignores a Deny of another action',
    statements: [allow(), deny({ Action: 's3:PutObject' })],
    expect: 'allowed',
  },
  {
    name: 'takes one statement for a list',
    documents: [{ Version: '2012-10-17', Statement: allow() }],
    expect: 'allowed',
  },
];

const ACTIONS: readonly Case[] = (
  [
    ['*', 's3:GetObject', true],
    ['s3:*', 's3:GetObject', true],
    ['s3:Get*', 's3:GetObject', true],
    ['s3:Get*', 's3:PutObject', false],
    ['s3:*Object', 's3:GetObject', true],
    ['s3:*Object', 's3:GetObjectAcl', false],
    ['s3:?etObject', 's3:GetObject', true],
    ['s3:?GetObject', 's3:GetObject', false],
    ['S3:getobject', 's3:GetObject', true],
    ['s3:getobject', 'S3:GETOBJECT', true],
    ['s3:GetObject', 's3:GetObjectAcl', false],
    ['s3:Get', 's3:GetObject', false],
    ['*:GetObject', 's3:GetObject', true],
    ['s3express:*', 's3:GetObject', false],
    ['s3:Get${*}', 's3:GetObject', false],
  ] as const
).flatMap(([pattern, action, matches]): readonly Case[] => [
  {
    name: `${action} ${matches ? 'is' : 'is not'} ${pattern}`,
    statements: [allow({ Action: [pattern] })],
    action,
    expect: matches ? 'allowed' : 'no-allow',
  },
  {
    name: `${action} ${matches ? 'is not' : 'is'} anything but ${pattern}`,
    statements: [{ Effect: 'Allow', NotAction: pattern, Resource: '*' }],
    action,
    expect: matches ? 'no-allow' : 'allowed',
  },
]);

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:work';
const RESOURCES: readonly Case[] = (
  [
    ['*', OBJECT, true],
    ['*', '*', true],
    ['arn:aws:s3:::bucket/*', '*', false],
    ['arn:aws:s3:::bucket/folder/object', OBJECT, true],
    ['arn:aws:s3:::bucket/folder/Object', OBJECT, false],
    ['arn:aws:s3:::bucket', OBJECT, false],
    ['arn:aws:s3:::bucket/*', OBJECT, true],
    ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket/', true],
    ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket', false],
    ['arn:aws:s3:::bucket/*/object', OBJECT, true],
    ['arn:aws:s3:::bucket/*/test/*', 'arn:aws:s3:::bucket/1/2/test/3/object.jpg', true],
    ['arn:aws:s3:::bucket/*/test/*', 'arn:aws:s3:::bucket//test/object.jpg', true],
    ['arn:aws:s3:::bucket/*/test/*', 'arn:aws:s3:::bucket/test/object.jpg', false],
    ['arn:aws:s3:::bucket/*/test/*', 'arn:aws:s3:::bucket/1-test/object.jpg', false],
    ['arn:aws:s3:::bucket/folder/objec?', OBJECT, true],
    ['arn:aws:s3:::bucket/folder/object?', OBJECT, false],
    ['arn:aws:s3:::*', OBJECT, true],
    ['arn:*:s3:::bucket/*', OBJECT, true],
    ['arn:aws-cn:s3:::bucket/*', OBJECT, false],
    [FUNCTION, FUNCTION, true],
    [FUNCTION, `${FUNCTION}:1`, false],
    [`${FUNCTION}:*`, `${FUNCTION}:1`, true],
    [`${FUNCTION}:*`, FUNCTION, false],
    [`${FUNCTION}*`, `${FUNCTION}:1`, true],
    ['arn:aws:lambda:*:111122223333:function:work', FUNCTION, true],
    ['arn:aws:lambda:us-*-1:*:function:work', FUNCTION, true],
    ['arn:aws:lambda:eu-*:*:function:work', FUNCTION, false],
    ['arn:aws:lambda:us-east-1:11112222333?:function:work', FUNCTION, true],
    // a `*` at the end of a segment goes on beyond its colon, one inside does not, and `?` never
    ['arn:aws:lambda:us-east-1:*', FUNCTION, true],
    ['arn:aws:lambda:us-east-1:*:work', FUNCTION, true],
    ['arn:aws:lambda:us-east-1:111122223333:f*n:work', FUNCTION, true],
    ['arn:aws:lambda:us-east-1:1*3:work', FUNCTION, false],
    ['arn:aws:lambda:us-east-1:111122223333:function:*-live', `${FUNCTION}:x-live`, false],
    ['arn:aws:lambda:us-east-1:111122223333:function?work', FUNCTION, false],
    [
      'arn:aws:secretsmanager:us-east-1:1:secret:a/b-??????',
      'arn:aws:secretsmanager:us-east-1:1:secret:a/b-AbCd12',
      true,
    ],
    [
      'arn:aws:secretsmanager:us-east-1:1:secret:a/b-??????',
      'arn:aws:secretsmanager:us-east-1:1:secret:a/b-x-AbCd12',
      false,
    ],
    ['arn:aws:secretsmanager:us-east-1:1:secret:a/b-??????', 'arn:aws:secretsmanager:us-east-1:1:secret:a/b', false],
    ['arn:aws:dynamodb:us-east-1:1:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t/index/i', false],
    ['arn:aws:dynamodb:us-east-1:1:table/t/index/*', 'arn:aws:dynamodb:us-east-1:1:table/t/index/i', true],
  ] as const
).flatMap(([pattern, on, matches]): readonly Case[] => [
  {
    name: `${on} ${matches ? 'is' : 'is not'} ${pattern}`,
    statements: [allow({ Action: '*', Resource: pattern })],
    on,
    expect: matches ? 'allowed' : 'no-allow',
  },
  {
    name: `${on} ${matches ? 'is not' : 'is'} anything but ${pattern}`,
    statements: [{ Effect: 'Allow', Action: '*', NotResource: [pattern] }],
    on,
    expect: matches ? 'no-allow' : 'allowed',
  },
]);

export const MATCHING = [...BASICS, ...ACTIONS, ...RESOURCES];
