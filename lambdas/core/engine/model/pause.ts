/** A provider that asks for more patience than this is left for another. */
const LONGEST_MS = 8_000;
const FIRST_MS = 250;

/**
 * How long to wait before the next request to the same model: what its provider asked for and a little more, or a random part of
 * an interval that doubles. Undefined where that is too long to wait. `random` is at least 0 and below 1.
 */
export const pauseMs = (request: number, afterMs: number | undefined, random: number): number | undefined => {
  const pause = afterMs === undefined ? random * FIRST_MS * 2 ** request : afterMs + random * FIRST_MS;
  return pause > LONGEST_MS ? undefined : Math.ceil(pause);
};
