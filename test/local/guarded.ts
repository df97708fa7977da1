// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies have variables
import type { JsonObject } from '../../local/template/json.ts';
import { anAssembly, arnOf, lambda, permission, policy, type Resource, ref, role, type Template } from './assembly.ts';

const statement = (
  Action: string | readonly string[],
  Resource: JsonObject[string],
  Condition?: JsonObject
): JsonObject => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

/** Partitions that begin so, and requests that name a partition at all. */
const partitions = (...prefixes: readonly string[]): JsonObject => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': prefixes },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

const table = (name: string, more: JsonObject = {}): Resource => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: name,
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: ['pk', 'owner'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-owner',
        KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    ...more,
  },
});

const named = (name: string, given: Resource, more: JsonObject = {}): Resource => ({
  ...given,
  Properties: { ...given.Properties, RoleName: name, ...more },
});

const lambdaRole = (name: string, more: JsonObject = {}): Resource => named(name, role('lambda.amazonaws.com'), more);

const trusting = (name: string, principal: JsonObject, statements: readonly JsonObject[]): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: name,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: statements.map((each) => ({ Effect: 'Allow', Principal: principal, ...each })),
    },
  },
});

const at = (logical: string, suffix: string): JsonObject => ({ 'Fn::Join': ['', [arnOf(logical), suffix]] });
const arnOfRole = (name: string): JsonObject => ({ 'Fn::Sub': `arn:aws:iam::\${AWS::AccountId}:role/${name}` });
const secret = (name: string): JsonObject => ({
  'Fn::Join': ['', ['arn:aws:secretsmanager:', ref('AWS::Region'), ':', ref('AWS::AccountId'), ':secret:', name]],
});
const decrypting = statement('kms:Decrypt', arnOf('Key'), {
  StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' },
});
const ITEMS = ['Put', 'Get', 'Update', 'Delete', 'ConditionCheck', 'BatchGet'].map((verb) => `dynamodb:${verb}Item`);
const TENANT = {
  StringLike: { 'aws:RequestTag/tenant': '?*' },
  'ForAllValues:StringEquals': { 'aws:TagKeys': ['tenant'] },
};

const machine = (name: string, roleId: string, target: JsonObject | string): Resource => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    StateMachineName: name,
    RoleArn: arnOf(roleId),
    Definition: {
      QueryLanguage: 'JSONata',
      StartAt: 'Work',
      States: {
        Work: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Arguments: { FunctionName: target, Payload: {} },
          End: true,
        },
      },
    },
  },
});

/** A template in which every role may do something, and nothing else. */
export const guarded = (more: Readonly<Record<string, Resource>> = {}): string => {
  const resources: Template['Resources'] = {
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: 'kms:*',
              Resource: '*',
              Principal: { AWS: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' } },
            },
          ],
        },
      },
    },
    Table: table('guarded', { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arnOf('Key') } }),
    Shared: table('shared', {
      ResourcePolicy: {
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: arnOfRole('guest') }, Action: 'dynamodb:GetItem', Resource: '*' },
            { Effect: 'Deny', Principal: '*', Action: 'dynamodb:DeleteItem', Resource: '*' },
          ],
        },
      },
    }),
    Guest: lambdaRole('guest'),
    Writer: lambdaRole('writer'),
    WriterRights: policy(
      ['Writer'],
      [
        statement([...ITEMS, 'dynamodb:BatchWriteItem', 'dynamodb:Query'], arnOf('Table'), partitions('A#*')),
        statement('dynamodb:Query', at('Table', '/index/by-owner'), partitions('ann')),
        decrypting,
      ]
    ),
    Keyless: lambdaRole('keyless'),
    KeylessRights: policy(['Keyless'], [statement('dynamodb:*', arnOf('Table'))]),
    Narrow: lambdaRole('narrow'),
    NarrowRights: policy(
      ['Narrow'],
      [
        statement(['dynamodb:GetItem', 'dynamodb:Scan'], arnOf('Shared'), {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'open'] },
          StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
        }),
      ]
    ),
    Bounded: lambdaRole('bounded', { PermissionsBoundary: ref('Boundary') }),
    BoundedRights: policy(['Bounded'], [statement('dynamodb:*', arnOf('Shared'))]),
    Boundary: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        PolicyDocument: { Version: '2012-10-17', Statement: [statement('dynamodb:GetItem', '*')] },
      },
    },
    Asker: lambdaRole('asker'),
    AskerRights: policy(['Asker'], [statement(['sts:AssumeRole', 'sts:TagSession'], arnOfRole('delegating'))]),
    Secrets: trusting('secrets', { AWS: arnOfRole('asker') }, [
      { Action: ['sts:AssumeRole', 'sts:TagSession'], Condition: TENANT },
    ]),
    SecretsRights: policy(
      ['Secrets'],
      [statement('secretsmanager:GetSecretValue', secret('unit/${aws:PrincipalTag/tenant}-??????'))]
    ),
    Delegating: trusting('delegating', { AWS: ref('AWS::AccountId') }, [
      { Action: ['sts:AssumeRole', 'sts:TagSession'] },
    ]),
    DelegatingRights: policy(['Delegating'], [statement('sts:*', arnOfRole('secrets'))]),
    Untagged: trusting('untagged', { AWS: arnOfRole('asker') }, [
      { Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': 'right' } } },
    ]),
    Starter: lambdaRole('starter'),
    StarterRights: policy(
      ['Starter'],
      [
        statement('states:StartExecution', ref('Allowed'), {
          'ForAnyValue:StringEquals': { 'states:StateMachineQualifier': '1' },
        }),
        statement('lambda:InvokeFunction', at('Echo', ':1')),
      ]
    ),
    Running: named('running', role('states.amazonaws.com')),
    RunningRights: policy(['Running'], [statement('lambda:InvokeFunction', at('Echo', ':*'))]),
    EchoVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('Echo') } },
    Echo: lambda('echo', { Role: arnOf('Guest') }),
    EchoPermission: permission('Echo', 'events.amazonaws.com', 'arn:aws:events:us-east-1:000000000000:rule/none'),
    Allowed: machine('allowed', 'Running', at('Echo', ':1')),
    AllowedVersion: {
      Type: 'AWS::StepFunctions::StateMachineVersion',
      Properties: { StateMachineArn: ref('Allowed') },
    },
    Unqualified: machine('unqualified', 'Running', arnOf('Echo')),
    ...more,
  };
  return anAssembly({ App: { Resources: resources } }, { echo: 'export const handler = async (event) => event;' });
};
