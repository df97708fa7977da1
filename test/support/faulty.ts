import { type Mishap, meeting } from '../../drills/gate/mishaps.ts';
import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';

/** A connection on which transactions meet the mishaps of the list, one each, then none. Also says what was sent. */
export const faulty = (real: Connection, mishaps: readonly Mishap[] = []) => {
  const left = [...mishaps];
  const sent: { readonly operation: Operation; readonly input: object }[] = [];
  const call = async (operation: Operation, input: Parameters<Connection['call']>[1]): Promise<object> => {
    sent.push({ operation, input });
    const mishap = operation === 'TransactWriteItems' ? left.shift() : undefined;
    return mishap === undefined ? real.call(operation, input) : meeting(mishap, real, operation, input);
  };
  return { connection: { call } as Connection, sent, meet: (...more: readonly Mishap[]) => void left.push(...more) };
};
