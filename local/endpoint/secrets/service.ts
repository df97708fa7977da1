import type { SecretStore } from '../../secrets/store.ts';
import type { JsonService } from '../operation.ts';
import { finderIn } from './finder.ts';
import { readOperations } from './reads.ts';
import { writeOperations } from './writes.ts';

/** Secrets Manager: secrets with a current and a previous version, without rotation, replicas, tags or policies of their own. */
export const secretsService = (store: SecretStore, now: () => number): JsonService => {
  const finder = finderIn(store, now);
  return {
    iamPrefix: 'secretsmanager',
    version: '1.1',
    anonymous: new Set(),
    operations: { ...readOperations(store, finder), ...writeOperations(store, finder, now) },
  };
};
