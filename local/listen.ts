import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

/** A server on the loopback that answers 503 until it is told what to serve. */
export interface Listening {
  readonly url: string;
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

const STARTING: RequestListener = (_, response) => {
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify({ message: 'the local stack is starting' }));
};

/** Clients keep connections for reuse; the server must not be the first to drop one. */
const KEEP_ALIVE_MS = 120_000;

/** Takes a port of 127.0.0.1, any free one for 0. Rejects with an `Error` that says which port is busy. */
export const listen = async (port: number, what: string): Promise<Listening> => {
  let current = STARTING;
  const server = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
    current(request, response)
  );
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      const remedy = 'stop what uses it, or choose another port (0 takes any free one)';
      throw new Error(`port ${port} for ${what} is in use on 127.0.0.1: ${remedy}`, { cause });
    }
    throw cause;
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`${what} has no port`);
  return {
    url: `http://127.0.0.1:${address.port}`,
    serve: (listener) => {
      current = listener;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** The same listener, and how long all its answers together took so far, from request to end, in milliseconds. */
export const timed = (listener: RequestListener): { readonly listener: RequestListener; ms(): number } => {
  let total = 0;
  return {
    listener: (request, response) => {
      const begunMs = performance.now();
      response.once('close', () => {
        total += performance.now() - begunMs;
      });
      listener(request, response);
    },
    ms: () => total,
  };
};

/** One port for each HTTP API, the first at the port that was asked for. */
export const listenForApis = async (
  apiIds: readonly string[],
  port: number,
  open: (listening: Listening) => Listening
): Promise<ReadonlyMap<string, Listening>> => {
  const listening = new Map<string, Listening>();
  for (const [index, id] of apiIds.entries()) {
    listening.set(id, open(await listen(index === 0 ? port : 0, 'the HTTP API')));
  }
  return listening;
};
