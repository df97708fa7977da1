import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Behaviour = (response: ServerResponse, received: Received) => void;

/** A server that does with each request what the next behaviour says, and the last with all that follow. */
export const startServer = async (behaviours: readonly Behaviour[]) => {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString() };
    received.push(got);
    behaviours[Math.min(received.length, behaviours.length) - 1]?.(response, got);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

export const sends =
  (body: object | string, status = 200, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));

/** Comes byte by byte, and never to an end. */
export const trickles: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(timer));
};

/** Comes in pieces, but whole. */
export const dribbles =
  (body: object): Behaviour =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const pieces = JSON.stringify(body).match(/[\s\S]{1,40}/g) ?? [];
    const next = (): void => {
      const piece = pieces.shift();
      if (piece === undefined) response.end();
      else response.write(piece, () => setImmediate(next));
    };
    next();
  };

export const breaksOff: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"id":', () => response.destroy());
};

export const hangsUp: Behaviour = (response) => void response.destroy();

export const says10Megabytes: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = `"${'x'.repeat(100_000)}",`;
  let left = 100;
  const more = (): void => {
    left -= 1;
    if (left === 0) response.end();
    else response.write(chunk, () => more());
  };
  response.on('error', () => undefined);
  response.write('[', more);
};
