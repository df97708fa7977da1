import * as z from 'zod';
import type { Secret, SecretStore } from '../../secrets/store.ts';
import { ServiceError } from '../exchange.ts';
import type { Target } from '../operation.ts';

export const OfSecret = z.object({ SecretId: z.string().min(1).max(2048) });
export const seconds = (milliseconds: number): number => milliseconds / 1000;
export const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message);
const deleted = (): ServiceError =>
  new ServiceError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion."
  );

type GivenVersion = { readonly VersionId?: string | undefined; readonly VersionStage?: string | undefined };
export type Found = { readonly name: string; readonly secret: Secret };

/** How requests name secrets, and what is found by that. */
export interface Finder {
  /** Throws `ResourceNotFoundException`. */
  find(id: string): Found;
  /** Throws for one that is marked for deletion, too. */
  findKept(id: string): Found;
  /** What a request touches, as policies see it. */
  target(input: z.infer<typeof OfSecret> & GivenVersion): Target;
}

export const finderIn = (store: SecretStore, now: () => number): Finder => {
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

  return { find, findKept, target };
};
