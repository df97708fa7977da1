import type { Call } from './messages.ts';

/*
 * The lines that Lambda itself puts into a function's log around each invocation. The process of the function prints them,
 * so that they stand where they belong; of a process that is gone, the stack does.
 */

export const startLine = ({ requestId }: Pick<Call, 'requestId'>, version: string): string =>
  `START RequestId: ${requestId} Version: ${version}\n`;

export interface Usage {
  readonly durationMs: number;
  readonly memoryMegabytes: number;
  /** Unknown of a process that is gone. */
  readonly maxMemoryMegabytes?: number;
  /** Of the first invocation of a process: what it took to load the function. */
  readonly initMs?: number;
  /** `timeout`, or `error` with the name of what ended the process. */
  readonly status?: string;
}

/** `Root=1-…;Parent=…;Sampled=1`, as it goes into a report; nothing of a trace that is not recorded. */
const xrayOf = (traceHeader: string): string => {
  const [, root, parent] = /^Root=([\w-]+);Parent=(\w+);Sampled=1/.exec(traceHeader) ?? [];
  return root === undefined ? '' : `\tXRAY TraceId: ${root}\tSegmentId: ${parent}\tSampled: true`;
};

/** `END` and `REPORT`. In Lambda the trace stands on a line of its own within the same event: an event here is one line. */
export const endLines = ({ requestId, traceHeader }: Pick<Call, 'requestId' | 'traceHeader'>, usage: Usage): string => {
  const { durationMs, memoryMegabytes, maxMemoryMegabytes, initMs, status } = usage;
  const report = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`, // Lambda bills what a function takes to load, too
    `Memory Size: ${memoryMegabytes} MB`,
    ...(maxMemoryMegabytes === undefined ? [] : [`Max Memory Used: ${maxMemoryMegabytes} MB`]),
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ...(status === undefined ? [] : [`Status: ${status}`]),
  ].join('\t');
  return `END RequestId: ${requestId}\n${report}${xrayOf(traceHeader)}\n`;
};
