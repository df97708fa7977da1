import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeFunctionsAt } from '../../../cli/aws/write-functions.ts';
import { saveConnection } from '../../../cli/connection.ts';
import { main } from '../../../cli/main.ts';
import { aShell } from '../support/shell.ts';

let data = '';
let server: Server;
let answer: RequestListener;
let asked: string[] = [];
let endpoint = '';

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  data = await mkdtemp(join(tmpdir(), 'writ-glass-'));
  await saveConnection(data, { api: endpoint, aws: endpoint, client: 'c', pid: process.pid, users: [] });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(data, { recursive: true, force: true });
});

const silent: RequestListener = () => undefined;
const stalling: RequestListener = (_, response) =>
  void response.writeHead(200, { 'content-length': 99 }).write('{"Functions"');

const NAMES = ['One', 'Two', 'Three'];
const listed = {
  Functions: NAMES.map((name) => ({
    FunctionName: name,
    FunctionArn: `arn:${name}`,
    Timeout: 9,
    Environment: { Variables: { SCOPE: 'jira:write', STATE_TABLE: 'state' } },
  })),
};
const tagged = { Tags: { 'writ:scope': 'jira:write', 'writ:effect': 'write' } };

/** A profile whose credentials a program gives once it is answered, which is when the server of this test closes. */
const profileThatWaits = async () => {
  const ask = `"${process.execPath}" -e "fetch('${endpoint}/credentials').catch(() => 0)"`;
  await writeFile(join(data, 'config'), `[profile slow]\ncredential_process = ${ask}\n`);
  vi.stubEnv('AWS_CONFIG_FILE', join(data, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(data, 'none'));
  vi.stubEnv('AWS_PROFILE', 'slow');
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
};

const never = new AbortController().signal;

describe('write functions of an account', () => {
  it.each([
    ['nothing', silent],
    ['a part of an answer', stalling],
  ])('are given up after two tries where %s is heard', async (_, how) => {
    answer = how;
    using functions = await writeFunctionsAt({ endpoint, stop: never, timeoutMs: 100 });
    await expect(functions.list()).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(asked).toHaveLength(2);
    await expect(functions.reserve('One', 0)).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(functions.reserve('One', undefined)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('are given up where there are no credentials in time, and it is said what does not answer', async () => {
    answer = silent;
    await profileThatWaits();
    using functions = await writeFunctionsAt({ stop: never, credentialsMs: 100 });
    const said = /^there were no AWS credentials within 0\.1 seconds: .*AWS profile.*get-caller-identity/;
    await Promise.all(
      [functions.list(), functions.reserve('One', 0), functions.reserve('One', undefined)].map((work) =>
        expect(work).rejects.toThrow(said)
      )
    );
    expect(asked.filter((line) => line !== 'GET /credentials')).toEqual([]);
  });

  it('are asked for at once: one that does not answer keeps no other waiting', async () => {
    const waiting: (() => void)[] = [];
    answer = ({ url = '' }, response) => {
      if (url.endsWith('/functions/') || url.endsWith('/functions')) return void response.end(JSON.stringify(listed));
      waiting.push(() => void response.end(JSON.stringify(tagged)));
      if (waiting.length === NAMES.length) for (const each of waiting) each();
    };
    using functions = await writeFunctionsAt({ endpoint, stop: never });
    expect((await functions.list()).map(({ name }) => name)).toEqual(['One', 'Three', 'Two']);
  });
});

describe('writ break-glass', () => {
  it('ends at the first signal, though Lambda does not answer', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('interrupted by SIGINT'));
    const { shell, written } = aShell({ stop: stop.signal });
    expect(await main(['break-glass', '--all', '--yes', '--data', data], shell)).toBe(1);
    expect(written.err).toBe('Interrupted.\n');
  });

  it('ends at the first signal, though it has no credentials yet', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('interrupted by SIGINT'));
    await profileThatWaits();
    const { shell, written } = aShell({ stop: stop.signal });
    expect(await main(['break-glass', '--all', '--aws', '--yes'], shell)).toBe(1);
    expect(written.err).toBe('Interrupted.\n');
    expect(asked).toEqual(['GET /credentials']);
  });

  it('tells of each function what is known, where a signal ends it while it changes them', async () => {
    const stop = new AbortController();
    answer = ({ method, url = '' }, response) => {
      if (method !== 'GET') return url.includes('/One/') ? void response.end('{}') : stop.abort(new Error('SIGINT'));
      response.end(JSON.stringify(/functions\/?$/.test(url) ? listed : tagged));
    };
    const { shell, written } = aShell({ stop: stop.signal });
    expect(await main(['break-glass', '--all', '--yes', '--data', data], shell)).toBe(1);
    expect(written.out).toContain('jira:write: reserved concurrency none → 0 (One)');
    expect(written.out).toContain(
      'Not confirmed: jira:write, reserved concurrency was none: changing Two failed: SIGINT'
    );
    expect(asked.filter((line) => line.startsWith('PUT'))).toHaveLength(2); // of the third nothing is asked
  });
});
