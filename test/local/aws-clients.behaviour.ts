import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { runAt, whyNoAwsClients } from '../support/aws-clients.ts';
import { aFolder, anAssembly } from './assembly.ts';
import { sample, start } from './sample.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:work';

const BOTO3 = `
import boto3, io, json, time
found = {}
sfn, s3, db = boto3.client('stepfunctions'), boto3.client('s3'), boto3.client('dynamodb')
arn = sfn.start_execution(stateMachineArn='${MACHINE}:live', input='{"do":"echo"}')['executionArn']
while sfn.describe_execution(executionArn=arn)['status'] == 'RUNNING': time.sleep(0.05)
found['status'] = sfn.describe_execution(executionArn=arn)['status']
found['events'] = [e['type'] for p in sfn.get_paginator('get_execution_history').paginate(executionArn=arn, PaginationConfig={'PageSize': 2}) for e in p['events']][0]
found['function'] = json.load(boto3.client('lambda').invoke(FunctionName='worker', Payload='{"do":"echo","n":1}')['Payload'])
db.put_item(TableName='things', Item={'pk': {'S': 'boto'}})
found['item'] = db.get_item(TableName='things', Key={'pk': {'S': 'boto'}})['Item']['pk']['S']
found['secret'] = boto3.client('secretsmanager').get_secret_value(SecretId='unit/north')['SecretString']
found['caller'] = boto3.client('sts').get_caller_identity()['Account']
found['groups'] = [g['logGroupName'] for p in boto3.client('logs').get_paginator('describe_log_groups').paginate() for g in p['logGroups']][0]
print(json.dumps(found))
`;

const BOTO3_S3 = `
import boto3, io, json
from botocore.exceptions import ClientError
s3 = boto3.client('s3')
found = {}
for n in range(3): s3.put_object(Bucket='locked', Key=f'k/{n}', Body=io.BytesIO(b'body %d' % n))
found['keys'] = [o.key for o in boto3.resource('s3').Bucket('locked').objects.filter(Prefix='k/')]
found['body'] = s3.get_object(Bucket='locked', Key='k/1')['Body'].read().decode()
version = s3.head_object(Bucket='locked', Key='k/1')['VersionId']
try: s3.delete_object(Bucket='locked', Key='k/1', VersionId=version)
except ClientError as error: found['refused'] = error.response['Error']['Code']
found['url'] = __import__('urllib.request').request.urlopen(s3.generate_presigned_url('get_object', Params={'Bucket': 'locked', 'Key': 'k/2'})).read().decode()
print(json.dumps(found))
`;

/* Clients as they are installed: nothing tells them that this is not AWS but where it is. */
describe.skipIf(whyNoAwsClients !== undefined)(
  'the AWS CLI and boto3 (WRIT_AWS_CLIENTS=1)',
  { timeout: 120_000 },
  () => {
    let stack: LocalStack;
    let store: LocalStack;
    beforeAll(async () => {
      stack = await start(sample());
      const lock = { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } };
      const Properties = { BucketName: 'locked', ObjectLockConfiguration: lock };
      const assembly = anAssembly({ Store: { Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties } } } });
      store = await start(assembly, { users: [] });
    });
    afterAll(() => Promise.all([stack.close(), store.close()]));

    const aws = (...given: readonly string[]): Promise<string> =>
      runAt(stack.endpointUrl, 'aws', ...given, '--output', 'text');

    it.each([
      [['stepfunctions', 'list-state-machines', '--query', 'stateMachines[].name'], 'work'],
      [
        [
          'stepfunctions',
          'describe-state-machine',
          '--state-machine-arn',
          `${MACHINE}:live`,
          '--query',
          'stateMachineArn',
        ],
        `${MACHINE}:1`,
      ],
      [['lambda', 'list-functions', '--query', 'Functions[0].FunctionName'], 'worker'],
      [['lambda', 'get-function', '--function-name', 'worker:1', '--query', 'Configuration.Version'], '1'],
      [['logs', 'describe-log-groups', '--query', 'logGroups[-1].logGroupName'], 'web'],
      [['logs', 'filter-log-events', '--log-group-name', 'web', '--query', 'events'], ''],
      [['secretsmanager', 'get-secret-value', '--secret-id', 'unit/north', '--query', 'SecretString'], 'first'],
      [['dynamodb', 'list-tables', '--query', 'TableNames'], 'things'],
      [['sts', 'get-caller-identity', '--query', 'Account'], '000000000000'],
    ])('aws %j', async (given, expected) => {
      expect((await aws(...given)).trim()).toBe(expected);
    });

    it.each([
      [['stepfunctions', 'list-activities'], 'UnknownOperationException'],
      [['iam', 'list-roles'], 'InvalidAction'],
      [['events', 'list-rules'], 'UnknownOperationException'],
      [['apigatewayv2', 'get-apis'], 'UnknownOperationException'],
      [['dynamodb', 'list-backups'], 'UnknownOperationException'],
    ])('aws %j is answered at once with %s, and by name', async (given, code) => {
      await expect(aws(...given)).rejects.toThrow(new RegExp(`\\(${code}\\) when calling .*: the `));
    });

    it('stops and lets go a function, as operators do', async () => {
      const of = ['--function-name', 'worker'];
      await aws('lambda', 'put-function-concurrency', ...of, '--reserved-concurrent-executions', '0');
      const invoke = () => aws('lambda', 'invoke', ...of, '--payload', '{"do":"echo"}', join(aFolder(), 'out'));
      await expect(invoke()).rejects.toThrow('TooManyRequestsException');
      await aws('lambda', 'delete-function-concurrency', ...of);
      expect(await invoke()).toContain('200');
    });

    it('copies files into a bucket and back', async () => {
      const s3 = (...given: readonly string[]): Promise<string> => runAt(store.endpointUrl, 'aws', 's3', ...given);
      const file = join(aFolder(), 'file');
      writeFileSync(file, 'content');
      await s3('cp', file, 's3://locked/folder/file');
      expect(await s3('cp', 's3://locked/folder/file', '-')).toBe('content');
      expect(await s3('ls', 's3://locked')).toContain('PRE folder/');
    });

    it('boto3 works as it is', async () => {
      expect(JSON.parse(await runAt(stack.endpointUrl, 'python3', '-c', BOTO3))).toEqual({
        status: 'SUCCEEDED',
        events: 'ExecutionStarted',
        function: { do: 'echo', n: 1 },
        item: 'boto',
        secret: 'first',
        caller: '000000000000',
        groups: '/aws/lambda/token',
      });
      expect(JSON.parse(await runAt(store.endpointUrl, 'python3', '-c', BOTO3_S3))).toEqual({
        keys: ['k/0', 'k/1', 'k/2'],
        body: 'body 1',
        refused: 'AccessDenied',
        url: 'body 2',
      });
    });
  }
);
