import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dynamoCache } from '../../lambdas/adapters/dynamodb/cache.ts';
import type { Connection } from '../../lambdas/adapters/dynamodb/connection.ts';
import type { Memory } from '../../lambdas/core/cache/once.ts';
import { AT } from './builders.ts';
import type { Dynoxide } from './dynoxide.ts';

/** A cache whose pauses pass at once, and what it told of faults. `onWait` is told of each pause. */
export const aMemory = (
  dynoxide: Dynoxide,
  {
    connection = dynoxide.connection,
    now = () => AT,
    random = Math.random,
    onWait = () => undefined,
  }: { connection?: Connection; now?: () => Date; random?: () => number; onWait?: (ms: number) => void } = {}
) => {
  const faults: string[] = [];
  const memory: Memory = {
    cache: dynamoCache(connection, dynoxide.state),
    now,
    newToken: () => randomUUID(),
    random,
    wait: async (ms) => {
      onWait(ms);
      await nextTurn();
    },
    onFault: (doing) => void faults.push(doing),
  };
  return { memory, faults };
};
