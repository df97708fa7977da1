import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Daemon, openDaemon } from '../../../local/trace/daemon.ts';
import type { Document } from '../../../local/trace/document.ts';

const PATIENCE = { timeout: 10_000 };
const HEADER = '{"format": "json", "version": 1}\n';
const whole = {
  id: '53995c3f42cd8ad8',
  trace_id: '1-5759e988-bd862e3fe1be46a994272793',
  parent_id: '53995c3f42cd8ad7',
  type: 'subsegment',
  name: 'DynamoDB',
  start_time: 1_795_574_022.019,
  end_time: 1_795_574_022.036,
  annotations: { run: 'r', tries: 2, late: false },
};

const listening = async (preferred = 0) => {
  const heard: Document[] = [];
  const daemon = await openDaemon((document) => heard.push(document), preferred);
  onTestFinished(() => daemon.close());
  return { daemon, heard };
};

const send = (daemon: Daemon, datagram: string | Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const port = Number(daemon.address.split(':')[1]);
    socket.send(datagram, port, '127.0.0.1', (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });

describe('the daemon that takes subsegments', () => {
  it('keeps what a document says by names, ids, times and annotations, and nothing that could quote content', async () => {
    const { daemon, heard } = await listening();
    const more = {
      sql: { sanitized_query: 'SELECT secret' },
      http: { request: { url: 'https://x/?secret' }, response: { status: 500, content_length: 3 } },
      aws: { operation: 'PutItem', request_id: 'q', table_name: 'secret' },
      cause: { exceptions: [{ id: '1', message: 'secret', type: 'TypeError', stack: [{ path: 'secret' }] }] },
      unknown: 'secret',
      subsegments: [{ id: '53995c3f42cd8ad9', name: 'inner', start_time: 1, end_time: 2, user: 'secret' }],
    };
    await send(daemon, HEADER + JSON.stringify({ ...whole, ...more }));
    await vi.waitUntil(() => heard.length === 1, PATIENCE);
    expect(heard[0]).toEqual({
      ...whole,
      http: { response: { status: 500 } },
      aws: { operation: 'PutItem', request_id: 'q' },
      cause: { exceptions: [{ type: 'TypeError' }] },
      subsegments: [{ id: '53995c3f42cd8ad9', name: 'inner', start_time: 1, end_time: 2 }],
    });
  });

  const deep = (levels: number): string =>
    `${'{"id":"53995c3f42cd8ad8","name":"x","start_time":1,"subsegments":['.repeat(levels)}${']}'.repeat(levels)}`;

  it.each([
    ['nothing', ''],
    ['no header', JSON.stringify(whole)],
    ['another header', `{"format": "xml", "version": 1}\n${JSON.stringify(whole)}`],
    ['no document', HEADER],
    ['no JSON', `${HEADER}{"id":`],
    ['bytes that are no text', Buffer.concat([Buffer.from(HEADER), Buffer.from([0xff, 0xfe, 0x00])])],
    ['a list', `${HEADER}[${JSON.stringify(whole)}]`],
    ['an id that is none', HEADER + JSON.stringify({ ...whole, id: '../../etc/passwd' })],
    ['a trace that is none', HEADER + JSON.stringify({ ...whole, trace_id: 'x' })],
    ['no name', HEADER + JSON.stringify({ ...whole, name: '' })],
    ['a name without end', HEADER + JSON.stringify({ ...whole, name: 'x'.repeat(201) })],
    ['a time that is none', HEADER + JSON.stringify({ ...whole, start_time: 'now' })],
    ['an annotation that is an object', HEADER + JSON.stringify({ ...whole, annotations: { run: {} } })],
    ['subsegments within subsegments without a trace', HEADER + deep(600)],
  ])('ignores %s, counts it, and goes on', async (_, datagram) => {
    const { daemon, heard } = await listening();
    await send(daemon, datagram);
    await vi.waitUntil(() => daemon.ignored() === 1, PATIENCE);
    await send(daemon, HEADER + JSON.stringify(whole));
    await vi.waitUntil(() => heard.length === 1, PATIENCE);
    expect(heard).toEqual([whole]);
  });

  it('keeps metadata of a sensible size', async () => {
    const { daemon, heard } = await listening();
    for (const size of [10, 20_000])
      await send(daemon, HEADER + JSON.stringify({ ...whole, metadata: { default: { text: 'x'.repeat(size) } } }));
    await vi.waitUntil(() => heard.length === 2, PATIENCE);
    expect(heard.map(({ metadata }) => metadata)).toEqual([
      { default: { text: 'x'.repeat(10) } },
      { omitted: 'too large' },
    ]);
  });

  it('takes another port where the one it prefers is taken', async () => {
    const first = await listening();
    const port = Number(first.daemon.address.split(':')[1]);
    const second = await listening(port);
    expect(second.daemon.address).not.toBe(first.daemon.address);
    await send(second.daemon, HEADER + JSON.stringify(whole));
    await vi.waitUntil(() => second.heard.length === 1, PATIENCE);
    expect(first.heard).toEqual([]);
  });
});
