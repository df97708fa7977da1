import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';
import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';
import { type Mishap, meeting } from './mishaps.ts';

/** What becomes of one invocation: what its writes meet, and after how many calls it ends without a word. */
export interface Fate {
  readonly mishaps: readonly Mishap[];
  readonly dies?: { readonly at: number; readonly when: 'before' | 'after' } | undefined;
}

/** The process is gone. Nothing that runs in it afterwards reaches anything. */
class Crashed extends Error {
  override readonly name = 'Crashed';
}

export interface Life {
  readonly connection: Connection;
  /** A call to the outside that is none to DynamoDB. */
  reach<T>(work: () => Promise<T>): Promise<T>;
}

const WRITES: ReadonlySet<Operation> = new Set(['TransactWriteItems', 'PutItem']);

/** One process for one invocation. Everything that it does to the outside goes through here, so that it can die at any of it. */
export const lifeOf = (real: Connection, { mishaps, dies }: Fate): Life => {
  const left = [...mishaps];
  let calls = 0;
  let isOver = false;
  const reach = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (isOver || (dies?.at === calls && dies.when === 'before')) {
      isOver = true;
      throw new Crashed();
    }
    if (dies?.at !== calls) return work();
    await work().catch(() => undefined);
    isOver = true;
    throw new Crashed();
  };
  const call = (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> =>
    reach(async () => {
      const mishap = WRITES.has(operation) ? left.shift() : undefined;
      return mishap === undefined ? real.call(operation, input) : meeting(mishap, real, operation, input);
    });
  return { connection: { call } as Connection, reach };
};

/** What an invocation answered, or undefined where it failed as it may. Any other failure is a defect, and is thrown. */
export const attempted = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    const isFault = [Retryable, Terminal, Uncertain, Crashed].some((kind) => error instanceof kind);
    if (!isFault) throw error;
    return undefined;
  }
};
