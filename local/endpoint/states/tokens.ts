import * as z from 'zod';
import type { States } from '../../states/service.ts';
import { executionOf } from '../../states/token.ts';
import type { Operation } from '../operation.ts';
import { Cause, ErrorText, statesOperation } from './request.ts';

const Token = z.object({ taskToken: z.string().min(1).max(2048) });

/** What holds a token's task: the state machine of its execution. Nothing has what is no token. */
const machineOfToken = ({ taskToken }: z.infer<typeof Token>): string => {
  const execution = executionOf(taskToken) ?? '';
  const [, prefix, machine] = /^(arn:[^:]*:states:[^:]*:[^:]*:)execution:([^:]+):/.exec(execution) ?? [];
  return prefix === undefined ? '*' : `${prefix}stateMachine:${machine}`;
};

/** What is said of a task by those who hold its token. */
export const tokenOperations = (states: States): Readonly<Record<string, Operation>> => ({
  SendTaskSuccess: statesOperation(
    Token.extend({ output: z.string() }),
    machineOfToken,
    async ({ taskToken, output }) => {
      await states.sendTaskSuccess(taskToken, output);
      return {};
    }
  ),
  SendTaskFailure: statesOperation(
    Token.extend({ error: ErrorText, cause: Cause }),
    machineOfToken,
    async ({ taskToken, error, cause }) => {
      await states.sendTaskFailure(taskToken, error, cause);
      return {};
    }
  ),
  SendTaskHeartbeat: statesOperation(Token, machineOfToken, async ({ taskToken }) => {
    await states.sendTaskHeartbeat(taskToken);
    return {};
  }),
});
