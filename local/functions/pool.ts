import { randomUUID } from 'node:crypto';
import type { LambdaFunction } from '../template/functions.ts';
import type { JsonObject } from '../template/json.ts';
import { functionNameOf, InvocationRefused } from './invocation.ts';
import { type Answer, MAX_PAYLOAD_BYTES } from './messages.ts';
import type { FunctionProcess } from './process.ts';

export interface InvokeOptions {
  readonly traceHeader?: string;
  readonly clientContext?: JsonObject;
  /** Gives up waiting for a free process; an invocation that runs is left to end, as in Lambda. */
  readonly signal?: AbortSignal;
}

export interface FunctionPool {
  /** Runs a function, named by name or ARN. Rejects with `InvocationRefused` if it did not run, or when the signal aborts. */
  invoke(nameOrArn: string, payload: string, options?: InvokeOptions): Promise<Answer>;
  /**
   * Reserves how many invocations of a function may run at once; `undefined` reserves none. With 0 all that come or wait are
   * refused, and those that run are left to end.
   */
  reserve(name: string, concurrency: number | undefined): void;
  /** Resolves when each function has a process that is loaded. Rejects with the first function that cannot be loaded. */
  warm(): Promise<void>;
  /** Invocations by function. */
  counters(): Readonly<Record<string, number>>;
  /** Ends every process. What runs or waits is answered with an error. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly functions: readonly LambdaFunction[];
  readonly start: (lambda: LambdaFunction) => Promise<FunctionProcess | Answer>;
  readonly perFunction?: number;
  readonly total?: number;
}

interface Waiter {
  readonly take: (process: FunctionProcess | Answer) => void;
  readonly refuse: (reason: InvocationRefused) => void;
  readonly lambda: LambdaFunction;
}

interface Member {
  readonly lambda: LambdaFunction;
  cap: number;
  readonly idle: FunctionProcess[]; // the last one in is the first one out: the rest cool down and can be evicted
  live: number; // starting, busy or idle
  starting: number;
  invocations: number;
  idleSince: number;
  readonly busySince: Map<FunctionProcess, number>;
}

/**
 * A function gets another process when each of its processes has been at one invocation for longer than this: it waits for
 * somebody. Quick ones serve a burst one after the other, sooner than more processes than cores could.
 */
const PATIENCE_MS = 250;
const MAX_WAITING = 2_000;

const rateExceeded = (): InvocationRefused => new InvocationRefused('TooManyRequestsException', 'Rate Exceeded.');

/**
 * Keeps processes of functions and lends each to one invocation at a time. Who waits longest is served first; when the total
 * is reached, an idle process of another function makes room.
 */
export const createPool = ({ functions, start, perFunction = 4, total = 32 }: PoolOptions): FunctionPool => {
  const capOf = (reserved: number | undefined): number => Math.min(perFunction, reserved ?? perFunction);
  const members = new Map<string, Member>(
    functions.map((lambda) => [
      lambda.name,
      {
        lambda,
        cap: capOf(lambda.concurrency),
        idle: [],
        live: 0,
        starting: 0,
        invocations: 0,
        idleSince: 0,
        busySince: new Map(),
      },
    ])
  );
  const processes = new Set<FunctionProcess>();
  const starts = new Set<Promise<void>>();
  let waiting: Waiter[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const memberOf = (nameOrArn: string): Member => {
    const member = members.get(functionNameOf(nameOrArn));
    if (member === undefined) {
      throw new InvocationRefused('ResourceNotFoundException', `Function not found: ${nameOrArn}`);
    }
    return member;
  };
  const liveTotal = (): number => members.values().reduce((sum, { live }) => sum + live, 0);

  const lendIdle = (member: Member): FunctionProcess | undefined => {
    if (member.busySince.size >= member.cap) return undefined;
    const process = member.idle.pop();
    if (process !== undefined) member.busySince.set(process, performance.now());
    return process;
  };

  const discard = (member: Member, process: FunctionProcess): void => {
    if (!processes.delete(process)) return;
    member.live -= 1;
    member.busySince.delete(process);
    const index = member.idle.indexOf(process);
    if (index >= 0) member.idle.splice(index, 1);
    serveWaiters();
  };

  /** Ends the process that has been idle for longest, of a function other than the one that needs room. */
  const evictFor = (needy: Member): boolean => {
    const victim = [...members.values()]
      .filter((member) => member !== needy && member.idle.length > 0)
      .sort((one, other) => one.idleSince - other.idleSince)[0];
    const process = victim?.idle.shift();
    if (victim === undefined || process === undefined) return false;
    processes.delete(process);
    victim.live -= 1;
    void process.kill();
    return true;
  };

  const add = (member: Member): void => {
    member.live += 1;
    member.starting += 1;
    const started = start(member.lambda).then((process) => {
      member.starting -= 1;
      if ('payload' in process) {
        member.live -= 1;
        const index = waiting.findIndex(({ lambda }) => lambda === member.lambda);
        waiting.splice(index, index < 0 ? 0 : 1)[0]?.take(process);
      } else {
        processes.add(process);
        void process.exited.then(() => discard(member, process));
        if (closed) void process.kill();
        else member.idle.push(process);
      }
      serveWaiters();
    });
    starts.add(started);
    void started.finally(() => starts.delete(started));
  };

  const serveWaiters = (): void => {
    clearTimeout(timer);
    if (closed) return;
    let patience = Number.POSITIVE_INFINITY;
    waiting = waiting.filter(({ lambda, take }) => {
      const member = memberOf(lambda.name);
      const process = lendIdle(member);
      if (process !== undefined) {
        take(process);
        return false;
      }
      if (member.live >= member.cap || member.starting > 0) return true; // one at a time: the next may do without
      const latest = Math.max(...member.busySince.values());
      const left = member.live === 0 ? 0 : latest + PATIENCE_MS - performance.now();
      if (left > 0) patience = Math.min(patience, left);
      else if (liveTotal() < total || evictFor(member)) add(member);
      return true;
    });
    if (patience < Number.POSITIVE_INFINITY) timer = setTimeout(serveWaiters, patience);
  };

  const borrow = (member: Member, signal?: AbortSignal): Promise<FunctionProcess | Answer> => {
    const process = lendIdle(member);
    if (process !== undefined) return Promise.resolve(process);
    if (member.cap === 0 || waiting.length >= MAX_WAITING || closed) {
      return Promise.reject(rateExceeded());
    }
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        waiting = waiting.filter((other) => other !== waiter);
        signal?.removeEventListener('abort', giveUp);
        reject(reason);
      };
      const giveUp = (): void => leave(signal?.reason);
      const take = (lent: FunctionProcess | Answer): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(lent);
      };
      const waiter: Waiter = { lambda: member.lambda, take, refuse: leave };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.push(waiter);
      serveWaiters();
    });
  };

  const giveBack = (member: Member, process: FunctionProcess): void => {
    member.busySince.delete(process);
    if (!processes.has(process)) return;
    member.idle.push(process);
    member.idleSince = performance.now();
    serveWaiters();
  };

  return {
    invoke: async (nameOrArn, payload, { traceHeader = '', signal, ...said } = {}) => {
      const member = memberOf(nameOrArn);
      signal?.throwIfAborted();
      if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
        const message = `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`;
        throw new InvocationRefused('RequestTooLargeException', message);
      }
      const process = await borrow(member, signal);
      member.invocations += 1;
      if ('payload' in process) return process;
      const { lambda } = member;
      const arn = nameOrArn.startsWith('arn:') ? nameOrArn : lambda.arn;
      const { timeoutSeconds } = lambda;
      const deadline = Date.now() + timeoutSeconds * 1000;
      const answer = process.invoke({ payload, requestId: randomUUID(), arn, traceHeader, deadline, ...said });
      return answer.finally(() => giveBack(member, process));
    },
    reserve: (name, concurrency) => {
      const member = memberOf(name);
      member.cap = capOf(concurrency);
      if (member.cap > 0) return serveWaiters();
      for (const { lambda, refuse } of [...waiting]) if (lambda === member.lambda) refuse(rateExceeded());
    },
    warm: async () => {
      const lend = async (member: Member): Promise<void> => {
        if (member.cap === 0) return;
        const process = await borrow(member);
        if ('payload' in process)
          throw new Error(`function ${member.lambda.name} cannot be loaded: ${process.payload}`);
        giveBack(member, process);
      };
      await Promise.all([...members.values()].slice(0, total).map(lend));
    },
    counters: () => Object.fromEntries(members.values().map(({ lambda, invocations }) => [lambda.name, invocations])),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const answer: Answer = {
        failed: true,
        payload: JSON.stringify({
          errorType: 'ServiceException',
          errorMessage: 'the local stack is closing',
          trace: [],
        }),
      };
      for (const { take } of waiting.splice(0)) take(answer);
      await Promise.all(starts);
      await Promise.all([...processes].map((process) => process.kill()));
    },
  };
};
