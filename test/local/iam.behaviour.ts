import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder, lambda, type Resource, role } from './assembly.ts';
import { clientOptions } from './calls.ts';
import { guarded } from './guarded.ts';
import { start } from './sample.ts';

const ACCOUNT = '000000000000';
const roleArn = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const machineArn = (name: string): string => `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:${name}`;
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:echo`;

type Options = ReturnType<typeof clientOptions>;

describe('the policies of a template', () => {
  const data = aFolder();
  const lines: string[] = [];
  let stack: LocalStack;
  beforeAll(async () => {
    const secrets = { 'unit/acme': 'of acme', 'unit/other': 'of other' };
    stack = await start(guarded(), { data, users: [], secrets, log: (line) => lines.push(line) });
  });
  afterAll(() => stack.close());

  /** Begins a session of a role; as the developer, unless somebody else is to. */
  const assume = async (
    name: string,
    more: Partial<AssumeRoleCommandInput> = {},
    by: Options = clientOptions(stack)
  ): Promise<Options> => {
    const command = new AssumeRoleCommand({ RoleArn: roleArn(name), RoleSessionName: 'me', ...more });
    const { Credentials } = await new STSClient(by).send(command);
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    return clientOptions(stack, credentials);
  };
  const dynamodbOf = async (name: string, more: Partial<AssumeRoleCommandInput> = {}) =>
    new DynamoDBClient(await assume(name, more));
  const tags = (tenant: string, more: Partial<AssumeRoleCommandInput> = {}) => ({
    Tags: [{ Key: 'tenant', Value: tenant }],
    ...more,
  });

  const key = (pk: string) => ({ pk: { S: pk } });
  const TableName = 'guarded';
  const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } };

  describe('on DynamoDB', () => {
    let writer: DynamoDBClient;
    beforeAll(async () => {
      writer = await dynamodbOf('writer');
      const items = ['A#1', 'A#2', 'B#1'].map((pk) => ({ PutRequest: { Item: { ...key(pk), owner: { S: 'ann' } } } }));
      const developer = new DynamoDBClient(clientOptions(stack));
      await developer.send(new BatchWriteItemCommand({ RequestItems: { guarded: items, shared: items } }));
    });

    const put = (pk: string, table = TableName) => ({ Put: { TableName: table, Item: key(pk) } });
    const check = (pk: string) => ({
      ConditionCheck: { TableName, Key: key(pk), ConditionExpression: 'attribute_not_exists(nothing)' },
    });
    const query = (condition: string, value: string, more: object = {}) =>
      new QueryCommand({
        TableName,
        KeyConditionExpression: condition,
        ExpressionAttributeValues: { ':v': { S: value } },
        ...more,
      });

    it.each([
      ['an item', () => new PutItemCommand({ TableName, Item: key('A#3') })],
      [
        'a table by its ARN',
        () => new GetItemCommand({ TableName: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/guarded`, Key: key('A#1') }),
      ],
      ['a batch', () => new BatchGetItemCommand({ RequestItems: { guarded: { Keys: [key('A#1'), key('A#2')] } } })],
      [
        'a batch of writes',
        () =>
          new BatchWriteItemCommand({
            RequestItems: { guarded: [{ PutRequest: { Item: key('A#4') } }, { DeleteRequest: { Key: key('A#5') } }] },
          }),
      ],
      ['a transaction', () => new TransactWriteItemsCommand({ TransactItems: [put('A#6'), check('A#1')] })],
      [
        'a transaction of reads',
        () => new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName, Key: key('A#1') } }] }),
      ],
      ['a query', () => query('pk = :v', 'A#1')],
      ['a query with a placeholder', () => query('#k=:v', 'A#1', { ExpressionAttributeNames: { '#k': 'pk' } })],
      [
        'a query of an index, by its own key',
        () => query('#o = :v', 'ann', { IndexName: 'by-owner', ExpressionAttributeNames: { '#o': 'owner' } }),
      ],
    ])('allow %s under the partitions that are granted', async (_, command) => {
      await expect(writer.send(command() as GetItemCommand)).resolves.toBeDefined();
    });

    it.each([
      ['an item', () => new PutItemCommand({ TableName, Item: key('B#3') })],
      ['a read', () => new GetItemCommand({ TableName, Key: key('B#1') })],
      [
        'one key of a batch',
        () => new BatchGetItemCommand({ RequestItems: { guarded: { Keys: [key('A#1'), key('B#1')] } } }),
      ],
      [
        'one write of a batch',
        () =>
          new BatchWriteItemCommand({
            RequestItems: { guarded: [{ PutRequest: { Item: key('A#4') } }, { DeleteRequest: { Key: key('B#1') } }] },
          }),
      ],
      ['one item of a transaction', () => new TransactWriteItemsCommand({ TransactItems: [put('A#7'), put('B#7')] })],
      [
        'one check of a transaction',
        () => new TransactWriteItemsCommand({ TransactItems: [put('A#7'), check('B#1')] }),
      ],
      [
        'another table of a transaction',
        () => new TransactWriteItemsCommand({ TransactItems: [put('A#7'), put('A#7', 'shared')] }),
      ],
      ['a query', () => query('pk = :v', 'B#1')],
      [
        'a query that hides the key behind another name',
        () => query('#k = :v', 'B#1', { ExpressionAttributeNames: { '#k': 'pk' } }),
      ],
      [
        'a query of an index',
        () => query('#o = :v', 'bob', { IndexName: 'by-owner', ExpressionAttributeNames: { '#o': 'owner' } }),
      ],
      ['a scan, which names no partition', () => new ScanCommand({ TableName })],
      ['another table', () => new GetItemCommand({ TableName: 'shared', Key: key('A#1') })],
      ['what no statement names', () => new DescribeTableCommand({ TableName })],
      ['a list, which has no resource', () => new ListTablesCommand({})],
      [
        'what cannot be worked out',
        () => new ExecuteStatementCommand({ Statement: "SELECT * FROM guarded WHERE pk = 'A#1'" }),
      ],
    ])('deny %s under others', async (_, command) => {
      await expect(writer.send(command() as GetItemCommand)).rejects.toMatchObject(denied);
    });

    it('say who may not do what on which resource, in the words of AWS, and why in the log, without the key', async () => {
      const call = writer.send(new PutItemCommand({ TableName, Item: key('B#confidential') }));
      await expect(call).rejects.toThrow(
        `User: arn:aws:sts::${ACCOUNT}:assumed-role/writer/me is not authorized to perform: dynamodb:PutItem on resource: ` +
          `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/guarded because no identity-based policy allows the dynamodb:PutItem action`
      );
      const log = readFileSync(join(data, 'logs', 'denied.log'), 'utf8');
      for (const text of [log, lines.join('\n')]) {
        expect(text).toContain(`denied: arn:aws:sts::${ACCOUNT}:assumed-role/writer/me dynamodb:PutItem on`);
        expect(text).toContain('statement 1 of WriterRights (identity-based policy) fails at its condition');
        expect(text).toContain('ForAllValues:StringLike of dynamodb:LeadingKeys');
        expect(text).not.toContain('confidential');
      }
    });

    it('write nothing of what is denied in part', async () => {
      const both = new TransactWriteItemsCommand({ TransactItems: [put('A#never'), put('B#never')] });
      await expect(writer.send(both)).rejects.toMatchObject(denied);
      const { Item } = await writer.send(new GetItemCommand({ TableName, Key: key('A#never') }));
      expect(Item).toBeUndefined();
    });

    it('ask for the right to decrypt where a key of the customer encrypts the table', async () => {
      const call = (await dynamodbOf('keyless')).send(new GetItemCommand({ TableName, Key: key('A#1') }));
      await expect(call).rejects.toMatchObject({ ...denied, message: expect.stringContaining('perform: kms:Decrypt') });
    });

    it('see what a request reads: attributes, and whether it asks for some or all', async () => {
      const narrow = await dynamodbOf('narrow');
      const get = (ProjectionExpression?: string) =>
        narrow.send(
          new GetItemCommand({
            TableName: 'shared',
            Key: key('A#1'),
            ...(ProjectionExpression && {
              ProjectionExpression,
              ExpressionAttributeNames: { '#o': 'open', '#s': 'secret' },
            }),
          })
        );
      await expect(get('#o')).rejects.toMatchObject({ name: 'ValidationException' }); // the database: a name that is not used
      await expect(get('pk, #s')).rejects.toMatchObject(denied);
      await expect(get()).rejects.toMatchObject(denied);
      const scan = new ScanCommand({ TableName: 'shared', ProjectionExpression: 'pk' });
      await expect(narrow.send(scan)).resolves.toMatchObject({ Count: 3 });
      const filtered = new ScanCommand({
        TableName: 'shared',
        ProjectionExpression: 'pk',
        FilterExpression: 'attribute_exists(secret)',
      });
      await expect(narrow.send(filtered)).rejects.toMatchObject(denied);
    });

    it('count those of the table: they allow by themselves, and their Deny wins', async () => {
      const guest = await dynamodbOf('guest');
      await expect(guest.send(new GetItemCommand({ TableName: 'shared', Key: key('A#1') }))).resolves.toBeDefined();
      await expect(guest.send(new PutItemCommand({ TableName: 'shared', Item: key('A#1') }))).rejects.toMatchObject(
        denied
      );
      const call = (await dynamodbOf('bounded')).send(new DeleteItemCommand({ TableName: 'shared', Key: key('A#1') }));
      await expect(call).rejects.toThrow('with an explicit deny in a resource-based policy');
    });

    it('stay within a boundary', async () => {
      const bounded = await dynamodbOf('bounded');
      await expect(bounded.send(new GetItemCommand({ TableName: 'shared', Key: key('A#1') }))).resolves.toBeDefined();
      const call = bounded.send(new PutItemCommand({ TableName: 'shared', Item: key('A#1') }));
      await expect(call).rejects.toThrow('because no permissions boundary allows the dynamodb:PutItem action');
    });

    it('stay within the policies of a session', async () => {
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['dynamodb:GetItem', 'kms:*'], Resource: '*' }],
      });
      const narrowed = await dynamodbOf('writer', { Policy });
      await expect(narrowed.send(new GetItemCommand({ TableName, Key: key('A#1') }))).resolves.toBeDefined();
      const call = narrowed.send(new PutItemCommand({ TableName, Item: key('A#1') }));
      await expect(call).rejects.toThrow('because no session policy allows the dynamodb:PutItem action');
      await expect(dynamodbOf('writer', { Policy: '{"Statement":[]}' })).rejects.toMatchObject({
        name: expect.stringMatching(/^MalformedPolicyDocument/),
      });
    });

    it('are not led astray by a body that can be read in two ways', async () => {
      const { credentials } = await assume('writer');
      const send = (body: string) =>
        fetch(stack.endpointUrl, {
          method: 'POST',
          headers: {
            authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20300101/us-east-1/dynamodb/aws4_request`,
            'x-amz-security-token': credentials.sessionToken,
            'x-amz-target': 'DynamoDB_20120810.PutItem',
            'content-type': 'application/x-amz-json-1.0',
          },
          body,
        });
      const twice = '{"TableName":"guarded","Item":{"pk":{"S":"B#twice"}},"Item":{"pk":{"S":"A#twice"}}}';
      expect((await send(twice)).status).toBe(200);
      const developer = new DynamoDBClient(clientOptions(stack));
      expect((await developer.send(new GetItemCommand({ TableName, Key: key('B#twice') }))).Item).toBeUndefined();
      for (const body of [
        '',
        'null',
        '[]',
        '{"TableName":"guarded"',
        '{}',
        '{"TableName":"guarded","Item":{"pk":{"S":7}}}',
        `{"TableName":"guarded","Item":{"pk":{"S":"A#deep"}},"Deep":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
      ])
        expect((await send(body)).status).toBe(400);
    });
  });

  describe('on sessions', () => {
    const secretOf = (options: Options, tenant: string) =>
      new SecretsManagerClient(options).send(new GetSecretValueCommand({ SecretId: `unit/${tenant}` }));

    it("open a tenant's secret under its tag, and no other", async () => {
      const asker = await assume('asker');
      const acme = await assume('secrets', tags('acme'), asker);
      expect((await secretOf(acme, 'acme')).SecretString).toBe('of acme');
      await expect(secretOf(acme, 'other')).rejects.toMatchObject(denied);
      await expect(secretOf(acme, 'absent')).rejects.toMatchObject(denied);
      await expect(secretOf(asker, 'acme')).rejects.toMatchObject(denied);
      await expect(secretOf(await assume('secrets', tags('*'), asker), 'acme')).rejects.toMatchObject(denied);
    });

    it.each<[string, Partial<AssumeRoleCommandInput>]>([
      ['without the tag', {}],
      ['with an empty tag', tags('')],
      [
        'with a further tag',
        {
          Tags: [
            { Key: 'tenant', Value: 'acme' },
            { Key: 'team', Value: 'x' },
          ],
        },
      ],
    ])('begin none %s', async (_, more) => {
      const asker = await assume('asker');
      await expect(assume('secrets', more, asker)).rejects.toMatchObject({
        name: 'AccessDenied',
        $metadata: { httpStatusCode: 403 },
      });
    });

    it.each([
      ['a reserved key', [{ Key: 'aws:PrincipalTag/tenant', Value: 'other' }]],
      [
        'the same key twice',
        [
          { Key: 'tenant', Value: 'acme' },
          { Key: 'Tenant', Value: 'other' },
        ],
      ],
    ])('take no tags with %s', async (_, Tags) => {
      const asker = await assume('asker');
      await expect(assume('secrets', { Tags }, asker)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    });

    it('begin none of a role that does not trust the caller, however much the caller may', async () => {
      const delegating = await assume('delegating', {}, await assume('asker'));
      await expect(assume('secrets', tags('acme'), delegating)).rejects.toThrow(
        'because no role trust policy allows the sts:AssumeRole action'
      );
    });

    it('begin none by trust in the account alone', async () => {
      await expect(assume('delegating', {}, await assume('guest'))).rejects.toThrow(
        'because no identity-based policy allows the sts:AssumeRole action'
      );
    });

    it('begin none with tags where tags are not trusted, or without the external id', async () => {
      const asker = await assume('asker');
      await expect(assume('untagged', { ExternalId: 'right' }, asker)).resolves.toBeDefined();
      await expect(assume('untagged', { ExternalId: 'wrong' }, asker)).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(assume('untagged', tags('a', { ExternalId: 'right' }), asker)).rejects.toThrow('sts:TagSession');
    });

    it('hand transitive tags on, which later sessions cannot change', async () => {
      const asker = await assume('asker', tags('acme', { TransitiveTagKeys: ['tenant'] }));
      const next = await assume('delegating', {}, asker);
      await expect(assume('delegating', tags('other'), asker)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
      expect(next).toBeDefined();
    });

    it('last an hour at most where a role begins another, and no longer than the role allows', async () => {
      const chained = assume('delegating', { DurationSeconds: 3601 }, await assume('asker'));
      await expect(chained).rejects.toThrow('1 hour session limit for roles assumed by role chaining');
      await expect(assume('asker', { DurationSeconds: 3601 })).rejects.toThrow('MaxSessionDuration');
    });

    it('begin with empty lists as they do without', async () => {
      await expect(assume('asker', { Tags: [], PolicyArns: [], TransitiveTagKeys: [] })).resolves.toBeDefined();
    });

    it('are known by key and token together', async () => {
      const { credentials } = await assume('writer');
      const other = await assume('writer');
      const stolen = clientOptions(stack, { ...credentials, sessionToken: other.credentials.sessionToken });
      const get = new GetItemCommand({ TableName, Key: key('A#1') });
      await expect(new DynamoDBClient(stolen).send(get)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    });
  });

  describe('on functions and state machines', () => {
    const ended = (executionArn: string | undefined) => {
      const developer = new SFNClient(clientOptions(stack));
      return vi.waitUntil(
        async () => {
          const execution = await developer.send(new DescribeExecutionCommand({ executionArn }));
          return execution.status !== 'RUNNING' && execution;
        },
        { timeout: 20_000, interval: 20 }
      );
    };

    it('judge a start by the machine, and tell the qualifier', async () => {
      const starter = new SFNClient(await assume('starter'));
      const begin = (stateMachineArn: string) => starter.send(new StartExecutionCommand({ stateMachineArn }));
      const { executionArn } = await begin(`${machineArn('allowed')}:1`);
      expect((await ended(executionArn)).status).toBe('SUCCEEDED');
      await expect(begin(machineArn('allowed'))).rejects.toMatchObject(denied);
      await expect(begin(machineArn('unqualified'))).rejects.toMatchObject(denied);
    });

    it("fail a task whose function the machine's role may not invoke as it is named", async () => {
      const developer = new SFNClient(clientOptions(stack));
      const stateMachineArn = machineArn('unqualified');
      const { executionArn } = await developer.send(new StartExecutionCommand({ stateMachineArn, name: 'one' }));
      expect(await ended(executionArn)).toMatchObject({
        status: 'FAILED',
        error: 'Lambda.AWSLambdaException',
        cause: expect.stringContaining(
          `assumed-role/running/one is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} `
        ),
      });
    });

    it('judge an invocation by the version that is named, and refuse it with 403', async () => {
      const { credentials } = await assume('starter');
      const invoke = async (id: string) => {
        const response = await fetch(
          `${stack.endpointUrl}/2015-03-31/functions/${encodeURIComponent(id)}/invocations`,
          {
            method: 'POST',
            headers: {
              authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20300101/us-east-1/lambda/aws4_request`,
              'x-amz-security-token': credentials.sessionToken,
            },
            body: '{}',
          }
        );
        return [response.status, response.headers.get('x-amzn-errortype')];
      };
      expect(await invoke(`${FUNCTION}:1`)).toEqual([200, null]);
      expect(await invoke('echo:1')).toEqual([200, null]);
      expect(await invoke('echo')).toEqual([403, 'AccessDeniedException']);
      expect(await invoke(FUNCTION)).toEqual([403, 'AccessDeniedException']);
    });
  });
});

describe('a stack does not start', () => {
  const trustless = role('states.amazonaws.com');
  const withPolicy = (statement: object): Resource => ({
    ...role('lambda.amazonaws.com'),
    Properties: {
      ...role('lambda.amazonaws.com').Properties,
      Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: [{ ...statement }] } }],
    },
  });

  it.each<[string, Readonly<Record<string, Resource>>, string]>([
    [
      'with a function whose role does not trust Lambda',
      { Odd: trustless, Other: lambda('echo', { Role: { 'Fn::GetAtt': ['Odd', 'Arn'] }, FunctionName: 'odd' }) },
      'must let lambda.amazonaws.com assume it',
    ],
    [
      'with a misspelt element',
      { Odd: withPolicy({ Effect: 'Allow', Action: 's3:*', Ressource: '*' }) },
      'role App/Odd: policy own: statement 1: a statement has no element Ressource',
    ],
    [
      'with a managed policy that is not known',
      {
        Odd: {
          ...trustless,
          Properties: { ...trustless.Properties, ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
        },
      },
      'the managed policy arn:aws:iam::aws:policy/ReadOnlyAccess is not known here',
    ],
  ])('%s', async (_, more, message) => {
    await expect(start(guarded(more), { users: [] })).rejects.toThrow(message);
  });
});
