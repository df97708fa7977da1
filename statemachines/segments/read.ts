import type * as z from 'zod';
import type { ReadTool } from '../../lambdas/core/tool.ts';
import type { States, Value } from './asl.ts';
import type { Callees } from './callees.ts';
import { call } from './task.ts';

/** A call of a read tool: which, and with what. An argument that the contract does not know does not compile. */
export interface ReadCall<Input extends z.ZodObject, Output extends z.ZodObject> {
  readonly tool: ReadTool<Input, Output>;
  readonly input: Readonly<Record<keyof z.infer<Input> & string, Value>>;
}

/** Of the execution: which stops are over it. */
export const WORKFLOW = '{% $states.input.workflow %}';

/** What a read scope's function is told: it keeps the answer, and says only where. */
export const reading = <I extends z.ZodObject, O extends z.ZodObject>(
  when: 'before' | 'after' | 'undone',
  { tool, input }: ReadCall<I, O>,
  { action = 1, round }: { readonly action?: number; readonly round?: Value } = {}
) => ({
  workflow: WORKFLOW,
  call: when,
  tool: tool.name,
  input,
  ...(action > 1 && { action }),
  ...(round !== undefined && { round }),
});

/** Reads what the proposal is made of, before the action. */
export const read = <Next extends string, I extends z.ZodObject, O extends z.ZodObject>(
  { scopeOf }: Callees,
  readCall: ReadCall<I, O>,
  next: Next
) =>
  ({
    Read: call(scopeOf(readCall.tool), { payload: reading('before', readCall), next }),
  }) satisfies States<'Read', Next | 'Escalate'>;
