import { marshall } from '@aws-sdk/util-dynamodb';
import type { Connection, Operation } from '../../lambdas/adapters/dynamodb/connection.ts';

/** A connection that answers so, whatever it is asked, the last answer to all that follow; an error is thrown. Also says what was sent. */
export const answering = (...answers: readonly [object, ...object[]]) => {
  const sent: object[] = [];
  const call = async (_: Operation, input: object): Promise<object> => {
    sent.push(input);
    const answer = answers[Math.min(sent.length, answers.length) - 1] ?? {};
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { connection: { call } as Connection, sent };
};

/** An item as DynamoDB has it. */
export const inDynamo = (item: object) => marshall(item, { removeUndefinedValues: true });
