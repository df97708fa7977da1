import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { readIfPresent, replaceFile } from '../files.ts';
import type { JsonObject } from '../template/json.ts';
import { ServiceError } from './exchange.ts';
import { type JsonService, operation } from './operation.ts';

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
  const text = readIfPresent(file);
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(z.record(z.string(), Secret).parse(JSON.parse(text))));
  } catch {
    throw new Error(`${file} should hold the secrets as JSON and does not: remove it to begin anew`);
  }
};

/** Secrets Manager, with one current version of each secret, kept in a file. */
export const openSecrets = ({ file, account, region, now }: SecretsOptions): Secrets => {
  const secrets = read(file);

  const arnOf = (name: string): string => {
    const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
    return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
  };
  const nameIn = (id: string): string => secrets.keys().find((name) => arnOf(name) === id) ?? id;
  const arnFor = (id: string): string => (id.startsWith('arn:') ? id : arnOf(id));

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
    replaceFile(file, JSON.stringify(Object.fromEntries(secrets)));
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
  const resource = ({ SecretId }: { readonly SecretId: string }): string => arnFor(SecretId);
  return {
    put,
    service: {
      iamPrefix: 'secretsmanager',
      version: '1.1',
      anonymous: new Set(),
      operations: {
        GetSecretValue: operation(
          OfSecret.extend({ VersionId: z.string().optional(), VersionStage: z.literal('AWSCURRENT').optional() }),
          resource,
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
          ({ Name }) => arnFor(Name),
          ({ Name, SecretString }) => {
            if (secrets.has(Name)) {
              throw new ServiceError('ResourceExistsException', `a secret with the name ${Name} already exists`);
            }
            return { ARN: arnOf(Name), Name, VersionId: put(Name, SecretString).versionId };
          }
        ),
        PutSecretValue: operation(
          OfSecret.extend({ SecretString: z.string() }),
          resource,
          ({ SecretId, SecretString }) => {
            const { name } = find(SecretId);
            const { versionId } = put(name, SecretString);
            return { ARN: arnOf(name), Name: name, VersionId: versionId, VersionStages: ['AWSCURRENT'] };
          }
        ),
        DescribeSecret: operation(OfSecret, resource, ({ SecretId }) => {
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
