/** How often in a row a model may fail before it is left alone. */
const FAILURES = 5;
/** For how long. */
const OPEN_MS = 30_000;

/**
 * Leaves a model alone that keeps failing: after five failures in a row it is not asked for half a minute, then once to see. It knows
 * what one process has seen, and no more: other processes find out for themselves.
 */
export interface Breaker {
  readonly allows: (nowMs: number) => boolean;
  readonly note: (hasFailed: boolean, nowMs: number) => void;
}

export const newBreaker = (): Breaker => {
  let failures = 0;
  let leftAloneUntilMs = Number.NEGATIVE_INFINITY;
  return {
    allows: (nowMs) => failures < FAILURES || nowMs >= leftAloneUntilMs,
    note: (hasFailed, nowMs) => {
      failures = hasFailed ? failures + 1 : 0;
      if (failures >= FAILURES) leftAloneUntilMs = nowMs + OPEN_MS;
    },
  };
};
