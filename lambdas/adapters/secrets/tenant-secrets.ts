import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, type Credentials, type STSClient } from '@aws-sdk/client-sts';
import type * as z from 'zod';
import { Retryable, Terminal } from '../../core/errors.ts';

export interface TenantSecretsOptions<Secret> {
  readonly sts: STSClient;
  /** The role that reads one tenant's secret, the tenant being the session's tag. */
  readonly roleArn: string;
  /** Such as `jira:write`: part of the secret's name. */
  readonly scope: string;
  readonly schema: z.ZodType<Secret>;
  /** A Secrets Manager client with the session's credentials. */
  readonly secrets: (credentials: SessionCredentials) => SecretsManagerClient;
  readonly now: () => Date;
}

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** How long a secret is kept in memory: a rotated one is in use after this at the latest. Sessions last an hour. */
const KEEP_MS = 5 * 60_000;

/** A colon may not stand in a secret's name, so the scope's two names become two parts of it. */
export const secretName = (tenant: string, scope: string): string => `writ/${tenant}/${scope.replace(':', '/')}`;

const PERMANENT = new Set(['ResourceNotFoundException', 'AccessDenied', 'AccessDeniedException', 'DecryptionFailure']);

const toFault = (error: unknown, doing: string, hint: string): never => {
  const name = error instanceof Error ? error.name : 'an unknown error';
  if (PERMANENT.has(name)) throw new Terminal(`${doing} was refused (${name}): ${hint}`, { cause: error });
  throw new Retryable(`${doing} did not succeed (${name})`, { cause: error });
};

const credentialsOf = ({ AccessKeyId, SecretAccessKey, SessionToken }: Partial<Credentials>): SessionCredentials => {
  if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined)
    throw new Terminal('AssumeRole answered without credentials');
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
};

/** Opens a scope's secret of one tenant at a time. No error carries any part of a secret. */
export const tenantSecrets = <Secret>({ sts, roleArn, scope, schema, secrets, now }: TenantSecretsOptions<Secret>) => {
  const kept = new Map<string, { readonly secret: Promise<Secret>; readonly until: number }>();

  const fetch = async (tenant: string): Promise<Secret> => {
    const name = secretName(tenant, scope);
    const session = await sts
      .send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: `tenant-${tenant}`,
          Tags: [{ Key: 'tenant', Value: tenant }],
        })
      )
      .catch((error) => toFault(error, 'assuming the role for secrets', 'see whether the role trusts this function'));
    const client = secrets(credentialsOf(session.Credentials ?? {}));
    try {
      const { SecretString } = await client
        .send(new GetSecretValueCommand({ SecretId: name }))
        .catch((error) => toFault(error, `reading the secret ${name}`, 'create it as the deployment guide says'));
      return parseSecret(SecretString, schema, name);
    } finally {
      client.destroy();
    }
  };

  return (tenant: string): Promise<Secret> => {
    const at = now().getTime();
    const known = kept.get(tenant);
    if (known !== undefined && known.until > at) return known.secret;
    const secret = fetch(tenant);
    kept.set(tenant, { secret, until: at + KEEP_MS });
    secret.catch(() => kept.delete(tenant)); // a failure is not kept: whoever comes next asks again
    return secret;
  };
};

const parseSecret = <Secret>(text: string | undefined, schema: z.ZodType<Secret>, name: string): Secret => {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    throw new Terminal(`the secret ${name} must be JSON`); // without a cause: its message would quote the secret
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ');
  throw new Terminal(`the secret ${name} does not have what it should: ${wrong}`);
};
