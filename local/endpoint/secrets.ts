import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { JsonObject } from '../template/json.ts';
import { ServiceError } from './exchange.ts';
import { type JsonService, operation, type Target } from './operation.ts';

const Secret = z.object({ value: z.string(), versionId: z.string(), createdAt: z.number(), changedAt: z.number() });
type Secret = z.infer<typeof Secret>;

export interface SecretsOptions {
  /** Created if absent, readable by its owner alone. */
  readonly file: string;
  readonly account: string;
  readonly region: string;
  readonly now: () => number;
}

export interface Secrets {
  /** Creates a secret or changes its value. */
  put(name: string, value: string): void;
  readonly service: JsonService;
}

const read = (file: string): Map<string, Secret> => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map();
  }
  try {
    return new Map(Object.entries(z.record(z.string(), Secret).parse(JSON.parse(text))));
  } catch {
    throw new Error(`${file} should hold the secrets as JSON and does not: remove it to begin anew`);
  }
};

/** Secrets Manager, with one current version of each secret, kept in a file. */
export const openSecrets = ({ file, account, region, now }: SecretsOptions): Secrets => {
  const secrets = read(file);

  const partialArnOf = (name: string): string => `arn:aws:secretsmanager:${region}:${account}:secret:${name}`;
  const arnOf = (name: string): string => {
    const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
    return `${partialArnOf(name)}-${suffix}`;
  };
  /** A secret is named by its name, its ARN, or its ARN without the suffix. */
  const nameIn = (id: string): string =>
    id.startsWith('arn:') ? (secrets.keys().find((name) => arnOf(name) === id || partialArnOf(name) === id) ?? id) : id;

  const find = (id: string): { readonly name: string; readonly secret: Secret } => {
    const name = nameIn(id);
    const secret = secrets.get(name);
    if (secret === undefined) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return { name, secret };
  };
  const put = (name: string, value: string): Secret => {
    const before = secrets.get(name);
    if (before?.value === value) return before;
    const changedAt = now() / 1000;
    const secret: Secret = { value, versionId: randomUUID(), createdAt: before?.createdAt ?? changedAt, changedAt };
    secrets.set(name, secret);
    const whole = `${file}.new`;
    writeFileSync(whole, JSON.stringify(Object.fromEntries(secrets)), { mode: 0o600 });
    renameSync(whole, file);
    return secret;
  };
  const described = (name: string, secret: Secret): JsonObject => ({
    ARN: arnOf(name),
    Name: name,
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.changedAt,
    VersionIdsToStages: { [secret.versionId]: ['AWSCURRENT'] },
  });

  const OfSecret = z.object({ SecretId: z.string() });
  /** AWS judges by the whole ARN of a secret that is there, and by an ARN without suffix for one that is not. */
  const target = (input: { readonly SecretId: string; readonly [other: string]: unknown }): Target => {
    const { SecretId: id, VersionId, VersionStage } = input;
    const name = nameIn(id);
    const resource = secrets.has(name) ? arnOf(name) : id.startsWith('arn:') ? id : partialArnOf(id);
    const optional = (key: string, value: unknown) => (typeof value === 'string' ? { [key]: value } : {});
    return {
      resource,
      context: {
        'secretsmanager:SecretId': resource,
        ...optional('secretsmanager:VersionId', VersionId),
        ...optional('secretsmanager:VersionStage', VersionStage),
      },
    };
  };
  return {
    put,
    service: {
      iamPrefix: 'secretsmanager',
      version: '1.1',
      anonymous: new Set(),
      operations: {
        GetSecretValue: operation(
          OfSecret.extend({ VersionId: z.string().optional(), VersionStage: z.literal('AWSCURRENT').optional() }),
          target,
          ({ SecretId, VersionId }) => {
            const { name, secret } = find(SecretId);
            if (VersionId !== undefined && VersionId !== secret.versionId) {
              throw new ServiceError(
                'ResourceNotFoundException',
                "Secrets Manager can't find the specified secret value."
              );
            }
            const { value: SecretString, versionId, createdAt: CreatedDate } = secret;
            return {
              ARN: arnOf(name),
              Name: name,
              VersionId: versionId,
              SecretString,
              VersionStages: ['AWSCURRENT'],
              CreatedDate,
            };
          }
        ),
        CreateSecret: operation(
          z.object({ Name: z.string().min(1).max(512), SecretString: z.string() }),
          ({ Name }) => ({ resource: partialArnOf(Name), context: { 'secretsmanager:Name': Name } }),
          ({ Name, SecretString }) => {
            if (secrets.has(Name)) {
              throw new ServiceError('ResourceExistsException', `a secret with the name ${Name} already exists`);
            }
            return { ARN: arnOf(Name), Name, VersionId: put(Name, SecretString).versionId };
          }
        ),
        PutSecretValue: operation(
          OfSecret.extend({ SecretString: z.string() }),
          target,
          ({ SecretId, SecretString }) => {
            const { name } = find(SecretId);
            const { versionId } = put(name, SecretString);
            return { ARN: arnOf(name), Name: name, VersionId: versionId, VersionStages: ['AWSCURRENT'] };
          }
        ),
        DescribeSecret: operation(OfSecret, target, ({ SecretId }) => {
          const { name, secret } = find(SecretId);
          return described(name, secret);
        }),
        ListSecrets: operation(
          z.object({}),
          () => '*',
          () => ({ SecretList: [...secrets].map(([name, secret]) => described(name, secret)) })
        ),
      },
    },
  };
};
