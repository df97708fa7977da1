const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Calls `due` once at `atMs`, at once if that has passed, however far away it is. Returns what cancels it. The timer
 * does not keep the process alive: whoever serves does.
 */
export const callAt = (atMs: number, now: () => number, due: () => void): (() => void) => {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const leftMs = Math.max(0, atMs - now());
    timer = leftMs > LONGEST_DELAY_MS ? setTimeout(arm, LONGEST_DELAY_MS) : setTimeout(due, leftMs);
    timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
};
