import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { tenantSecrets } from '../../../lambdas/adapters/secrets/tenant-secrets.ts';
import { AT } from '../../support/builders.ts';

const Secret = z.strictObject({ user: z.string(), token: z.string() });
const GOOD = JSON.stringify({ user: 'bot', token: 's3cr3t-value' });

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** Answers as STS and as Secrets Manager do, and keeps what it was asked. */
const anAws = async (answer: { secret?: string; secretError?: string; stsError?: string }) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      if (request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue') {
        asked.push(
          `secret ${JSON.parse(body).SecretId} by ${/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1]}`
        );
        response.statusCode = answer.secretError ? 400 : 200;
        response.end(
          JSON.stringify(answer.secretError ? { __type: answer.secretError } : { SecretString: answer.secret })
        );
        return;
      }
      const form = new URLSearchParams(body);
      const tenant = form.get('Tags.member.1.Value');
      asked.push(`role ${form.get('RoleArn')} for ${form.get('Tags.member.1.Key')}=${tenant}`);
      response.statusCode = answer.stsError ? 403 : 200;
      response.setHeader('content-type', 'text/xml');
      response.end(
        answer.stsError
          ? `<ErrorResponse><Error><Type>Sender</Type><Code>${answer.stsError}</Code><Message>no</Message></Error></ErrorResponse>`
          : `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>KEYOF-${tenant}</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
      );
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  let now = AT;
  const region = 'us-east-1';
  const secretOf = tenantSecrets({
    sts: new STSClient({
      endpoint,
      region,
      credentials: { accessKeyId: 'FUNCTION', secretAccessKey: 'x' },
      maxAttempts: 1,
    }),
    roleArn: 'arn:aws:iam::111122223333:role/secrets',
    scope: 'jira:write',
    schema: Secret,
    secrets: (credentials) => new SecretsManagerClient({ endpoint, region, credentials, maxAttempts: 1 }),
    now: () => now,
  });
  return { asked, secretOf, pass: (milliseconds: number) => (now = new Date(now.getTime() + milliseconds)) };
};

describe('secrets of tenants', () => {
  it('are read with a session tagged for one tenant, and kept for a while', async () => {
    const { asked, secretOf, pass } = await anAws({ secret: GOOD });

    expect(await secretOf('acme')).toEqual({ user: 'bot', token: 's3cr3t-value' });
    await Promise.all([secretOf('acme'), secretOf('acme')]);
    expect(asked).toEqual([
      'role arn:aws:iam::111122223333:role/secrets for tenant=acme',
      'secret writ/acme/jira/write by KEYOF-acme',
    ]);

    await secretOf('other');
    expect(asked.at(-1)).toBe('secret writ/other/jira/write by KEYOF-other');
    pass(6 * 60_000);
    await secretOf('acme');
    expect(asked).toHaveLength(6);
  });

  it.each([
    ['a missing secret', { secretError: 'ResourceNotFoundException' }, 'Terminal', 'writ/acme/jira/write'],
    ['a session that may not', { secretError: 'AccessDeniedException' }, 'Terminal', 'writ/acme/jira/write'],
    ['a role that does not trust', { stsError: 'AccessDenied' }, 'Terminal', 'trusts this function'],
    ['a service that is busy', { secretError: 'InternalServiceError' }, 'Retryable', 'InternalServiceError'],
    ['a secret that is no JSON', { secret: 's3cr3t-value' }, 'Terminal', 'must be JSON'],
    ['a secret of another shape', { secret: '{"user":"bot","token":{"x":"s3cr3t-value"}}' }, 'Terminal', 'token'],
  ])('say what is wrong with %s, and nothing of a secret', async (_, answer, name, says) => {
    const { secretOf } = await anAws(answer);

    const error = await secretOf('acme').catch((reason: unknown) => reason);

    expect(error).toMatchObject({ name, message: expect.stringContaining(says) });
    expect(`${(error as Error).message} ${(error as Error).stack} ${(error as Error).cause}`).not.toContain(
      's3cr3t-value'
    );
  });

  it('ask again after a failure', async () => {
    const { asked, secretOf } = await anAws({ secretError: 'InternalServiceError' });
    await secretOf('acme').catch(() => undefined);
    await secretOf('acme').catch(() => undefined);
    expect(asked).toHaveLength(4);
  });
});
