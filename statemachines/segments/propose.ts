import type { States } from './asl.ts';
import type { Callees } from './callees.ts';
import { call } from './task.ts';

/** Has the workflow's engine propose one action. Nothing is authorised by it. */
export const propose = <Next extends string>({ step }: Callees, action: number, next: Next) =>
  ({ Propose: call(step.propose, { payload: { action }, next }) }) satisfies States<'Propose', Next | 'Escalate'>;
