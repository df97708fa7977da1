import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';
import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';
import { type Mishap, meeting } from './mishaps.ts';

/** What becomes of one invocation: what its writes meet, and after how many calls it ends without a word. */
export interface Fate {
  readonly mishaps: readonly Mishap[];
  readonly dies?: { readonly at: number; readonly when: 'before' | 'after' } | undefined;
  /** This call takes longer than all others of its process together. */
  readonly slow?: number | undefined;
  /** From this call on it stands still until the gate is opened. */
  readonly halts?: { readonly at: number; readonly gate: Gate } | undefined;
}

/** Where a process stands still while other things happen. */
export interface Gate {
  readonly reached: Promise<void>;
  readonly reach: () => void;
  readonly opened: Promise<void>;
  readonly open: () => void;
}
export const aGate = (): Gate => {
  const [reaching, opening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return { reached: reaching.promise, reach: reaching.resolve, opened: opening.promise, open: opening.resolve };
};

/** The process is gone. Nothing that runs in it afterwards reaches anything. */
class Crashed extends Error {
  override readonly name = 'Crashed';
}

export interface Life {
  readonly connection: Connection;
  /** A call to the outside that is none to DynamoDB. */
  reach<T>(work: () => Promise<T>): Promise<T>;
  /** It has answered: it is frozen, as Lambda does, and whatever it has not sent by then never is. */
  answered(): void;
}

const WRITES: ReadonlySet<Operation> = new Set(['TransactWriteItems', 'PutItem']);

/** How many turns of the loop a process that waits for nothing may take until its next call. */
const TURNS = 3;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Tells when a process waits for no call. */
const traffic = () => {
  let underWay = 0;
  let waiting: (() => void)[] = [];
  const tracked = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
      if (underWay === 0) for (const go of waiting.splice(0)) go();
    }
  };
  const quiet = async (): Promise<void> => {
    for (let turns = 0; turns < TURNS; turns += 1) {
      if (underWay > 0) {
        turns = 0;
        await new Promise<void>((resolve) => {
          waiting = [...waiting, resolve];
        });
      }
      await turn();
    }
  };
  return { tracked, quiet };
};

/** One process for one invocation. Everything that it does to the outside goes through here, so that it can die at any of it. */
export const lifeOf = (real: Connection, { mishaps, dies, slow, halts }: Fate): Life => {
  const left = [...mishaps];
  const { tracked, quiet } = traffic();
  let calls = 0;
  let isOver = false;
  let hasAnswered = false;
  const reach = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const call = calls;
    if (halts && call >= halts.at) {
      halts.gate.reach();
      await halts.gate.opened;
    }
    if (call === slow) await quiet();
    if (hasAnswered) return new Promise(() => {});
    if (isOver || (dies?.at === call && dies.when === 'before')) {
      isOver = true;
      throw new Crashed();
    }
    if (dies?.at !== call) return tracked(work);
    await work().catch(() => undefined);
    isOver = true;
    throw new Crashed();
  };
  const call = (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> =>
    reach(async () => {
      const mishap = WRITES.has(operation) ? left.shift() : undefined;
      return mishap === undefined ? real.call(operation, input) : meeting(mishap, real, operation, input);
    });
  return {
    connection: { call } as Connection,
    reach,
    answered: () => {
      hasAnswered = true;
    },
  };
};

/** What an invocation answered, or undefined where it failed as it may. Any other failure is a defect, and is thrown. */
export const attempted = async <T>(
  { answered }: Pick<Life, 'answered'>,
  work: () => Promise<T>
): Promise<T | undefined> => {
  try {
    return await work();
  } catch (error) {
    const isFault = [Retryable, Terminal, Uncertain, Crashed].some((kind) => error instanceof kind);
    if (!isFault) throw error;
    return undefined;
  } finally {
    answered();
  }
};
