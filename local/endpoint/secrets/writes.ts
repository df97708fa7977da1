import * as z from 'zod';
import type { SecretStore, SecretValue, Version } from '../../secrets/store.ts';
import { ServiceError } from '../exchange.ts';
import { type Operation, operation } from '../operation.ts';
import { type Finder, invalid, OfSecret, seconds } from './finder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const Value = {
  SecretString: z.string().max(65_536).optional(),
  SecretBinary: z.base64().max(87_384).optional(),
  ClientRequestToken: z.string().min(32).max(64).optional(),
};
const Description = z.string().max(2048).optional();
const notHere = (what: string) => z.undefined(`the local stack does not know ${what}`).optional();

type GivenValue = { readonly [name in keyof typeof Value]?: string | undefined };

const valueIn = ({ SecretString, SecretBinary }: GivenValue): SecretValue | undefined => {
  if (SecretString !== undefined && SecretBinary !== undefined)
    throw invalid('You must provide either SecretString or SecretBinary, not both.');
  if (SecretString !== undefined) return { text: SecretString };
  return SecretBinary === undefined ? undefined : { base64: SecretBinary };
};

const isSame = (one: SecretValue, other: SecretValue): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What can be done to secrets. */
export const writeOperations = (
  store: SecretStore,
  { find, findKept, target }: Finder,
  now: () => number
): Readonly<Record<string, Operation>> => {
  /** A repeated request, by its token, gives what the first gave: unless it brings another value. */
  const putOnce = (name: string, value: SecretValue, token: string | undefined): Version => {
    const known = store.secrets.get(name)?.versions.find(({ id }) => id === token);
    if (known === undefined) return store.put(name, value, token);
    if (isSame(known.value, value)) return known;
    const message = `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${store.arnOf(name)}.`;
    throw new ServiceError('ResourceExistsException', message);
  };

  return {
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
          .tuple([z.literal('AWSCURRENT')], 'the local stack knows no labels of your own: a new version is AWSCURRENT')
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
  };
};
