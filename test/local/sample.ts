import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../local/stack.ts';
import {
  aFolder,
  anAssembly,
  arnOf,
  lambda,
  packageUrl,
  permission,
  policy,
  ref,
  role,
  type Template,
} from './assembly.ts';

/** What the functions of the sample do; `worker` does what its event asks for. */
const code = (): Readonly<Record<string, string>> => ({
  worker: `
    import { spawn } from 'node:child_process';
    import { DynamoDBClient, PutItemCommand } from '${packageUrl('@aws-sdk/client-dynamodb')}';
    const dynamodb = new DynamoDBClient();
    let calls = 0;
    const does = {
      echo: (event) => event,
      environment: () => process.env,
      process: () => ({ pid: process.pid, calls }),
      context: (_, context) => ({ ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID }),
      fail: () => { const error = new Error('out of order'); error.name = 'Retryable'; throw error; },
      crash: () => process.exit(3),
      hang: () => new Promise(() => setInterval(() => {}, 1000)),
      spin: () => { for (;;); },
      fork: () => ({ pid: spawn('sleep', ['600'], { stdio: 'inherit' }).pid }),
      huge: () => 'x'.repeat(7_000_000),
      nothing: () => undefined,
      print: ({ lines }) => { console.warn('a warning'); process.stdout.write(lines); return null; },
      cycle: () => { const own = {}; own.own = own; return own; },
      bigint: () => 1n,
      surrogate: () => 'a\\ud800b',
      reject: () => { setTimeout(() => Promise.reject(new Error('nobody waits for this')), 5); return new Promise(() => setInterval(() => {}, 1000)); },
      late: () => { setTimeout(() => { throw new Error('after the answer') }, 5); return 'answered'; },
      raise: () => { setTimeout(() => { throw new RangeError('nobody catches this') }, 5); return new Promise(() => {}); },
      exhaust: () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); },
      die: () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => setInterval(() => {}, 1000)); },
      flood: () => { for (let n = 0; n < 100; n += 1) console.log('x'.repeat(50_000)); return 'printed'; },
      put: async ({ key }) => {
        await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: key } } }));
        return { put: key };
      },
    };
    export const handler = async (event, context) => { calls += 1; return does[event.do](event, context); };`,
  http: `
    export const handler = async (event) => event.rawPath === '/crash' ? process.exit(1) : event.rawPath === '/slow' ? new Promise(() => setInterval(() => {}, 1000)) : ({
      statusCode: 201, headers: { 'content-type': 'application/json', 'x-one': '1' }, cookies: ['a=b'], body: JSON.stringify(event) });`,
  token: `
    export const handler = async (event) => {
      if (event.userName === 'mallory') throw new Error('nobody');
      const groups = event.request.groupConfiguration.groupsToOverride;
      return { ...event, response: { claimsAndScopeOverrideDetails: { accessTokenGeneration: {
        claimsToAddOrOverride: { roles: groups, unit: event.request.userAttributes['custom:unit'], sub: 'forged' },
        scopesToAdd: groups.map((group) => 'things/' + group) } } } };
    };`,
  watcher: `
    import { appendFileSync } from 'node:fs';
    let failures = 1;
    export const handler = async (event) => {
      appendFileSync(process.env.SEEN, JSON.stringify(event) + '\\n');
      if (failures-- > 0) throw new Error('try again');
    };`,
});

const worker = { 'Fn::Join': ['', [arnOf('Worker'), ':1']] };
const definition = {
  QueryLanguage: 'JSONata',
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: '<worker>', Payload: '{% $states.input %}' },
      Output: '{% $states.result.Payload %}',
      TimeoutSeconds: 60,
      End: true,
    },
  },
};
const [before = '', after = ''] = JSON.stringify(definition).split('<worker>');

const client = (more: object) => ({
  Type: 'AWS::Cognito::UserPoolClient',
  Properties: { UserPoolId: ref('Pool'), ...more },
});
const route = (key: string, more: object) => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: { ApiId: ref('Api'), RouteKey: key, Target: { 'Fn::Sub': 'integrations/$' + '{Integration}' }, ...more },
});
const secured = (...scopes: readonly string[]) => ({
  AuthorizationType: 'JWT',
  AuthorizerId: ref('Authorizer'),
  AuthorizationScopes: scopes,
});

const data: Template = {
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'things',
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      },
    },
  },
  Outputs: {
    Table: { Value: ref('Table'), Export: { Name: 'things-table' } },
    TableArn: { Value: arnOf('Table'), Export: { Name: 'things-table-arn' } },
  },
};

/** One of everything: a table, functions, a state machine, an API with an authorizer, a user pool and a rule. */
export const sample = (seenFile = '/dev/null'): string => {
  const variables = { TABLE: { 'Fn::ImportValue': 'things-table' }, SEEN: seenFile };
  const environment = { Environment: { Variables: variables } };
  return anAssembly(
    {
      Data: data,
      App: {
        Resources: {
          Role: role('lambda.amazonaws.com'),
          Secrets: role('lambda.amazonaws.com'),
          Rights: policy(
            ['Role'],
            [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: { 'Fn::ImportValue': 'things-table-arn' } }]
          ),
          StatesRights: policy(
            ['StatesRole'],
            [
              {
                Effect: 'Allow',
                Action: 'lambda:InvokeFunction',
                Resource: { 'Fn::Join': ['', [arnOf('Worker'), ':*']] },
              },
            ]
          ),
          HttpPermission: permission('Http', 'apigateway.amazonaws.com', {
            'Fn::Sub': 'arn:aws:execute-api:$' + '{AWS::Region}:$' + '{AWS::AccountId}:$' + '{Api}/*',
          }),
          TokenPermission: permission('Token', 'cognito-idp.amazonaws.com', arnOf('Pool')),
          WatcherPermission: permission('Watcher', 'events.amazonaws.com', arnOf('Rule')),
          Worker: lambda('worker', { ...environment, Timeout: 2, MemorySize: 256 }),
          WorkerVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('Worker') } },
          HttpLogs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'web', RetentionInDays: 30 } },
          Http: lambda('http', { ...environment, LoggingConfig: { LogGroup: ref('HttpLogs') } }),
          Token: lambda('token'),
          Watcher: lambda('watcher', environment),
          StatesRole: role('states.amazonaws.com'),
          Machine: {
            Type: 'AWS::StepFunctions::StateMachine',
            Properties: {
              StateMachineName: 'work',
              RoleArn: arnOf('StatesRole'),
              DefinitionString: { 'Fn::Join': ['', [before, worker, after]] },
              LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
              TracingConfiguration: { Enabled: true },
              Tags: [{ Key: 'team', Value: 'north' }],
            },
          },
          Version: {
            Type: 'AWS::StepFunctions::StateMachineVersion',
            Properties: { StateMachineArn: ref('Machine'), Description: 'The first' },
          },
          Live: {
            Type: 'AWS::StepFunctions::StateMachineAlias',
            Properties: {
              Name: 'live',
              Description: 'What runs',
              RoutingConfiguration: [{ StateMachineVersionArn: ref('Version'), Weight: 100 }],
            },
          },
          Rule: {
            Type: 'AWS::Events::Rule',
            Properties: {
              EventPattern: {
                source: ['aws.states'],
                'detail-type': ['Step Functions Execution Status Change'],
                detail: { status: ['FAILED', 'ABORTED'], stateMachineArn: [ref('Machine')] },
              },
              Targets: [{ Id: 'one', Arn: arnOf('Watcher') }],
            },
          },
          Pool: {
            Type: 'AWS::Cognito::UserPool',
            Properties: {
              LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: arnOf('Token'), LambdaVersion: 'V2_0' } },
            },
          },
          Readers: {
            Type: 'AWS::Cognito::UserPoolGroup',
            Properties: { UserPoolId: ref('Pool'), GroupName: 'reader' },
          },
          Writers: {
            Type: 'AWS::Cognito::UserPoolGroup',
            Properties: { UserPoolId: ref('Pool'), GroupName: 'writer' },
          },
          Server: {
            Type: 'AWS::Cognito::UserPoolResourceServer',
            Properties: {
              UserPoolId: ref('Pool'),
              Identifier: 'things',
              Scopes: [{ ScopeName: 'reader', ScopeDescription: 'reads' }],
            },
          },
          People: client({ ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] }),
          Machines: client({
            GenerateSecret: true,
            AllowedOAuthFlows: ['client_credentials'],
            AllowedOAuthScopes: ['things/reader'],
          }),
          Strangers: client({ ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH'] }),
          Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
          Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: ref('Api'), StageName: '$default' } },
          Integration: {
            Type: 'AWS::ApiGatewayV2::Integration',
            Properties: {
              ApiId: ref('Api'),
              IntegrationType: 'AWS_PROXY',
              IntegrationUri: arnOf('Http'),
              PayloadFormatVersion: '2.0',
              TimeoutInMillis: 1_000,
            },
          },
          Authorizer: {
            Type: 'AWS::ApiGatewayV2::Authorizer',
            Properties: {
              ApiId: ref('Api'),
              AuthorizerType: 'JWT',
              IdentitySource: ['$request.header.Authorization'],
              JwtConfiguration: {
                Audience: [ref('People'), ref('Machines')],
                Issuer: { 'Fn::GetAtt': ['Pool', 'ProviderURL'] },
              },
            },
          },
          Open: route('GET /open', {}),
          Slow: route('GET /slow', {}),
          Crash: route('GET /crash', {}),
          One: route('GET /things/{id}', secured('things/reader', 'things/writer')),
          Change: route('ANY /things/{id}', secured('things/writer')),
        },
        Outputs: {
          ApiUrl: {
            Value: {
              'Fn::Join': [
                '',
                ['https://', ref('Api'), '.execute-api.', ref('AWS::Region'), '.', ref('AWS::URLSuffix'), '/'],
              ],
            },
          },
          WorkerArn: { Value: arnOf('Worker') },
          MachineArn: { Value: ref('Version') },
          SecretsRole: { Value: arnOf('Secrets') },
          PoolId: { Value: ref('Pool') },
          MachinesId: { Value: ref('Machines') },
          StrangersId: { Value: ref('Strangers') },
        },
      },
    },
    code()
  );
};

export const users: LocalStackOptions['users'] = [
  { username: 'ann', password: 'ann-password', groups: ['reader'], attributes: { 'custom:unit': 'north' } },
  { username: 'bob', password: 'bob-password', groups: ['reader', 'writer'], attributes: {} },
  { username: 'mallory', password: 'mallory-password', groups: [], attributes: {} },
  { username: 'nemo', password: 'nemo-password', groups: [], attributes: {} },
];

/** Starts a stack on free ports. */
export const start = (assembly: string, more: Partial<LocalStackOptions> = {}): Promise<LocalStack> =>
  startLocalStack({
    assembly,
    data: aFolder(),
    ports: { endpoint: 0, api: 0 },
    secrets: { 'unit/north': 'first' },
    users,
    log: () => {},
    ...more,
  });

export const output = (stack: LocalStack, name: string): string => {
  const value = stack.outputs[name];
  if (value === undefined) throw new Error(`the sample has no output ${name}`);
  return value;
};
