import type { Invoke } from '../states/attempt.ts';
import type { Clock } from '../states/clock.ts';
import { StatesError, TaskFailure } from '../states/failure.ts';
import type { States } from '../states/service.ts';
import type { Json } from '../template/json.ts';
import type { Answer, Callback } from './case.ts';

/** A call of a function, in the order in which they were made. */
export interface Called {
  /** As the case names it; as the state machine does, where the case scripts no such function. */
  readonly fn: string;
  readonly payload: Json;
}

/** `name`, `name:version`, `account:function:name…` or an ARN → `name`. */
export const functionNameOf = (named: string): string => {
  const parts = named.split(':');
  return parts[parts.indexOf('function') + 1] ?? '';
};

/** Whether a case that says `key` means the function that the machine calls `named`. */
export const isMeant = (key: string, named: string): boolean =>
  key === named || functionNameOf(key) === functionNameOf(named);

/** By the very string first, then by the function's name. */
const scriptedFor = <T>(
  scripts: Readonly<Record<string, T>>,
  named: string
): { key: string; script: T } | undefined => {
  const key = Object.hasOwn(scripts, named) ? named : Object.keys(scripts).find((each) => isMeant(each, named));
  const script = key === undefined ? undefined : scripts[key];
  return key === undefined || script === undefined ? undefined : { key, script };
};

/** A name of AWS's own says what happened; any other is what the function threw, as Lambda reports it. */
const failureOf = ({ throw: error, message = '' }: Extract<Answer, { throw: string }>): TaskFailure => {
  const said = message === '' ? undefined : message;
  switch (error) {
    case 'States.Timeout':
      return new TaskFailure('States.Timeout', said, 'timeout');
    case 'States.HeartbeatTimeout':
      return new TaskFailure('States.Timeout', said, 'heartbeat');
    case 'States.TaskFailed':
    case 'States.Permissions':
      return new TaskFailure(error, message);
    default:
      return error.startsWith('States.')
        ? new TaskFailure(error, message, 'state')
        : new TaskFailure(error, JSON.stringify({ errorType: error, errorMessage: message, trace: [] }));
  }
};

export interface Scripts {
  readonly lambda: Readonly<Record<string, readonly Answer[]>>;
  readonly callbacks: Readonly<Record<string, readonly Callback[]>>;
}

export interface Stage {
  readonly invoke: Invoke;
  readonly calls: readonly Called[];
  /** What the author of the case may want to know. */
  readonly notes: readonly string[];
}

/** Plays the functions, and whoever answers task tokens. `states` is the interpreter, once it is there. */
export const stageOf = ({ lambda, callbacks }: Scripts, clock: Clock, states: () => States): Stage => {
  const calls: Called[] = [];
  const notes: string[] = [];
  const used = new Map<string, number>();

  /** The next entry of a list; the last one repeats. */
  const next = <T>(list: string, entries: readonly T[]): T | undefined => {
    const at = used.get(list) ?? 0;
    used.set(list, at + 1);
    return entries[Math.min(at, entries.length - 1)];
  };
  const later = (seconds: number): Promise<void> =>
    new Promise((resolve) => {
      clock.callAt(clock.now() + seconds * 1_000, resolve);
    });

  const answer = async (entry: Answer): Promise<Json> => {
    if ('hang' in entry) return new Promise<never>(() => {});
    if (entry.after !== undefined) await later(entry.after);
    if ('throw' in entry) throw failureOf(entry);
    return entry.return;
  };

  const send = async (token: string, entry: Exclude<Callback, { hang: true }>): Promise<void> => {
    if ('success' in entry) await states().sendTaskSuccess(token, JSON.stringify(entry.success));
    else if ('failure' in entry)
      await states().sendTaskFailure(token, entry.failure === '' ? undefined : entry.failure, entry.cause);
    else await states().sendTaskHeartbeat(token);
  };

  /** What happens to one token: heartbeats and what follows them, if anything does. */
  const nextForToken = (list: string, entries: readonly Callback[]): readonly Callback[] => {
    const taken: Callback[] = [];
    for (;;) {
      const isLast = (used.get(list) ?? 0) >= entries.length - 1;
      const entry = next(list, entries);
      if (entry !== undefined) taken.push(entry);
      if (entry === undefined || !('heartbeat' in entry) || isLast) return taken;
    }
  };

  const callBack = async (fn: string, token: string, entries: readonly Callback[]): Promise<void> => {
    for (const entry of entries) {
      if ('hang' in entry) return;
      await later(entry.after ?? 0);
      try {
        await send(token, entry);
      } catch (error) {
        if (!(error instanceof StatesError)) throw error;
        notes.push(`an answer to the token of ${fn} was refused: ${error.name}: ${error.message}`);
        return;
      }
    }
  };

  const invoke: Invoke = async ({ functionArn: fn, payload, token }) => {
    const function_ = scriptedFor(lambda, fn);
    const tokens = token === undefined ? undefined : scriptedFor(callbacks, fn);
    calls.push({ fn: function_?.key ?? tokens?.key ?? fn, payload });
    if (function_ === undefined && token === undefined)
      throw new TaskFailure(
        'Lambda.ResourceNotFoundException',
        `Function not found: ${fn}: the case scripts no such function`
      );
    if (function_ === undefined && tokens === undefined)
      notes.push(`${fn} is scripted neither in lambda nor in callbacks: its token is never answered`);
    const entry = function_ === undefined ? { return: null } : next(`lambda ${function_.key}`, function_.script);
    if (entry === undefined) throw new Error(`there is no answer for ${fn}`);
    if (token !== undefined && tokens !== undefined && !('throw' in entry))
      void callBack(fn, token, nextForToken(`callbacks ${tokens.key}`, tokens.script));
    return answer(entry);
  };

  return { invoke, calls, notes };
};
