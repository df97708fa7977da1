const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The time that an interpreter lives by. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls `due` once at `atMs`, at once if that has passed, however far away it is. Returns what cancels it. */
  readonly callAt: (atMs: number, due: () => void) => () => void;
}

/** Timers of this process. They do not keep it alive: whoever serves does. */
export const systemClock = (now: () => number = () => Date.now()): Clock => ({
  now,
  callAt: (atMs, due) => {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const leftMs = Math.max(0, atMs - now());
      timer = leftMs > LONGEST_DELAY_MS ? setTimeout(arm, LONGEST_DELAY_MS) : setTimeout(due, leftMs);
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
});

/**
 * A clock that stands still while anything can happen without it, and then leaps to the next timer that is due: a year passes in
 * no time. Timers of one moment are called in the order in which they were set. Right for whatever waits for promises and this
 * clock alone.
 */
export const virtualClock = (startMs: number): Clock => {
  let nowMs = startMs;
  let isLeaping = false;
  const timers = new Set<{ readonly atMs: number; readonly due: () => void }>();

  const leap = (): void => {
    isLeaping = false;
    const [first, ...others] = timers;
    if (first === undefined) return;
    const next = others.reduce((soonest, timer) => (timer.atMs < soonest.atMs ? timer : soonest), first);
    timers.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.due();
    leapLater();
  };
  const leapLater = (): void => {
    if (isLeaping || timers.size === 0) return;
    isLeaping = true;
    setImmediate(leap); // runs when no promise has anything left to do
  };

  return {
    now: () => nowMs,
    callAt: (atMs, due) => {
      const timer = { atMs, due };
      timers.add(timer);
      leapLater();
      return () => {
        timers.delete(timer);
      };
    },
  };
};
