import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Api, apiAt } from '../../cli/client.ts';
import { Unreachable } from '../../cli/http.ts';
import { main } from '../../cli/main.ts';
import { aShell } from './support/shell.ts';
import { answering, RUN, writ } from './support/writ.ts';

/** The address of a server that deals with every request so. */
const served = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
};

const neverAnswers: RequestListener = () => undefined;
const breaksOff: RequestListener = ({ socket }) => void socket.destroy();
const gateway: RequestListener = (_, response) => response.writeHead(503).end('{"message":"Service Unavailable"}');
const advice = 'Check the URL.';
/** The API there, and how often it was asked. */
const at = (url: string, isPatient: boolean) => {
  let asked = 0;
  const token = async () => {
    asked += 1;
    return 't';
  };
  const timeoutMs = isPatient ? 30_000 : 100;
  const api = apiAt({ url, token, advice, timeoutMs, attempts: 2, pause: async () => undefined });
  return { api, asked: () => asked };
};

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error
  );

const ONCE: readonly (readonly [string, (api: Api) => Promise<unknown>, string])[] = [
  ['a task without a key', (api) => api.submit({ workflow: 'w', input: {} }), 'writ runs'],
  ['a reply', (api) => api.reply(RUN, { issueKey: 'OPS-1' }), `writ run ${RUN}`],
  [
    'a change of releases of what nobody saw',
    (api) => api.setReleases('triage', { action: 'rollback', reason: 'x' }),
    'writ releases triage',
  ],
];
const REPEATED: readonly (readonly [string, (api: Api) => Promise<unknown>])[] = [
  ['a task with a key', (api) => api.submit({ workflow: 'w', input: {} }, 'k')],
  [
    'a change of releases of what was seen',
    (api) => api.setReleases('triage', { action: 'rollback', reason: 'x', expects: 'e' }),
  ],
  ['a look', (api) => api.run(RUN)],
];

describe('a request that must not be repeated', () => {
  it.each(
    ONCE.flatMap(([what, ask, look]) => [
      [what, 'that is never answered', neverAnswers, 'did not answer in time', ask, look] as const,
      [what, 'that breaks off', breaksOff, 'gave no answer', ask, look] as const,
    ])
  )('%s, %s, is sent once, and nobody knows whether it arrived', async (_what, _how, listener, why, ask, look) => {
    const url = await served(listener);
    const { api, asked } = at(url, listener !== neverAnswers);
    const failure = await failureOf(ask(api));
    expect(failure).toBeInstanceOf(Unreachable);
    expect(failure).toMatchObject({
      message: `The API at ${url} ${why}. Nobody knows whether it arrived: look with "${look}" before you send it again.`,
    });
    expect(asked()).toBe(1);
  });

  it.each(ONCE)('%s that a gateway gave up is not known to have arrived', async (_, ask, look) => {
    const { api, asked } = at(await served(gateway), true);
    expect(await failureOf(ask(api))).toMatchObject({
      status: 503,
      message: `The API answered 503: Service Unavailable. Nobody knows whether it arrived: look with "${look}" before you send it again.`,
    });
    expect(asked()).toBe(1);
  });

  it.each(ONCE)('%s that nobody was there to take was not sent', async (_, ask) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    server.close();
    await once(server, 'close');
    expect(await failureOf(ask(at(url, true).api))).toMatchObject({
      message: `The API at ${url} cannot be reached. ${advice}`,
    });
  });

  it('is told what the API itself knows of it', async () => {
    const url = await served((_, response) => {
      const problem = { type: 'urn:writ:problem:outcome-unknown', title: 'Nobody knows', detail: 'Look first.' };
      response.writeHead(503).end(JSON.stringify(problem));
    });
    expect(await failureOf(at(url, true).api.reply(RUN, {}))).toMatchObject({ message: 'Nobody knows: Look first.' });
  });
});

describe('a request that may be repeated', () => {
  it.each(REPEATED)('%s is sent again, and may be sent again by hand', async (_, ask) => {
    const url = await served(neverAnswers);
    const { api, asked } = at(url, false);
    expect(await failureOf(ask(api))).toMatchObject({
      message: `The API at ${url} did not answer in time. ${advice}`,
    });
    expect(asked()).toBe(2);
  });
});

describe('a fault of the API', () => {
  it('is told with its trace, cleaned', async () => {
    const problem = { title: 'Something is wrong here', detail: 'It is under `trace`.', trace: '1-abc\u001b[2J' };
    const { err } = await writ(['run', RUN], answering(418, problem));
    expect(err).toMatch(/^writ: Something is wrong here: It is under `trace`\. \(trace 1-abc.*\)\n$/);
    expect(err).not.toContain('\u001b');
  });
});

describe('a task that the command submits', () => {
  const keyIn = (text: string) => /--key ([\x21-\x7e]+):/.exec(text)?.[1];

  it('has a key of its own each time, which is told where nobody knows whether there is a run', async () => {
    const keys = [];
    for (let time = 0; time < 2; time += 1) {
      const { code, err, requests } = await writ(['submit', '--field', 'summary=x'], answering(503, {}));
      expect(code).toBe(1);
      const sent = new Set(requests.map(({ headers }) => headers['idempotency-key']));
      expect([...sent]).toEqual([keyIn(err)]);
      expect(requests).toHaveLength(2);
      keys.push(...sent);
    }
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(undefined);
  });

  it('tells the key that was given', async () => {
    const { err } = await writ(['submit', '--field', 'summary=x', '--key', 'mine'], answering(500, {}));
    expect(keyIn(err)).toBe('mine');
  });

  it.each([
    [422, {}],
    [503, { type: 'urn:writ:problem:stopped' }],
  ])('tells no key where nothing was accepted (%i), and is sent once', async (status, body) => {
    const { code, err, requests } = await writ(['submit', '--field', 'summary=x'], answering(status, body));
    expect([code, keyIn(err), requests.length]).toEqual([1, undefined, 1]);
  });

  it('tells the key where somebody does not wait for the answer', async () => {
    const stop = new AbortController();
    const url = await served(() => stop.abort());
    const { shell, written } = aShell({ env: { WRIT_API: url, WRIT_TOKEN: 't' }, stop: stop.signal });
    expect(await main(['submit', '--field', 'summary=x', '--key', 'mine'], shell)).toBe(1);
    expect(written.err).toContain('Interrupted.');
    expect(keyIn(written.err)).toBe('mine');
  });
});
