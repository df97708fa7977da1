import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../template/json.ts';
import type { TraceInvocation } from '../trace/invocations.ts';
import { InvocationRefused } from './invocation.ts';
import { createLending, type Lending, type LendingOptions } from './lending.ts';
import { type Answer, MAX_PAYLOAD_BYTES } from './messages.ts';

export interface InvokeOptions {
  readonly traceHeader?: string;
  readonly clientContext?: JsonObject;
  /** Gives up waiting for a free process; an invocation that runs is left to end, as in Lambda. */
  readonly signal?: AbortSignal;
}

export interface FunctionPool extends Pick<Lending, 'reserve' | 'warm' | 'reload'> {
  /** Runs a function, named by name or ARN. Rejects with `InvocationRefused` if it did not run, or when the signal aborts. */
  invoke(nameOrArn: string, payload: string, options?: InvokeOptions): Promise<Answer>;
  /** Invocations by function. */
  counters(): Readonly<Record<string, number>>;
  /** The time of all invocations together: from a process taking each to its answer, what they used of a CPU, and what Lambda would bill. */
  usage(): { readonly busyMs: number; readonly cpuMs: number; readonly gigabyteSeconds: number };
  /** Ends every process. What runs or waits is answered with an error. */
  close(): Promise<void>;
}

export interface PoolOptions extends LendingOptions {
  readonly trace: TraceInvocation;
}

/** Runs functions, each invocation in a process that it has for itself meanwhile. */
export const createPool = ({ trace, ...options }: PoolOptions): FunctionPool => {
  const lending = createLending(options);
  const invocations = new Map(options.functions.map(({ name }) => [name, 0]));
  let [busyMs, cpuMs, gigabyteSeconds] = [0, 0, 0];

  return {
    reserve: lending.reserve,
    warm: lending.warm,
    reload: lending.reload,
    invoke: async (nameOrArn, payload, { traceHeader, signal, ...said } = {}) => {
      const member = lending.memberOf(nameOrArn);
      signal?.throwIfAborted();
      if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
        const message = `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`;
        throw new InvocationRefused('RequestTooLargeException', message);
      }
      const requestId = randomUUID();
      const traced = trace(member.lambda, requestId, traceHeader);
      const process = await lending.borrow(member, signal).catch((error: unknown) => {
        if (error instanceof InvocationRefused) traced.ended(undefined);
        throw error;
      });
      const { lambda } = member;
      invocations.set(lambda.name, (invocations.get(lambda.name) ?? 0) + 1);
      if ('payload' in process) {
        traced.ended(process);
        return process;
      }
      traced.began(lending.isFirst(process) ? process.loading : undefined);
      const arn = nameOrArn.startsWith('arn:') ? nameOrArn : lambda.arn;
      const [begunMs, usedMs] = [performance.now(), process.cpuMs()];
      const deadline = Date.now() + lambda.timeoutSeconds * 1000;
      try {
        const answer = await process.invoke({ payload, requestId, arn, traceHeader: traced.header, deadline, ...said });
        traced.ended(answer);
        return answer;
      } finally {
        const tookMs = performance.now() - begunMs;
        busyMs += tookMs;
        gigabyteSeconds += (Math.ceil(tookMs) / 1_000) * (lambda.memoryMegabytes / 1_024);
        cpuMs += process.cpuMs() - usedMs;
        lending.giveBack(member, process);
      }
    },
    counters: () => Object.fromEntries(invocations),
    usage: () => ({ busyMs, cpuMs, gigabyteSeconds }),
    close: lending.close,
  };
};
