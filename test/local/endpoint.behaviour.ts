import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { clientOptions, post } from './calls.ts';
import { output, sample, start } from './sample.ts';

describe('the AWS endpoint of a local stack', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(sample());
  });
  afterAll(() => stack.close());

  describe('DynamoDB', () => {
    it('passes calls through and counts them', async () => {
      const dynamodb = new DynamoDBClient(clientOptions(stack));
      const counted = stack.counters().dynamodb.PutItem ?? 0;
      await dynamodb.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'ä' }, n: { N: '1' } } }));
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'ä' } } }));
      expect(Item).toEqual({ pk: { S: 'ä' }, n: { N: '1' } });
      expect(stack.counters().dynamodb.PutItem).toBe(counted + 1);
    });

    it('carries an item of the largest size, in several pieces, both ways', async () => {
      const dynamodb = new DynamoDBClient(clientOptions(stack));
      const text = 'é'.repeat(190_000);
      await dynamodb.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'large' }, text: { S: text } } }));
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'large' } } }));
      expect(Item?.text?.S).toBe(text);
    });

    it('hands on an error of the database by its name', async () => {
      const dynamodb = new DynamoDBClient(clientOptions(stack));
      const call = dynamodb.send(new GetItemCommand({ TableName: 'absent', Key: { pk: { S: 'a' } } }));
      await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    });

    it('refuses an access key that it did not give out, and says which to use', async () => {
      const dynamodb = new DynamoDBClient(clientOptions(stack, { accessKeyId: 'AKIAFOREIGN', secretAccessKey: 'x' }));
      const call = dynamodb.send(new ListTablesCommand());
      await expect(call).rejects.toMatchObject({
        name: 'UnrecognizedClientException',
        message: expect.stringContaining('AWS_ACCESS_KEY_ID=test'),
      });
    });
  });

  describe('secrets and roles', () => {
    it('gives out a secret, and keeps a new value', async () => {
      const secrets = new SecretsManagerClient(clientOptions(stack));
      expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'unit/north' }))).SecretString).toBe('first');
      const { ARN } = await secrets.send(new PutSecretValueCommand({ SecretId: 'unit/north', SecretString: 'second' }));
      expect((await secrets.send(new GetSecretValueCommand({ SecretId: ARN }))).SecretString).toBe('second');
      const absent = secrets.send(new GetSecretValueCommand({ SecretId: 'unit/south' }));
      await expect(absent).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    });

    it('lets a role of the template be assumed with tags, and no other', async () => {
      const sts = new STSClient(clientOptions(stack));
      const assume = (RoleArn: string) =>
        sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'me', Tags: [{ Key: 'unit', Value: 'north' }] }));
      const { Credentials } = await assume(output(stack, 'SecretsRole'));
      const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = Credentials ?? {};
      const assumed = new STSClient(
        clientOptions(stack, { accessKeyId, secretAccessKey, sessionToken: Credentials?.SessionToken })
      );
      expect((await assumed.send(new GetCallerIdentityCommand())).Arn).toMatch(/assumed-role\/App-Secrets-\w+\/me$/);
      await expect(assume('arn:aws:iam::000000000000:role/none')).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it.each([
      ['JSON', { 'x-amz-target': 'AWSStepFunctions.CreateStateMachine' }, '{}', '"__type":"UnknownOperationException"'],
      [
        'the query protocol',
        { 'content-type': 'application/x-www-form-urlencoded' },
        'Action=GetFederationToken',
        '<Code>InvalidAction',
      ],
    ])('answers an unknown operation in the shape of %s', async (_, headers, body, expected) => {
      const { status, text } = await post(stack, headers, body);
      expect(status).toBe(400);
      expect(text).toContain(expected);
    });

    it.each(['not json', '{"executionArn":7}'])(
      'answers the malformed input %s with an error of the protocol',
      async (body) => {
        const { status, text } = await post(stack, { 'x-amz-target': 'AWSStepFunctions.DescribeExecution' }, body);
        expect(status).toBe(400);
        expect(JSON.parse(text).__type).toMatch(/^(Serialization|Validation)Exception$/);
      }
    );
  });
});
