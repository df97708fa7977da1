import type { LambdaFunction } from '../template/functions.ts';
import { functionNameOf, InvocationRefused } from './invocation.ts';
import type { Answer } from './messages.ts';
import type { FunctionProcess } from './process.ts';

export interface LendingOptions {
  readonly functions: readonly LambdaFunction[];
  readonly start: (lambda: LambdaFunction) => Promise<FunctionProcess | Answer>;
  readonly perFunction?: number | undefined;
  readonly total?: number | undefined;
}

/** A function and its processes. */
export interface Member extends Readonly<Pick<Kept, 'lambda'>> {}

export interface Lending {
  /** Throws `InvocationRefused` where there is no function of this name. */
  memberOf(nameOrArn: string): Member;
  /** A process that is loaded, or why there is none. Rejects with `InvocationRefused`, or when the signal aborts. */
  borrow(member: Member, signal?: AbortSignal): Promise<FunctionProcess | Answer>;
  giveBack(member: Member, process: FunctionProcess): void;
  /** Whether a process has not been asked about before: it is lent for the first time. */
  isFirst(process: FunctionProcess): boolean;
  /**
   * Reserves how many invocations of a function may run at once; `undefined` reserves none. With 0 all that come or wait are
   * refused, and those that run are left to end.
   */
  reserve(name: string, concurrency: number | undefined): void;
  /** Resolves when each function has a process that is loaded. Rejects with the first function that cannot be loaded. */
  warm(): Promise<void>;
  /**
   * Runs a function from another folder from now on. Resolves when a process has loaded it: idle processes of the old code have ended
   * then, busy ones end when they have answered. Rejects, and keeps the old code, where it cannot be loaded.
   */
  reload(nameOrArn: string, folder: string): Promise<void>;
  /** Ends every process. What waits is answered with an error. */
  close(): Promise<void>;
}

interface Waiter {
  readonly take: (process: FunctionProcess | Answer) => void;
  readonly refuse: (reason: InvocationRefused) => void;
  readonly member: Kept;
}

/** What is known of a function's processes. */
interface Kept {
  lambda: LambdaFunction;
  cap: number;
  readonly idle: FunctionProcess[]; // the last one in is the first one out: the rest cool down and can be evicted
  live: number; // starting, busy or idle
  starting: number;
  idleSince: number;
  readonly busySince: Map<FunctionProcess, number>;
}

/**
 * A function gets another process when each of its processes has been at one invocation for longer than this: it waits for
 * somebody. Quick ones serve a burst one after the other, sooner than more processes than cores could.
 */
const PATIENCE_MS = 250;
const MAX_WAITING = 2_000;

const notLoaded = ({ name }: LambdaFunction, { payload }: Answer): Error => {
  const { errorType, errorMessage } = JSON.parse(payload);
  return new Error(`function ${name} cannot be loaded: ${errorType}: ${errorMessage}`);
};

const rateExceeded = (): InvocationRefused => new InvocationRefused('TooManyRequestsException', 'Rate Exceeded.');

/**
 * Keeps processes of functions and lends each to one borrower at a time. Who waits longest is served first; when the total
 * is reached, an idle process of another function makes room.
 */
export const createLending = ({ functions, start, perFunction = 4, total = 32 }: LendingOptions): Lending => {
  const capOf = (reserved: number | undefined): number => Math.min(perFunction, reserved ?? perFunction);
  const members = new Map<string, Kept>(
    functions.map((lambda) => [
      lambda.name,
      {
        lambda,
        cap: capOf(lambda.concurrency),
        idle: [],
        live: 0,
        starting: 0,
        idleSince: 0,
        busySince: new Map(),
      },
    ])
  );
  const processes = new Set<FunctionProcess>();
  const starts = new Set<Promise<void>>();
  const unused = new WeakSet<FunctionProcess>();
  const outdated = new WeakSet<FunctionProcess>();
  let waiting: Waiter[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const memberOf = (nameOrArn: string): Kept => {
    const member = members.get(functionNameOf(nameOrArn));
    if (member === undefined) {
      throw new InvocationRefused('ResourceNotFoundException', `Function not found: ${nameOrArn}`);
    }
    return member;
  };
  const liveTotal = (): number => members.values().reduce((sum, { live }) => sum + live, 0);

  const lendIdle = (member: Kept): FunctionProcess | undefined => {
    if (member.busySince.size >= member.cap) return undefined;
    const process = member.idle.pop();
    if (process !== undefined) member.busySince.set(process, performance.now());
    return process;
  };

  const discard = (member: Kept, process: FunctionProcess): void => {
    if (!processes.delete(process)) return;
    member.live -= 1;
    member.busySince.delete(process);
    const index = member.idle.indexOf(process);
    if (index >= 0) member.idle.splice(index, 1);
    serveWaiters();
  };

  /** Ends the process that has been idle for longest, of a function other than the one that needs room. */
  const evictFor = (needy: Kept): boolean => {
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

  /** Starts a process and keeps it, unless the pool or its code has gone meanwhile. */
  const launch = (member: Kept, lambda: LambdaFunction): Promise<FunctionProcess | Answer> => {
    member.live += 1;
    const started = start(lambda).then((process) => {
      if ('payload' in process) member.live -= 1;
      else {
        processes.add(process);
        unused.add(process);
        void process.exited.then(() => discard(member, process));
        if (closed) void process.kill();
      }
      return process;
    });
    const settled = started.then(() => {});
    starts.add(settled);
    void settled.finally(() => starts.delete(settled));
    return started;
  };

  const keep = (member: Kept, process: FunctionProcess): void => {
    if (outdated.has(process)) void process.kill();
    else member.idle.push(process);
  };

  const add = (member: Kept): void => {
    const { lambda } = member;
    member.starting += 1;
    void launch(member, lambda).then((process) => {
      member.starting -= 1;
      const isCurrent = lambda === member.lambda;
      if (!('payload' in process)) {
        if (!isCurrent) outdated.add(process);
        if (!closed) keep(member, process);
      } else if (isCurrent) {
        const index = waiting.findIndex((waiter) => waiter.member === member);
        waiting.splice(index, index < 0 ? 0 : 1)[0]?.take(process);
      }
      serveWaiters();
    });
  };

  const serveWaiters = (): void => {
    clearTimeout(timer);
    if (closed) return;
    let patience = Number.POSITIVE_INFINITY;
    waiting = waiting.filter(({ member, take }) => {
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

  const borrow = (member: Kept, signal?: AbortSignal): Promise<FunctionProcess | Answer> => {
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
      const waiter: Waiter = { member, take, refuse: leave };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.push(waiter);
      serveWaiters();
    });
  };

  const giveBack = (member: Kept, process: FunctionProcess): void => {
    member.busySince.delete(process);
    if (!processes.has(process)) return;
    keep(member, process);
    member.idleSince = performance.now();
    serveWaiters();
  };

  return {
    memberOf,
    borrow: (member, signal) => borrow(memberOf(member.lambda.name), signal),
    giveBack: (member, process) => giveBack(memberOf(member.lambda.name), process),
    isFirst: (process) => unused.delete(process),
    reload: async (nameOrArn, folder) => {
      const member = memberOf(nameOrArn);
      const lambda = { ...member.lambda, folder };
      const process = await launch(member, lambda);
      if ('payload' in process) throw notLoaded(lambda, process);
      member.lambda = lambda;
      for (const busy of member.busySince.keys()) outdated.add(busy);
      const idle = member.idle.splice(0);
      for (const old of idle) outdated.add(old);
      if (!closed) keep(member, process);
      serveWaiters();
      await Promise.all(idle.map((old) => old.kill()));
    },
    reserve: (name, concurrency) => {
      const member = memberOf(name);
      member.cap = capOf(concurrency);
      if (member.cap > 0) return serveWaiters();
      for (const { member: wanted, refuse } of [...waiting]) if (wanted === member) refuse(rateExceeded());
    },
    warm: async () => {
      const lend = async (member: Kept): Promise<void> => {
        if (member.cap === 0) return;
        const process = await borrow(member);
        if ('payload' in process) throw notLoaded(member.lambda, process);
        giveBack(member, process);
      };
      await Promise.all([...members.values()].slice(0, total).map(lend));
    },
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
