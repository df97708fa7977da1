import type { HistoryEvent } from '../states/history.ts';
import type { Execution } from '../states/service.ts';
import { headerOf, type TraceContext, traceFrom } from './header.ts';
import { callIdOf, callsIn, executionSegment, stateSubsegments } from './history.ts';
import type { Record } from './traces.ts';

export interface ExecutionTraces {
  /** The header that a call of a function gets: what the function traces stands below the state that calls it. */
  header(call: {
    readonly executionArn: string;
    readonly functionArn: string;
    /** JSON text. */
    readonly payload: string;
    readonly traceHeader: string;
  }): string;
  /** To be told of each change of an execution's status. */
  changed(execution: Execution): void;
}

/**
 * Traces executions: a segment that says that one runs; at its end, the whole with its states. They are made from the history,
 * so a call has the same place in it before its end and after, and after a restart too.
 */
export const executionTraces = (
  record: Record,
  history: (executionArn: string) => readonly HistoryEvent[],
  now: () => number
): ExecutionTraces => {
  /** By execution: how often each call was made. */
  const calls = new Map<string, Map<string, number>>();

  const callId = (executionArn: string, functionArn: string, payload: string): string => {
    const known = calls.get(executionArn);
    // a call is in the history before it is made; of what was before a restart, that alone knows
    const made = known ?? callsIn(executionArn, history(executionArn));
    calls.set(executionArn, made);
    const key = callIdOf(executionArn, functionArn, payload, 0);
    const count = known === undefined ? Math.max(1, made.get(key) ?? 1) : (made.get(key) ?? 0) + 1;
    made.set(key, count);
    return callIdOf(executionArn, functionArn, payload, count - 1);
  };

  const contextOf = (traceHeader: string): TraceContext => traceFrom(traceHeader, now());

  return {
    header: ({ executionArn, functionArn, payload, traceHeader }) => {
      const context = contextOf(traceHeader);
      return headerOf(context.sampled ? { ...context, parent: callId(executionArn, functionArn, payload) } : context);
    },
    changed: (execution) => {
      const { executionArn, traceHeader, status } = execution;
      const context = contextOf(traceHeader);
      if (!context.sampled) return;
      record(executionSegment(execution, context));
      if (status === 'RUNNING') return;
      for (const document of stateSubsegments(executionArn, context.root, history(executionArn))) record(document);
      calls.delete(executionArn);
    },
  };
};
