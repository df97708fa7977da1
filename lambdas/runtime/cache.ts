import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { dynamoCache } from '../adapters/dynamodb/cache.ts';
import type { Memory } from '../core/cache/once.ts';
import { dynamoInHaste } from './clients.ts';
import { environment } from './environment.ts';
import { observe } from './observe.ts';

/** Entries in the state table, and what it takes to wait for others' answers. What a cache cannot do is warned of, and no more. */
export const memory = (): Memory => {
  const { STATE_TABLE } = environment({ STATE_TABLE: z.string() });
  return {
    cache: dynamoCache(dynamoInHaste(), STATE_TABLE),
    now: () => new Date(),
    newToken: () => randomBytes(9).toString('base64url'),
    random: Math.random,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onFault: (doing, error) =>
      observe.warn('a cache was of no use', 'CacheFailed', {
        doing,
        error: error instanceof Error ? error.name : typeof error,
      }),
  };
};
