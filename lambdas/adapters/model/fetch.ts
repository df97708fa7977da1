/*
 * HTTP for providers: every answer is bounded in bytes, no redirect is followed, since a key would go along, and what
 * happened is kept, for an error of a client says little of it.
 */

/** A label takes a few hundred bytes; the rest is what providers put around it. */
export const MAX_BYTES = 1_000_000;

/** What one request has come to so far. */
export interface Exchange {
  status?: number;
  retryAfter?: string | null;
  /** The answer was there to its last byte. */
  isWhole: boolean;
  isTooLarge: boolean;
}

export const newExchange = (): Exchange => ({ isWhole: false, isTooLarge: false });

const bodyOf = async (response: Response, exchange: Exchange): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_BYTES) {
      exchange.isTooLarge = true;
      throw new Error('the answer is too large');
    }
    pieces.push(piece);
  }
  exchange.isWhole = true;
  return Buffer.concat(pieces);
};

/** Statuses whose answers have no body, by the standard. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

export const boundedFetch =
  (exchange: Exchange): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'error' });
    exchange.status = response.status;
    exchange.retryAfter = response.headers.get('retry-after');
    const body = await bodyOf(response, exchange);
    const type = response.headers.get('content-type');
    return new Response(BODILESS.has(response.status) ? null : new Uint8Array(body), {
      status: response.status,
      ...(type !== null && { headers: { 'content-type': type } }),
    });
  };
