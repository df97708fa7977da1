import { DescribeLimitsCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { clientOptions, SIGNED } from '../calls.ts';
import { sample, start } from '../sample.ts';

const signedFor = (service: string): string => SIGNED.replace('/any/', `/${service}/`);

interface Case {
  readonly method?: string;
  readonly path?: string;
  readonly service?: string;
  readonly target?: string;
  readonly form?: string;
}

describe('the protocols at the endpoint', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(sample());
  });
  afterAll(() => stack.close());

  const ask = async (
    { method = 'POST', path = '/', service, target, form }: Case,
    body: string | Buffer = form ?? '{}'
  ) => {
    const response = await fetch(stack.endpointUrl + path, {
      method,
      headers: {
        ...(service === undefined ? {} : { authorization: signedFor(service) }),
        ...(target === undefined ? {} : { 'x-amz-target': target }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: body as string }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const unknown: readonly (readonly [string, Case, number, string, string])[] = [
    [
      'a service by JSON',
      { service: 'events', target: 'AWSEvents.ListRules' },
      400,
      'UnknownOperationException',
      'service events, nor its AWSEvents.ListRules',
    ],
    [
      'an operation by JSON',
      { service: 'states', target: 'AWSStepFunctions.ListActivities' },
      400,
      'UnknownOperationException',
      'operation AWSStepFunctions.ListActivities',
    ],
    [
      'what only objects have',
      { service: 'states', target: 'constructor.constructor' },
      400,
      'UnknownOperationException',
      'constructor.constructor',
    ],
    [
      'a service by forms',
      { service: 'iam', form: 'Action=ListRoles' },
      400,
      '<Code>InvalidAction</Code>',
      'service iam, nor its ListRoles',
    ],
    [
      'an operation by forms',
      { service: 'sts', form: 'Action=GetFederationToken' },
      400,
      '<Code>InvalidAction</Code>',
      'GetFederationToken',
    ],
    [
      'a service by REST',
      { service: 'apigateway', method: 'GET', path: '/v2/apis' },
      501,
      'UnknownOperationException',
      'service apigateway, nor its GET /v2/apis',
    ],
    [
      'a service that answers XML',
      { service: 'route53', method: 'GET', path: '/2013-04-01/hostedzone' },
      400,
      '<Code>InvalidAction</Code>',
      'service route53',
    ],
    [
      'an operation of Lambda',
      { service: 'lambda', method: 'GET', path: '/2018-10-31/layers' },
      501,
      '"Type":"User"',
      'GET /2018-10-31/layers',
    ],
    [
      'S3, where there is no bucket',
      { service: 's3', method: 'GET', path: '/bucket/key' },
      501,
      '<Code>NotImplemented</Code>',
      'service s3, nor its GET /bucket/key',
    ],
  ];
  it.each(unknown)('name %s that they do not know, in its own shape', async (_, given, status, code, what) => {
    const { status: answered, text, headers } = await ask(given);
    expect(answered).toBe(status);
    expect(text).toContain(what);
    expect(text + headers.get('x-amzn-errortype')).toContain(code);
  });

  const unsigned: readonly (readonly [string, Case, string])[] = [
    ['JSON', { target: 'AWSStepFunctions.ListStateMachines' }, 'MissingAuthenticationTokenException'],
    ['forms', { form: 'Action=GetCallerIdentity' }, '<Code>MissingAuthenticationToken</Code>'],
    ['Lambda', { method: 'GET', path: '/2015-03-31/functions' }, 'MissingAuthenticationTokenException'],
    ['DynamoDB', { target: 'DynamoDB_20120810.ListTables' }, 'MissingAuthenticationTokenException'],
    ['a path', { method: 'GET', path: '/plain/key' }, 'MissingAuthenticationTokenException'],
  ];
  it.each(unsigned)('refuse what nobody has signed, by %s', async (_, given, code) => {
    const { status, text, headers } = await ask(given);
    expect([400, 403]).toContain(status);
    expect(text + headers.get('x-amzn-errortype')).toContain(code);
  });

  it('give each answer an id, the same in the body where it stands there, and a date', async () => {
    const { headers, text } = await ask({ service: 'sts', form: 'Action=GetCallerIdentity' });
    const id = headers.get('x-amzn-requestid') ?? '';
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(text).toContain(`<RequestId>${id}</RequestId>`);
    expect(Date.parse(headers.get('date') ?? '')).toBeGreaterThan(0);
    const failed = await ask({ service: 'iam', form: 'Action=<b>' });
    expect(failed.text).toContain(`<RequestId>${failed.headers.get('x-amzn-requestid')}</RequestId>`);
    expect(failed.text).not.toContain('<b>');
  });

  it('refuse a body over their limit', async () => {
    const body = 'x'.repeat(10 * 1024 * 1024 + 1);
    const { status } = await ask({ service: 'states', target: 'AWSStepFunctions.StartExecution' }, body);
    expect(status).toBe(413);
  });

  it('answer HEAD without a body', async () => {
    const { status, text } = await ask({ service: 's3', method: 'HEAD', path: '/bucket/key' });
    expect([status, text]).toEqual([501, '']);
  });

  it('place tables where the template says, and name what the database does not know', async () => {
    const dynamodb = new DynamoDBClient(clientOptions(stack));
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'things' }));
    expect(Table?.TableArn).toBe('arn:aws:dynamodb:us-east-1:000000000000:table/things');
    await expect(dynamodb.send(new DescribeLimitsCommand())).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('DescribeLimits'),
    });
  });
});
