import * as z from 'zod';
import type { Secret, SecretStore, Version } from '../../secrets/store.ts';
import type { JsonObject } from '../../template/json.ts';
import { ServiceError } from '../exchange.ts';
import { type Operation, operation } from '../operation.ts';
import { pageOf } from '../paging.ts';
import { type Finder, type Found, invalid, OfSecret, seconds } from './finder.ts';

const Filters = z
  .array(
    z.object({ Key: z.literal('name', 'only the filter `name` runs here'), Values: z.array(z.string()).min(1).max(10) })
  )
  .default([]);
const Paging = { MaxResults: z.int().min(1).max(100).default(100), NextToken: z.string().optional() };

/** The filter's values are beginnings of names, or of those that are not meant, after `!`. */
const isNamed = (name: string, filters: z.infer<typeof Filters>): boolean =>
  filters.every(({ Values }) =>
    Values.some((value) => (value.startsWith('!') ? !name.startsWith(value.slice(1)) : name.startsWith(value)))
  );

/** What can be asked about secrets, and the secrets themselves. */
export const readOperations = (
  store: SecretStore,
  { find, findKept, target }: Finder
): Readonly<Record<string, Operation>> => {
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
  };
};
