import { createHash } from 'node:crypto';
import type { HistoryEvent } from '../states/history.ts';
import type { Execution } from '../states/service.ts';
import { isObject, type Json } from '../template/json.ts';
import { type Document, failedWith } from './document.ts';
import type { TraceContext } from './header.ts';

/** The same for the same parts: what is told again after a restart takes the place of what was told before. */
export const segmentIdOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** Names a call of a function by an execution: the function, its payload as JSON text, and how many the same went before. */
export const callIdOf = (executionArn: string, functionArn: string, payload: string, before: number): string =>
  segmentIdOf(executionArn, functionArn, payload, String(before));

const ENTERED = /StateEntered$/;
const EXITED = /StateExited$/;
const SCHEDULED = /^(?:Task|LambdaFunction)Scheduled$/;
/** With these, a call is over. A task that waits for a token goes on when its function has answered. */
const CALL_ENDED = /^(?:Task|LambdaFunction)(?:Submitted|Succeeded|Failed|TimedOut)$/;
const FAILED = /^(?:Task|LambdaFunction|MapState|ParallelState)(?:Failed|TimedOut)$/;
/** These are told of the Map or Parallel state itself, in whichever of its branches something failed. */
const OF_CONTAINER = /^(Map|Parallel)(?:State|Iteration|Run)?(?:Failed|Aborted)$/;

interface Frame {
  readonly document: Draft;
  /** The event's type: `MapStateEntered`. */
  readonly entered: string;
  /** The Map or Parallel state that this one is in. */
  readonly outer: Frame | undefined;
  call: Draft | undefined;
  calls: number;
}

type Draft = { -readonly [Key in keyof Document]: Document[Key] };

const detailsOf = (event: HistoryEvent): Readonly<Record<string, Json | undefined>> =>
  Object.values(event).find(isObject) ?? {};

/** The call that a `TaskScheduled` or `LambdaFunctionScheduled` tells of, by its function and payload. */
const scheduledIn = (event: HistoryEvent): { readonly functionArn: string; readonly payload: string } => {
  const { resource, input, parameters } = detailsOf(event);
  if (event.type === 'LambdaFunctionScheduled') return { functionArn: String(resource), payload: String(input) };
  const given: unknown = JSON.parse(String(parameters));
  const { FunctionName, Payload = {} } = isObject(given as Json)
    ? (given as { FunctionName?: Json; Payload?: Json })
    : {};
  return { functionArn: String(FunctionName), payload: JSON.stringify(Payload) };
};

/** How often each call stands in a history. */
export const callsIn = (executionArn: string, events: readonly HistoryEvent[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const event of events) {
    if (!SCHEDULED.test(event.type)) continue;
    const { functionArn, payload } = scheduledIn(event);
    const key = callIdOf(executionArn, functionArn, payload, 0);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};

const OUTCOME: Readonly<Record<Execution['status'], Partial<Document>>> = {
  RUNNING: { in_progress: true },
  SUCCEEDED: {},
  FAILED: { fault: true },
  TIMED_OUT: { fault: true },
  ABORTED: { error: true },
};

/** The segment of an execution: while it runs, that it does. */
export const executionSegment = (
  { executionArn, stateMachineArn, status, startDate, stopDate, error }: Execution,
  { root, parent }: TraceContext
): Document => ({
  id: segmentIdOf(executionArn),
  trace_id: root,
  ...(parent === undefined ? {} : { parent_id: parent }),
  name: stateMachineArn.split(':')[6] ?? stateMachineArn,
  origin: 'AWS::StepFunctions::StateMachine',
  start_time: startDate / 1_000,
  ...(stopDate === undefined ? {} : { end_time: stopDate / 1_000 }),
  aws: { execution_arn: executionArn },
  ...OUTCOME[status],
  ...(error === undefined ? {} : failedWith(error)),
});

/**
 * The subsegments of an execution, out of its history: one for each state, inside the Map or Parallel it is in, and one for each
 * call of a function. What had not ended ends with the last event, marked as the fault that it was.
 */
export const stateSubsegments = (
  executionArn: string,
  trace_id: string,
  events: readonly HistoryEvent[]
): readonly Document[] => {
  const documents: Draft[] = [];
  const seen = new Map<string, number>();
  const frames = new Map<number, Frame | undefined>(); // the state in which each event leaves its branch
  const begin = (event: HistoryEvent, id: string, name: string, parent_id: string): Draft => {
    const start_time = event.timestamp / 1_000;
    const document: Draft = { id, trace_id, parent_id, type: 'subsegment', name: name.slice(0, 200), start_time };
    documents.push(document);
    return document;
  };
  const end = (document: Draft | undefined, event: HistoryEvent): void => {
    if (document !== undefined) document.end_time = event.timestamp / 1_000;
  };

  /** Out of the states that a failing branch never left. */
  const leave = (event: HistoryEvent, container: string, inner: Frame | undefined): Frame | undefined => {
    let frame = inner;
    for (; frame !== undefined && !frame.entered.startsWith(container); frame = frame.outer) {
      end(frame.document, event);
      frame.document.fault = true;
    }
    return frame;
  };

  const after = (event: HistoryEvent, before: Frame | undefined): Frame | undefined => {
    const { type } = event;
    const [, container] = OF_CONTAINER.exec(type) ?? [];
    const frame = container === undefined ? before : leave(event, container, before);
    const details = detailsOf(event);
    if (ENTERED.test(type)) {
      const outer = frame?.document.id ?? segmentIdOf(executionArn);
      const document = begin(event, segmentIdOf(executionArn, String(event.id)), String(details.name), outer);
      return { document, entered: type, outer: frame, call: undefined, calls: 0 };
    }
    if (frame === undefined) return undefined;
    if (SCHEDULED.test(type)) {
      const { functionArn, payload } = scheduledIn(event);
      const key = callIdOf(executionArn, functionArn, payload, 0);
      const made = seen.get(key) ?? 0;
      seen.set(key, made + 1);
      frame.calls += 1;
      if (frame.calls > 1) frame.document.annotations = { retries: frame.calls - 1 };
      frame.call = begin(event, callIdOf(executionArn, functionArn, payload, made), 'Lambda', frame.document.id);
      Object.assign(frame.call, { namespace: 'aws', aws: { operation: 'Invoke', function_arn: functionArn } });
    }
    const failed = FAILED.test(type)
      ? { fault: true, ...failedWith(String(details.error ?? (type.endsWith('TimedOut') ? 'States.Timeout' : type))) }
      : undefined;
    if (CALL_ENDED.test(type)) {
      // a token that fails does so after its call, which went well
      if (frame.call?.end_time === undefined) {
        end(frame.call, event);
        Object.assign(frame.call ?? {}, failed);
      } else Object.assign(frame.document, failed);
    } else Object.assign(frame.document, failed);
    if (!EXITED.test(type)) return frame;
    let left: Frame | undefined = frame;
    while (left !== undefined && left.document.name !== String(details.name).slice(0, 200)) left = left.outer;
    end(left?.document, event);
    if (left?.document.fault === true || left?.call?.fault === true) {
      delete left.document.fault; // it was caught
      left.document.error = true;
    }
    return left?.outer;
  };

  for (const event of events) frames.set(event.id, after(event, frames.get(event.previousEventId)));
  const last = events.at(-1);
  for (const document of documents) {
    if (last === undefined || document.end_time !== undefined) continue;
    end(document, last);
    if (/Failed|TimedOut|Aborted/.test(last.type)) document.fault = true;
  }
  return documents;
};
