/**
 * Waits before the next try, at most twice `pauseMs` after the first one and twice as long after each: at random, so that those who
 * were turned away together do not come back together.
 */
export const backOff = (tries: number, pauseMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs * 2 ** tries));
