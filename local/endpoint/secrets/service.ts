import * as z from 'zod';
import type { Secret, SecretStore, SecretValue, Version } from '../../secrets/store.ts';
import type { JsonObject } from '../../template/json.ts';
import { ServiceError } from '../exchange.ts';
import { type JsonService, operation, type Target } from '../operation.ts';
import { pageOf } from '../paging.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const OfSecret = z.object({ SecretId: z.string().min(1).max(2048) });
const Value = {
  SecretString: z.string().max(65_536).optional(),
  SecretBinary: z.base64().max(87_384).optional(),
  ClientRequestToken: z.string().min(32).max(64).optional(),
};
const Description = z.string().max(2048).optional();
const Filters = z
  .array(
    z.object({ Key: z.literal('name', 'only the filter `name` runs here'), Values: z.array(z.string()).min(1).max(10) })
  )
  .default([]);
const Paging = { MaxResults: z.int().min(1).max(100).default(100), NextToken: z.string().optional() };
const notHere = (what: string) => z.undefined(`the local stack does not know ${what}`).optional();

const seconds = (milliseconds: number): number => milliseconds / 1000;
const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message);
const deleted = (): ServiceError =>
  new ServiceError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion."
  );

type GivenVersion = { readonly VersionId?: string | undefined; readonly VersionStage?: string | undefined };
type Found = { readonly name: string; readonly secret: Secret };
type GivenValue = { readonly [name in keyof typeof Value]?: string | undefined };

const valueIn = ({ SecretString, SecretBinary }: GivenValue): SecretValue | undefined => {
  if (SecretString !== undefined && SecretBinary !== undefined)
    throw invalid('You must provide either SecretString or SecretBinary, not both.');
  if (SecretString !== undefined) return { text: SecretString };
  return SecretBinary === undefined ? undefined : { base64: SecretBinary };
};

const isSame = (one: SecretValue, other: SecretValue): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The filter's values are beginnings of names, or of those that are not meant, after `!`. */
const isNamed = (name: string, filters: z.infer<typeof Filters>): boolean =>
  filters.every(({ Values }) =>
    Values.some((value) => (value.startsWith('!') ? !name.startsWith(value.slice(1)) : name.startsWith(value)))
  );

/** Secrets Manager: secrets with a current and a previous version, without rotation, replicas, tags or policies of their own. */
export const secretsService = (store: SecretStore, now: () => number): JsonService => {
  const find = (id: string): Found => {
    const name = store.nameOf(id);
    const secret = store.secrets.get(name);
    if (secret !== undefined && (secret.deletionAt ?? Number.POSITIVE_INFINITY) > now()) return { name, secret };
    throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  };
  const findKept = (id: string): Found => {
    const found = find(id);
    if (found.secret.deletionAt !== undefined) throw deleted();
    return found;
  };
  /** AWS judges by the whole ARN of a secret that is there, and by an ARN without suffix for one that is not. */
  const target = ({ SecretId, VersionId, VersionStage }: z.infer<typeof OfSecret> & GivenVersion): Target => {
    const name = store.nameOf(SecretId);
    const partial = name.startsWith('arn:') ? name : store.plainArnOf(name);
    const resource = store.secrets.has(name) ? store.arnOf(name) : partial;
    return {
      resource,
      context: {
        'secretsmanager:SecretId': resource,
        'secretsmanager:VersionId': VersionId,
        'secretsmanager:VersionStage': VersionStage,
      },
    };
  };

  const answerOf = ({ name, secret }: Found, VersionId?: string, VersionStage?: string): JsonObject => {
    const isAsked = ({ id, stages }: Version): boolean =>
      (VersionId === undefined || id === VersionId) &&
      (VersionId !== undefined && VersionStage === undefined
        ? true
        : stages.some((stage) => stage === (VersionStage ?? 'AWSCURRENT')));
    const version = secret.versions.find(isAsked);
    if (version === undefined) {
      const message = "Secrets Manager can't find the specified secret value for the version or staging label.";
      throw new ServiceError('ResourceNotFoundException', message);
    }
    const { value } = version;
    return {
      ARN: store.arnOf(name),
      Name: name,
      VersionId: version.id,
      ...('text' in value ? { SecretString: value.text } : { SecretBinary: value.base64 }),
      VersionStages: version.stages,
      CreatedDate: seconds(version.createdAt),
    };
  };

  const described = (name: string, { description, createdAt, changedAt, deletionAt }: Secret): JsonObject => ({
    ARN: store.arnOf(name),
    Name: name,
    ...(description === undefined ? {} : { Description: description }),
    CreatedDate: seconds(createdAt),
    LastChangedDate: seconds(changedAt),
    ...(deletionAt === undefined ? {} : { DeletedDate: seconds(deletionAt) }),
  });
  const stagesOf = ({ versions }: Secret): JsonObject =>
    Object.fromEntries(versions.map(({ id, stages }) => [id, stages]));

  /** A repeated request, by its token, gives what the first gave: unless it brings another value. */
  const putOnce = (name: string, value: SecretValue, token: string | undefined): Version => {
    const known = store.secrets.get(name)?.versions.find(({ id }) => id === token);
    if (known === undefined) return store.put(name, value, token);
    if (isSame(known.value, value)) return known;
    const message = `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${store.arnOf(name)}.`;
    throw new ServiceError('ResourceExistsException', message);
  };

  const listed = (filters: z.infer<typeof Filters>, withDeleted: boolean): readonly Found[] =>
    Array.from(store.secrets, ([name, secret]) => ({ name, secret })).filter(
      ({ name, secret }) => isNamed(name, filters) && (withDeleted || secret.deletionAt === undefined)
    );
  const paged = (
    all: readonly Found[],
    { MaxResults: limit, NextToken: token }: { MaxResults: number; NextToken?: string | undefined }
  ) => {
    const { items, next } = pageOf(all, ({ name }) => name, { limit, token }, 'InvalidNextTokenException');
    return { items, next: next === undefined ? {} : { NextToken: next } };
  };

  return {
    iamPrefix: 'secretsmanager',
    version: '1.1',
    anonymous: new Set(),
    operations: {
      GetSecretValue: operation(
        OfSecret.extend({ VersionId: z.string().optional(), VersionStage: z.string().optional() }),
        target,
        ({ SecretId, VersionId, VersionStage }) => answerOf(findKept(SecretId), VersionId, VersionStage)
      ),
      BatchGetSecretValue: operation(
        z.object({ SecretIdList: z.array(z.string()).min(1).max(20).optional(), Filters, ...Paging }),
        () => '*',
        ({ SecretIdList, Filters: filters, ...paging }, guardOf) => {
          if ((SecretIdList === undefined) === (filters.length === 0))
            throw invalid('Either SecretIdList or Filters must be provided, and not both.');
          const guard = guardOf('secretsmanager:GetSecretValue'); // each secret is a right of its own
          const { items, next } = paged(SecretIdList === undefined ? listed(filters, false) : [], paging);
          const SecretValues: JsonObject[] = [];
          const Errors: JsonObject[] = [];
          for (const SecretId of SecretIdList ?? items.map(({ name }) => name)) {
            try {
              const { resource, context } = target({ SecretId });
              guard(resource, context);
              SecretValues.push(answerOf(findKept(SecretId)));
            } catch (error) {
              if (!(error instanceof ServiceError)) throw error;
              Errors.push({ SecretId, ErrorCode: error.name, Message: error.message });
            }
          }
          return { SecretValues, Errors, ...next };
        }
      ),
      ListSecrets: operation(
        z.object({
          ...Paging,
          Filters,
          IncludePlannedDeletion: z.boolean().default(false),
          SortOrder: z.enum(['asc', 'desc']).default('desc'),
          SortBy: z.literal('created-date', 'the local stack sorts by created-date alone').optional(),
        }),
        () => '*',
        ({ Filters: filters, IncludePlannedDeletion, SortOrder, ...paging }) => {
          const found = listed(filters, IncludePlannedDeletion).toSorted(
            (one, other) => one.secret.createdAt - other.secret.createdAt
          );
          const { items, next } = paged(SortOrder === 'asc' ? found : found.toReversed(), paging);
          const SecretList = items.map(({ name, secret }) => ({
            ...described(name, secret),
            SecretVersionsToStages: stagesOf(secret),
          }));
          return { SecretList, ...next };
        }
      ),
      DescribeSecret: operation(OfSecret, target, ({ SecretId }) => {
        const { name, secret } = find(SecretId);
        return { ...described(name, secret), VersionIdsToStages: stagesOf(secret) };
      }),
      CreateSecret: operation(
        z.object({
          Name: z.string().regex(/^[\w/+=.@-]{1,512}$/, 'expected 1 to 512 letters, digits or any of /_+=.@-'),
          ...Value,
          Description,
          KmsKeyId: z.string().optional(), // nothing is encrypted here
          Tags: notHere('tags of secrets'),
          AddReplicaRegions: notHere('replicas of secrets'),
        }),
        ({ Name }) => ({ resource: store.plainArnOf(Name), context: { 'secretsmanager:Name': Name } }),
        ({ Name, Description: description, ClientRequestToken, ...given }) => {
          const value = valueIn(given);
          if (value === undefined)
            throw invalid('the local stack creates a secret with its value alone: give SecretString or SecretBinary');
          const before = store.secrets.get(Name);
          if (before?.deletionAt !== undefined)
            throw new ServiceError(
              'InvalidRequestException',
              "You can't create this secret because a secret with this name is already scheduled for deletion."
            );
          if (before !== undefined && !before.versions.some(({ id }) => id === ClientRequestToken))
            throw new ServiceError(
              'ResourceExistsException',
              `The operation failed because the secret ${Name} already exists.`
            );
          const { id } = putOnce(Name, value, ClientRequestToken);
          if (description !== undefined) store.change(Name, { description });
          return { ARN: store.arnOf(Name), Name, VersionId: id };
        }
      ),
      PutSecretValue: operation(
        OfSecret.extend({
          ...Value,
          VersionStages: z
            .tuple(
              [z.literal('AWSCURRENT')],
              'the local stack knows no labels of your own: a new version is AWSCURRENT'
            )
            .optional(),
          RotationToken: notHere('rotation'),
        }),
        target,
        ({ SecretId, ClientRequestToken, ...given }) => {
          const { name } = findKept(SecretId);
          const value = valueIn(given);
          if (value === undefined) throw invalid('You must provide either SecretString or SecretBinary.');
          const { id, stages } = putOnce(name, value, ClientRequestToken);
          return { ARN: store.arnOf(name), Name: name, VersionId: id, VersionStages: stages };
        }
      ),
      UpdateSecret: operation(
        OfSecret.extend({ ...Value, Description, KmsKeyId: z.string().optional() }),
        target,
        ({ SecretId, ClientRequestToken, Description: description, ...given }) => {
          const { name } = findKept(SecretId);
          const value = valueIn(given);
          const version = value === undefined ? {} : { VersionId: putOnce(name, value, ClientRequestToken).id };
          if (description !== undefined) store.change(name, { description });
          return { ARN: store.arnOf(name), Name: name, ...version };
        }
      ),
      DeleteSecret: operation(
        OfSecret.extend({
          RecoveryWindowInDays: z.int().min(7).max(30).optional(),
          ForceDeleteWithoutRecovery: z.boolean().default(false),
        }),
        target,
        ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery }) => {
          if (RecoveryWindowInDays !== undefined && ForceDeleteWithoutRecovery)
            throw invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
          const { name } = ForceDeleteWithoutRecovery ? find(SecretId) : findKept(SecretId);
          const deletionAt = now() + (ForceDeleteWithoutRecovery ? 0 : (RecoveryWindowInDays ?? 30) * DAY_MS);
          if (ForceDeleteWithoutRecovery) store.remove(name);
          else store.change(name, { deletionAt });
          return { ARN: store.arnOf(name), Name: name, DeletionDate: seconds(deletionAt) };
        }
      ),
      RestoreSecret: operation(OfSecret, target, ({ SecretId }) => {
        const { name } = find(SecretId);
        store.change(name, { deletionAt: undefined });
        return { ARN: store.arnOf(name), Name: name };
      }),
    },
  };
};
