import { type Answer, errorTypeOf } from '../functions/messages.ts';
import type { LambdaFunction } from '../template/functions.ts';
import { type Document, failedWith, type Part } from './document.ts';
import { headerOf, newSegmentId, traceFrom } from './header.ts';
import type { Record } from './traces.ts';

/** One invocation, as Lambda traces it. */
export interface InvocationTrace {
  /** What the function gets: what it traces stands below its own segment. */
  readonly header: string;
  /** A process takes the invocation; `loading`, where it was started for it. */
  began(loading?: { readonly startMs: number; readonly endMs: number }): void;
  /** With the function's answer, or nothing where it did not run: there was no process for it. */
  ended(answer: Answer | undefined): void;
}

export type TraceInvocation = (
  lambda: Pick<LambdaFunction, 'name' | 'arn'>,
  requestId: string,
  header: string | undefined
) => InvocationTrace;

const seconds = (milliseconds: number): number => milliseconds / 1_000;

/**
 * Traces invocations by two segments each, as Lambda does: the service's (`AWS::Lambda`), which begins when it is asked, and below
 * it the function's (`AWS::Lambda::Function`) with its initialization, if there is one, and the invocation itself.
 */
export const invocationTraces =
  (record: Record, now: () => number): TraceInvocation =>
  ({ name, arn }, request_id, given) => {
    const context = traceFrom(given, now());
    const [service, own] = [newSegmentId(), newSegmentId()];
    const header = headerOf({ ...context, parent: own });
    if (!context.sampled) return { header, began: () => {}, ended: () => {} };

    const asked = now();
    let begun: number | undefined;
    let initialization: Part | undefined;
    return {
      header,
      began: (loading) => {
        begun = now();
        if (loading === undefined || loading.startMs < asked) return;
        initialization = {
          id: newSegmentId(),
          name: 'Initialization',
          start_time: seconds(loading.startMs),
          end_time: seconds(loading.endMs),
        };
      },
      ended: (answer) => {
        const end_time = seconds(now());
        const common = { name, trace_id: context.root, end_time, aws: { request_id, function_arn: arn } };
        const marks: Partial<Document> =
          answer === undefined
            ? { error: true, throttle: true } // Lambda refuses what it has no process for
            : answer.failed
              ? { fault: true, ...failedWith(errorTypeOf(answer)) }
              : {};
        record({
          ...common,
          ...marks,
          id: service,
          origin: 'AWS::Lambda',
          start_time: seconds(asked),
          ...(context.parent === undefined ? {} : { parent_id: context.parent }),
        });
        if (begun === undefined) return;
        const invocation: Part = {
          id: newSegmentId(),
          name: 'Invocation',
          start_time: seconds(begun),
          end_time,
          ...marks,
        };
        record({
          ...common,
          ...marks,
          id: own,
          origin: 'AWS::Lambda::Function',
          parent_id: service,
          start_time: initialization?.start_time ?? seconds(begun),
          subsegments: [...(initialization === undefined ? [] : [initialization]), invocation],
        });
      },
    };
  };
