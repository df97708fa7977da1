import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

export interface FakeRun {
  readonly run: string;
  readonly input: Readonly<Record<string, string>>;
  status: 'active' | 'waiting' | 'closed';
  outcome?: string;
  rules: readonly string[];
  round: number;
  proposal?: object;
  escalation?: object;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FakeApiGiven {
  /** What becomes of a run, by its summary: called when it is listed the second time. */
  readonly close?: (run: FakeRun) => void;
  /** Answers instead of the API; undefined lets it through. */
  readonly instead?: (method: string, path: string, body: unknown, query: string) => FakeAnswer | undefined;
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text === '' ? undefined : JSON.parse(text);
};

const at = '2030-01-02T03:04:05.000Z';

export const assigned = (run: FakeRun, component: string, confidence = 0.97): void => {
  run.status = 'closed';
  run.outcome = 'completed';
  run.rules = ['JIRA_WRITE_ALLOWED_TICKETOPS'];
  run.proposal = {
    tool: 'jira.assign',
    arguments: { issueKey: run.input.issueKey ?? '', component },
    confidence,
    abstained: false,
    engine: { kind: 'classifier', name: 'queue', version: '1' },
  };
};

/** A small HTTP API that speaks as Writ's does: runs stay active for one look, then end as `close` says. */
export const startFakeApi = async ({ close = (run) => assigned(run, 'Network'), instead }: FakeApiGiven = {}) => {
  const runs: FakeRun[] = [];
  const keys = new Map<string, FakeRun>();
  const looks = new Map<string, number>();
  const requests: { method: string; path: string; body: unknown; headers: IncomingMessage['headers'] }[] = [];

  const viewOf = (run: FakeRun, whole: boolean) => ({
    run: run.run,
    workflow: 'ticket-triage',
    release: 'f'.repeat(64),
    status: run.status,
    ...(run.outcome && { outcome: run.outcome }),
    rules: run.rules,
    user: 'demo-submitter',
    createdAt: at,
    updatedAt: '2030-01-02T03:04:06.500Z',
    ...(whole && run.proposal && { proposal: run.proposal }),
    ...(whole && run.escalation && { escalation: run.escalation }),
    ...(whole &&
      run.status === 'waiting' && { question: { round: run.round, field: 'issueKey', text: 'Which issue?' } }),
  });
  const problem = (status: number, title: string, detail: string, errors?: unknown): FakeAnswer => ({
    status,
    body: { type: 'about:blank', title, status, detail, ...(errors !== undefined && { errors }) },
  });
  const advance = (run: FakeRun) => {
    const seen = (looks.get(run.run) ?? 0) + 1;
    looks.set(run.run, seen);
    if (seen < 2 || run.status !== 'active') return;
    if (run.input.issueKey === undefined) {
      run.status = 'waiting';
      run.rules = ['ISSUE_KEY_MISSING'];
    } else close(run);
  };

  const answer = (method: string, url: URL, body: unknown, key: string | undefined): FakeAnswer => {
    const path = url.pathname;
    const [, , kind, id, part] = path.split('/');
    if (method === 'POST' && path === '/v1/tasks') {
      const known = key === undefined ? undefined : keys.get(key);
      if (known) return { status: 202, body: viewOf(known, false) };
      const { input } = body as { input: Record<string, string> };
      if (!input.summary)
        return problem(422, 'The input is not right', 'summary is needed.', [{ field: 'summary', expected: 'text' }]);
      const run = createHash('sha256')
        .update(`${runs.length}`)
        .digest('hex')
        .replace(/[0189]/g, 'q')
        .slice(0, 26);
      const fresh: FakeRun = { run, input, status: 'active', rules: [], round: 0 };
      runs.unshift(fresh);
      if (key !== undefined) keys.set(key, fresh);
      return { status: 202, body: viewOf(fresh, false) };
    }
    if (method === 'GET' && path === '/v1/runs') {
      const limit = Number(url.searchParams.get('limit'));
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const rows = runs.slice(from, from + limit);
      const page = rows.map((run) => viewOf(run, false));
      rows.forEach(advance);
      return { status: 200, body: { runs: page, ...(from + limit < runs.length && { next: String(from + limit) }) } };
    }
    const run = kind === 'runs' ? runs.find((known) => known.run === id) : undefined;
    if (run === undefined) return problem(404, 'Not found', `There is no run ${id}.`);
    if (method === 'GET' && part === undefined) return { status: 200, body: viewOf(run, true) };
    if (method === 'POST' && part === 'reply') {
      if (run.status !== 'waiting') return problem(409, 'Conflict', 'The run waits for nothing.');
      Object.assign(run.input, (body as { fields: object }).fields);
      run.status = 'active';
      return { status: 202, body: { run: run.run, round: run.round } };
    }
    return problem(404, 'Not found', 'There is nothing here.');
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const body = await bodyOf(request);
    const method = request.method ?? '';
    requests.push({ method, path: url.pathname, body, headers: request.headers });
    const key = request.headers['idempotency-key'];
    const {
      status,
      body: sent,
      headers,
    } = instead?.(method, url.pathname, body, url.search) ??
    answer(method, url, body, typeof key === 'string' ? key : undefined);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(sent));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    runs,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
export type FakeApi = Awaited<ReturnType<typeof startFakeApi>>;
