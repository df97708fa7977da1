import { describe, expect, it } from 'vitest';
import { readAssembly } from '../../../local/template/assembly.ts';
import { type Deployment, readDeployment } from '../../../local/template/deployment.ts';
import type { Json, JsonObject } from '../../../local/template/json.ts';
import { aFolder, anAssembly, arnOf, lambda, type Resource, ref, role, type Template } from '../assembly.ts';
import { sample } from '../sample.ts';

const deploy = (stacks: Readonly<Record<string, Template>>, code: Readonly<Record<string, string>> = {}): Deployment =>
  readDeployment(readAssembly(anAssembly(stacks, code)), (apiId) => `http://local/${apiId}`);

const only = (id: string, resource: Resource): Readonly<Record<string, Template>> => ({
  App: { Resources: { [id]: resource } },
});

const table = (more: JsonObject = {}): Resource => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    ...more,
  },
});

/** What an expression comes to, as an output of a stack with a table and a condition. */
const resultOf = (Value: Json): string | undefined =>
  deploy({
    App: {
      Resources: { Table: table({ TableName: 'things' }) },
      Parameters: { Stage: { Type: 'String', Default: 'test' } },
      Mappings: { Sizes: { test: { small: '1' } } },
      Conditions: {
        IsTest: { 'Fn::Equals': [ref('Stage'), 'test'] },
        IsNot: { 'Fn::Not': [{ Condition: 'IsTest' }] },
        Both: { 'Fn::And': [{ Condition: 'IsTest' }, { Condition: 'IsNot' }] },
        Either: { 'Fn::Or': [{ Condition: 'IsTest' }, { Condition: 'IsNot' }] },
      },
      Outputs: { Result: { Value } },
    },
  }).outputs.Result;

describe('intrinsics', () => {
  it.each<[string, Json, string]>([
    ['Ref', ref('Table'), 'things'],
    ['Ref of a parameter', ref('Stage'), 'test'],
    ['a pseudo parameter', ref('AWS::Region'), 'us-east-1'],
    ['Fn::GetAtt', arnOf('Table'), 'arn:aws:dynamodb:us-east-1:000000000000:table/things'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Table.Arn' }, 'arn:aws:dynamodb:us-east-1:000000000000:table/things'],
    ['Fn::Join', { 'Fn::Join': ['/', ['a', ref('Table'), 7]] }, 'a/things/7'],
    ['Fn::Join without what is no value', { 'Fn::Join': ['/', ['a', ref('AWS::NoValue'), 'b']] }, 'a/b'],
    [
      'Fn::Sub',
      { 'Fn::Sub': '$' + '{Table} $' + '{Table.Arn} $' + '{!Kept}' },
      'things arn:aws:dynamodb:us-east-1:000000000000:table/things $' + '{Kept}',
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': ['$' + '{One}', { One: ref('Table') }] }, 'things'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b'] }] }, 'b'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', ref('Stage'), 'small'] }, '1'],
    ['Fn::If', { 'Fn::If': ['IsTest', 'yes', 'no'] }, 'yes'],
    ['Fn::If of Fn::Not', { 'Fn::If': ['IsNot', 'yes', 'no'] }, 'no'],
    ['Fn::If of Fn::And', { 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    ['Fn::If of Fn::Or', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['Fn::ToJsonString', { 'Fn::ToJsonString': { a: ref('Table') } }, '{"a":"things"}'],
    ['Fn::Base64', { 'Fn::Base64': 'a' }, 'YQ=='],
  ])('%s', (_, value, expected) => {
    expect(resultOf(value)).toBe(expected);
  });

  it.each<[Json, string]>([
    [{ 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }, 'does not know the intrinsic Fn::Cidr'],
    [ref('Absent'), 'there is no resource Absent'],
    [{ 'Fn::GetAtt': ['Table', 'Colour'] }, 'does not know the attribute Colour of Table (AWS::DynamoDB::Table)'],
    [{ 'Fn::ImportValue': 'absent' }, 'exports absent'],
    [{ 'Fn::GetStackOutput': { StackName: 'Other', OutputName: 'One' } }, 'Other with an output One'],
    [{ 'Fn::If': ['Absent', 1, 2] }, 'there is no condition Absent'],
    [{ 'Fn::Select': [3, ['a']] }, 'there is no element 3'],
  ])('refuses %j', (value, message) => {
    expect(() => resultOf(value)).toThrow(message);
    expect(() => resultOf(value)).toThrow('App/Result');
  });

  it('reads what an earlier stack exports or has as output', () => {
    const { outputs } = deploy({
      One: {
        Resources: { Table: table({ TableName: 'things' }) },
        Outputs: { T: { Value: ref('Table'), Export: { Name: 'one-table' } } },
      },
      Two: {
        Resources: {},
        Outputs: {
          A: { Value: { 'Fn::ImportValue': 'one-table' } },
          B: { Value: { 'Fn::GetStackOutput': { StackName: 'One', OutputName: 'T' } } },
        },
      },
    });
    expect(outputs).toMatchObject({ A: 'things', B: 'things', T: 'things', 'one-table': 'things' });
  });
});

describe('a deployment', () => {
  it('holds what the sample declares, resolved', () => {
    const { functions, machines, apis, userPools, roles } = readDeployment(
      readAssembly(sample()),
      () => 'http://local'
    );
    expect(functions.map(({ name }) => name)).toEqual(['worker', 'http', 'token', 'watcher']);
    expect(functions[0]).toMatchObject({ timeoutSeconds: 2, memoryMegabytes: 256, asyncRetries: 2 });
    expect(roles.some(({ arn }) => arn === functions[0]?.roleArn)).toBe(true);
    const [machine] = machines;
    expect([...(machine?.startableAs.values() ?? [])]).toEqual([
      machine?.arn,
      `${machine?.arn}:1`,
      `${machine?.arn}:1`,
    ]);
    expect(JSON.stringify(machine?.definition)).toContain('function:worker:1');
    const [pool] = userPools;
    expect(pool?.groups).toEqual(['reader', 'writer']);
    expect(apis[0]?.routes.find(({ key }) => key === 'GET /things/{id}')?.authorizer).toEqual({
      issuer: pool?.issuer,
      audience: pool?.clients.slice(0, 2).map(({ id }) => id),
      scopes: ['things/reader', 'things/writer'],
    });
  });

  it('names things the same at each start, and in each stack differently', () => {
    const name = (stack: string) => deploy({ [stack]: { Resources: { Table: table() } } }).tables[0]?.name;
    expect(name('App')).toBe(name('App'));
    expect(name('App')).not.toBe(name('Other'));
  });

  it('gives a role its policies: inline, attached, and managed by the template', () => {
    const document = (Sid: string) => ({ Version: '2012-10-17', Statement: [{ Sid }] });
    const { roles } = deploy({
      App: {
        Resources: {
          Role: {
            ...role('lambda.amazonaws.com'),
            Properties: {
              ...role('lambda.amazonaws.com').Properties,
              Policies: [{ PolicyName: 'inline', PolicyDocument: document('inline') }],
              ManagedPolicyArns: [ref('Managed'), 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
            },
          },
          Attached: {
            Type: 'AWS::IAM::Policy',
            Properties: { PolicyDocument: document('attached'), Roles: [ref('Role')] },
          },
          Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: document('managed') } },
        },
      },
    });
    expect(roles[0]?.policies).toEqual([
      { name: 'inline', document: document('inline') },
      { name: 'Attached', document: document('attached') },
      { name: 'Managed', document: document('managed') },
    ]);
    expect(roles[0]?.managedPolicyArns).toContain('arn:aws:iam::aws:policy/ReadOnlyAccess');
  });

  it('has buckets with their locks and policies; a lock makes versions', () => {
    const document = { Version: '2012-10-17', Statement: [] };
    const { buckets } = deploy({
      App: {
        Resources: {
          Plain: { Type: 'AWS::S3::Bucket' },
          Locked: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'locked', ObjectLockEnabled: true } },
          Policy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: ref('Locked'), PolicyDocument: document } },
        },
      },
    });
    expect(buckets).toMatchObject([
      { name: expect.stringMatching(/^app-plain-[a-z0-9]+$/), isVersioned: false, lock: undefined, policies: [] },
      { name: 'locked', arn: 'arn:aws:s3:::locked', isVersioned: true, lock: {}, policies: [document] },
    ]);
  });

  it('leaves out what has a condition that does not hold', () => {
    const resources = { Table: { ...table(), Condition: 'Never' } };
    const { tables } = deploy({ App: { Resources: resources, Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } } } });
    expect(tables).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, Template>>, string]>([
    [
      'a type it does not know',
      only('Cluster', { Type: 'AWS::ECS::Cluster' }),
      'App/Cluster: the local stack does not know the type AWS::ECS::Cluster',
    ],
    [
      'a property it does not know',
      only('Table', table({ Colour: 'red' })),
      'App/Table (AWS::DynamoDB::Table) is not what runs locally',
    ],
    [
      'an express state machine',
      only('Machine', {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { RoleArn: 'r', DefinitionString: '{}', StateMachineType: 'EXPRESS' },
      }),
      'only standard state machines run here',
    ],
    [
      'a definition that is no JSON',
      only('Machine', {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { RoleArn: 'r', DefinitionString: '{' },
      }),
      'App/Machine: the definition of the state machine is not a JSON object',
    ],
    [
      'a WebSocket API',
      only('Api', { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } }),
      'only HTTP APIs run here',
    ],
    [
      'a function whose asset is missing',
      { App: { Resources: { Role: role('lambda.amazonaws.com'), F: lambda('absent') } } },
      'App/F: the assembly holds no folder for the asset absent.zip',
    ],
    [
      'a bucket whose versions are suspended',
      only('Bucket', { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Suspended' } } }),
      'none is suspended',
    ],
    [
      'a bucket that replicates',
      only('Bucket', { Type: 'AWS::S3::Bucket', Properties: { ReplicationConfiguration: {} } }),
      'ReplicationConfiguration',
    ],
    [
      'a retention for days and for years',
      only('Bucket', {
        Type: 'AWS::S3::Bucket',
        Properties: {
          ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1, Years: 1 } } },
        },
      }),
      'expected either Days or Years',
    ],
    ['a resource that refers to itself', only('Table', table({ TableName: ref('Table') })), 'refers to itself'],
    [
      'a function with layers',
      { App: { Resources: { Role: role('lambda.amazonaws.com'), F: lambda('f', { Layers: ['l'] }) } } },
      'Layers',
    ],
  ])('refuses %s', (_, stacks, message) => {
    expect(() => deploy(stacks)).toThrow(message);
  });

  it('says which file of the assembly is missing', () => {
    const folder = aFolder();
    expect(() => readAssembly(folder)).toThrow(`cannot read ${folder}/manifest.json`);
  });
});
