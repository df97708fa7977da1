import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { documentIn } from './document.ts';
import type { Record } from './traces.ts';

/** What X-Ray's daemon is to functions: an address that takes their subsegments. */
export interface Daemon {
  /** `127.0.0.1:<port>`, for `AWS_XRAY_DAEMON_ADDRESS`. */
  readonly address: string;
  /** Datagrams that were no document, or one that is out of bounds. */
  ignored(): number;
  close(): Promise<void>;
}

/** The daemon's own port. */
const DAEMON_PORT = 2_000;
/** X-Ray's limit for a document; a datagram holds no more. */
const MAX_BYTES = 64 * 1024;
const HEADER = /^\s*\{\s*"format"\s*:\s*"json"\s*,\s*"version"\s*:\s*1\s*\}\s*$/;

const bind = async (port: number): Promise<Socket | undefined> => {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  try {
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    if (error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES'))
      return undefined;
    throw error;
  }
};

/** Takes documents at the daemon's port or, where that is taken, at any other. A datagram that is no document is counted. */
export const openDaemon = async (record: Record, preferred = DAEMON_PORT): Promise<Daemon> => {
  const socket = (await bind(preferred)) ?? (await bind(0));
  if (socket === undefined) throw new Error('no free UDP port on 127.0.0.1 for traces');
  let ignored = 0;
  socket.on('message', (datagram) => {
    const text = datagram.length > MAX_BYTES ? '' : datagram.toString('utf8');
    const end = text.indexOf('\n');
    const document = HEADER.test(text.slice(0, Math.max(0, end))) ? documentIn(text.slice(end + 1)) : undefined;
    if (document === undefined) ignored += 1;
    else record(document);
  });
  socket.on('error', () => {}); // of one datagram
  return {
    address: `127.0.0.1:${socket.address().port}`,
    ignored: () => ignored,
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
};
