import * as z from 'zod';
import type { States } from '../../states/service.ts';
import type { Operation } from '../operation.ts';
import { Cause, ErrorText, statesOperation } from './request.ts';

const Token = z.object({ taskToken: z.string().min(1).max(2048) });

/** A token is a right of its own: policies name no resource for these. */
const anything = (): string => '*';

/** What is said of a task by those who hold its token. */
export const tokenOperations = (states: States): Readonly<Record<string, Operation>> => ({
  SendTaskSuccess: statesOperation(Token.extend({ output: z.string() }), anything, async ({ taskToken, output }) => {
    await states.sendTaskSuccess(taskToken, output);
    return {};
  }),
  SendTaskFailure: statesOperation(
    Token.extend({ error: ErrorText, cause: Cause }),
    anything,
    async ({ taskToken, error, cause }) => {
      await states.sendTaskFailure(taskToken, error, cause);
      return {};
    }
  ),
  SendTaskHeartbeat: statesOperation(Token, anything, async ({ taskToken }) => {
    await states.sendTaskHeartbeat(taskToken);
    return {};
  }),
});
