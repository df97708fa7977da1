import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request with its body, as the protocols read it. */
export interface Exchange {
  readonly method: string;
  /** As it was sent: percent-encoded, dots and all. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An error that AWS would answer, by the name AWS gives it. Each protocol puts it in its own shape. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly status: number;
  /** What the answer says besides. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(name: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = name;
    this.status = status;
    this.headers = headers;
  }
}

/** Part of a path, as it was before it was percent-encoded. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError('ValidationException', 'the path is not percent-encoded UTF-8');
  }
};

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** Reads a body of at most `limit` bytes. A body in one piece, as nearly all are, is not copied. */
export const readBody = (request: IncomingMessage, limit: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= limit) pieces.push(piece);
      else {
        pieces.length = 0;
        reject(new BodyTooLarge(`the body has more than ${limit} bytes`));
      }
    });
    request.on('end', () => resolve(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });

export const readExchange = async (request: IncomingMessage, limit: number): Promise<Exchange> => {
  const { method = 'GET', url = '/', headers } = request;
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
  return { method, path, query: new URLSearchParams(query), headers, body: await readBody(request, limit) };
};

/** Sends a reply under the id of its request. The length of one without a body, to `HEAD`, is what its headers say. */
export const send = (response: ServerResponse, requestId: string, { status, headers, body }: Reply): void => {
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { 'x-amzn-requestid': requestId, ...length, ...headers }).end(body);
};
