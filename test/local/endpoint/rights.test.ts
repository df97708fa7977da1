import { describe, expect, it } from 'vitest';
import { judgeFor } from '../../../local/endpoint/dynamodb/judge.ts';
import type { Exchange } from '../../../local/endpoint/exchange.ts';
import { lambdaService } from '../../../local/endpoint/lambda/service.ts';
import { logsService } from '../../../local/endpoint/logs.ts';
import type { JsonService } from '../../../local/endpoint/operation.ts';
import { s3Service } from '../../../local/endpoint/s3/service.ts';
import { secretsService } from '../../../local/endpoint/secrets/service.ts';
import { statesService } from '../../../local/endpoint/states/service.ts';
import { openObjects } from '../../../local/objects/store.ts';
import { openSecretStore } from '../../../local/secrets/store.ts';
import type { Bucket } from '../../../local/template/buckets.ts';
import { aFolder } from '../assembly.ts';

/* Which rights each operation asks for: action and resource, in the order in which they are asked for. */

const CALLER = { kind: 'role', roleArn: 'arn:aws:iam::000000000000:role/r', session: 's', tags: {} } as never;

/** Allows everything and notes it. */
const noting = () => {
  const asked: string[] = [];
  const authorize = ({ action, resource }: { readonly action: string; readonly resource: string }) => {
    asked.push(`${action} ${resource}`);
    return { kind: 'allowed' };
  };
  return { asked, authorize: authorize as never };
};

const request = (method: string, url: string, headers: Readonly<Record<string, string>>, body = ''): Exchange => {
  const [path = '', query] = url.split('?');
  return { method, path, query: new URLSearchParams(query), headers, body: Buffer.from(body) };
};

const buckets: readonly Bucket[] = ['b', 'lockable'].map((name) => ({
  name,
  arn: `arn:aws:s3:::${name}`,
  isVersioned: true,
  lock: name === 'b' ? undefined : { defaultRetention: undefined },
  policies: [],
}));

const UNTIL = new Date(Date.now() + 86_400_000).toISOString();
const RETAIN = { 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': UNTIL };
const CHECKED = { 'x-amz-checksum-crc32': '6Le+Qw==' }; // of `a`

describe('S3 asks for', () => {
  it.each<[string, string, Readonly<Record<string, string>>, readonly string[]]>([
    ['GET', '/', {}, ['s3:ListAllMyBuckets *']],
    ['HEAD', '/b', {}, ['s3:ListBucket arn:aws:s3:::b']],
    ['GET', '/b?list-type=2&prefix=p', {}, ['s3:ListBucket arn:aws:s3:::b']],
    ['GET', '/b?versions', {}, ['s3:ListBucketVersions arn:aws:s3:::b']],
    ['GET', '/b?location', {}, ['s3:GetBucketLocation arn:aws:s3:::b']],
    ['GET', '/lockable?object-lock', {}, ['s3:GetBucketObjectLockConfiguration arn:aws:s3:::lockable']],
    ['PUT', '/b/k%20y', {}, ['s3:PutObject arn:aws:s3:::b/k y']],
    [
      'PUT',
      '/lockable/k',
      { ...RETAIN, ...CHECKED, 'x-amz-object-lock-legal-hold': 'ON' },
      ['PutObject', 'PutObjectRetention', 'PutObjectLegalHold'].map((action) => `s3:${action} arn:aws:s3:::lockable/k`),
    ],
    ['GET', '/b/absent', {}, ['s3:GetObject arn:aws:s3:::b/absent', 's3:ListBucket arn:aws:s3:::b']],
    [
      'GET',
      '/b/absent?versionId=1',
      {},
      ['s3:GetObjectVersion arn:aws:s3:::b/absent', 's3:ListBucketVersions arn:aws:s3:::b'],
    ],
    ['DELETE', '/b/k', {}, ['s3:DeleteObject arn:aws:s3:::b/k']],
    ['DELETE', '/b/k?versionId=1', {}, ['s3:DeleteObjectVersion arn:aws:s3:::b/k']],
  ])('%s %s with %o: %j', async (method, url, headers, expected) => {
    const store = await openObjects(aFolder());
    const { asked, authorize } = noting();
    const now = Date.now;
    const s3 = s3Service({ buckets, region: 'us-east-1', store, authorize, startedAt: 0, now });
    await s3(request(method, url, headers, method === 'PUT' ? 'a' : ''), CALLER).catch(() => undefined);
    await store.close();
    expect(asked).toEqual(expected);
  });

  it('the right to bypass GOVERNANCE, where it is in the way and somebody wants that', async () => {
    const store = await openObjects(aFolder());
    const { asked, authorize } = noting();
    const s3 = s3Service({ buckets, region: 'us-east-1', store, authorize, startedAt: 0, now: Date.now });
    await s3(request('PUT', '/lockable/k', { ...RETAIN, ...CHECKED }, 'a'), CALLER);
    const id = store.versionsOf('lockable', 'k')[0]?.id;
    asked.length = 0;
    await s3(request('DELETE', `/lockable/k?versionId=${id}`, { 'x-amz-bypass-governance-retention': 'true' }), CALLER);
    expect(asked).toEqual(
      ['DeleteObjectVersion', 'BypassGovernanceRetention'].map((action) => `s3:${action} arn:aws:s3:::lockable/k`)
    );
    await store.close();
  });
});

const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function:';
describe('Lambda asks for', () => {
  it.each([
    ['GET', '/2015-03-31/functions/', 'ListFunctions *'],
    ['POST', '/2015-03-31/functions/f/invocations', `InvokeFunction ${LAMBDA}f`],
    ['POST', '/2015-03-31/functions/f/invocations?Qualifier=1', `InvokeFunction ${LAMBDA}f:1`],
    [
      'POST',
      `/2015-03-31/functions/${encodeURIComponent(`${LAMBDA}f:live`)}/invocations`,
      `InvokeFunction ${LAMBDA}f:live`,
    ],
    ['GET', '/2015-03-31/functions/f', `GetFunction ${LAMBDA}f`],
    ['PUT', '/2017-10-31/functions/f/concurrency', `PutFunctionConcurrency ${LAMBDA}f`],
    ['GET', '/2015-03-31/functions/f/policy', `GetPolicy ${LAMBDA}f`],
  ])('%s %s: %s', async (method, url, expected) => {
    const { asked, authorize } = noting();
    const none = { functions: [], policies: [], pool: {} as never, reservations: {} as never, invokeLater: () => {} };
    const lambda = lambdaService({ ...none, arnPrefix: LAMBDA, authorize });
    await lambda(request(method, url, {}), CALLER).catch(() => undefined);
    expect(asked).toEqual([`lambda:${expected}`]);
  });
});

const LOGS = 'arn:aws:logs:us-east-1:000000000000:log-group:';
const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:m:e';
const TOKEN = Buffer.from(JSON.stringify([EXECUTION, 'n'])).toString('base64url');

describe('DynamoDB asks for', () => {
  const TABLES = 'arn:aws:dynamodb:us-east-1:000000000000:table/';
  it.each<[string, object, string]>([
    ['ListTagsOfResource', { ResourceArn: `${TABLES}t`, TableName: 'other' }, `${TABLES}t`],
    ['DescribeTable', { TableName: 't', ResourceArn: `${TABLES}other` }, `${TABLES}t`],
    ['ListTables', { TableName: 't' }, '*'],
  ])('%s of %j: %s', (operation, input, expected) => {
    const { asked, authorize } = noting();
    const options = { tables: [], keys: new Map(), account: '000000000000', region: 'us-east-1', authorize };
    judgeFor(options)(CALLER, operation, Buffer.from(JSON.stringify(input)));
    expect(asked).toEqual([`dynamodb:${operation} ${expected}`]);
  });
});

describe('services by JSON ask for', () => {
  const store = openSecretStore(`${aFolder()}/secrets.json`, SECRET, Date.now);
  store.put('known', { text: 'a' });
  const services: Readonly<Record<string, JsonService>> = {
    states: statesService({} as never, [], 0),
    secretsmanager: secretsService(store, Date.now),
    logs: logsService({ groups: [], functions: [], folder: '/', arnPrefix: LOGS, startedAt: 0 }),
  };
  it.each<[string, object, readonly string[]]>([
    ['states:ListStateMachines', {}, ['*']],
    ['states:StartExecution', { stateMachineArn: `${MACHINE}:1` }, [`${MACHINE}:1`]],
    ['states:DescribeExecution', { executionArn: EXECUTION }, [EXECUTION]],
    ['states:SendTaskSuccess', { taskToken: TOKEN, output: '{}' }, [MACHINE]],
    ['states:SendTaskSuccess', { taskToken: 'no', output: '{}' }, ['*']],
    ['secretsmanager:ListSecrets', {}, ['*']],
    ['secretsmanager:GetSecretValue', { SecretId: 'known' }, [store.arnOf('known')]],
    ['secretsmanager:GetSecretValue', { SecretId: store.plainArnOf('known') }, [store.arnOf('known')]],
    ['secretsmanager:GetSecretValue', { SecretId: 'absent' }, [`${SECRET}absent`]],
    ['secretsmanager:CreateSecret', { Name: 'new', SecretString: 'a' }, [`${SECRET}new`]],
    [
      'secretsmanager:BatchGetSecretValue',
      { SecretIdList: ['known'] },
      ['*', `secretsmanager:GetSecretValue ${store.arnOf('known')}`],
    ],
    ['logs:DescribeLogGroups', {}, [`${LOGS}:log-stream:`]],
    ['logs:FilterLogEvents', { logGroupName: '/g' }, [`${LOGS}/g:log-stream:`]],
    ['logs:GetLogEvents', { logGroupIdentifier: `${LOGS}/g`, logStreamName: 's' }, [`${LOGS}/g:log-stream:s`]],
  ])('%s of %j: %j', async (action, input, expected) => {
    const [service = '', name = ''] = action.split(':');
    const asked: string[] = [];
    const run = services[service]?.operations[name]?.run(
      input,
      (resource) => void asked.push(resource),
      (other) => (resource) => void asked.push(`${other} ${resource}`)
    );
    await run?.catch(() => undefined);
    expect(asked).toEqual(expected);
  });
});
