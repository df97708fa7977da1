import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { jsonOf } from '../faults.ts';
import { type Fault, faultQueue, resultOf } from './injection.ts';
import { type Answer, operationAt, refusal } from './operations.ts';
import { type Issue, openStore, STATUS_NAMES, type StatusName, type Write } from './store.ts';

export interface NewIssue {
  readonly key: string;
  readonly summary: string;
  /** Text, of which each line becomes a paragraph, or an Atlassian document: served as it is, whatever it holds. */
  readonly description?: unknown;
  readonly components?: readonly string[];
  readonly status?: StatusName;
}

interface Credentials {
  readonly user: string;
  readonly token: string;
}

export interface JiraSandboxOptions extends Credentials {
  /** 0, the default, takes any free port of the loopback interface. */
  readonly port?: number;
  /** Somebody who may read and not write. */
  readonly reader?: Credentials;
  readonly components: readonly string[];
  readonly issues?: readonly NewIssue[];
}

/** One request that came in. Status 0: it got no answer. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface JiraSandbox {
  readonly url: string;
  issue(key: string): Issue | undefined;
  issues(): readonly Issue[];
  /** Adds an issue, and with its key its project. Throws on a key, component or status that Jira could not have. */
  addIssue(issue: NewIssue): void;
  /** Every request, in the order of the answers. */
  calls(): readonly Call[];
  /** Every effect, in order. */
  writes(): readonly Write[];
  /** Makes the next request that fits go wrong; called twice, the next two. */
  failNext(fault: Fault): void;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 1_048_576;

const authorizationOf = ({ user, token }: Credentials) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;

const documentOf = (text: string) => ({
  type: 'doc',
  version: 1,
  content: text
    .split('\n')
    .map((line) => ({ type: 'paragraph', content: line === '' ? [] : [{ type: 'text', text: line }] })),
});

const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > BODY_LIMIT_BYTES) return undefined;
  }
  return text;
};

const send = (response: ServerResponse, { status, body }: Answer, headers: Readonly<Record<string, string>> = {}) => {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { ...headers, ...(text !== '' && { 'content-type': 'application/json;charset=UTF-8' }) });
  response.end(text);
};

/**
 * Starts a stateful Jira on this machine, for the part of the vendor's contract that the tools use. Nothing is kept on
 * disk. Its errors have Jira's shape and words; issues can be created in the projects of issues that are there.
 */
export const startJiraSandbox = async (options: JiraSandboxOptions): Promise<JiraSandbox> => {
  const accounts = new Map([[authorizationOf(options), { accountId: 'sandbox-user', mayWrite: true }]]);
  if (options.reader) accounts.set(authorizationOf(options.reader), { accountId: 'sandbox-reader', mayWrite: false });
  const store = openStore(options.components, ['sandbox-user', 'sandbox-reader']);
  const calls: Call[] = [];
  const faults = faultQueue();

  const addIssue = ({ key, summary, description = null, components = [], status = 'To Do' }: NewIssue) => {
    const unknown = components.find((name) => !options.components.includes(name));
    if (!/^[A-Z][A-Z0-9]+-[1-9]\d*$/.test(key)) throw new TypeError(`an issue needs a key such as OPS-1, found ${key}`);
    if (unknown !== undefined)
      throw new TypeError(`${key} has the component ${unknown}, which the sandbox was not given`);
    if (!STATUS_NAMES.includes(status))
      throw new TypeError(`${key} needs a status of ${STATUS_NAMES}, found ${status}`);
    const text = typeof description === 'string' ? documentOf(description) : description;
    store.add(key, { summary, description: text, components }, status);
  };
  for (const issue of options.issues ?? []) addIssue(issue);

  let url = '';
  const answerTo = (request: IncomingMessage, { pathname, searchParams: query }: URL, text: string): Answer => {
    const account = accounts.get(request.headers.authorization ?? '');
    if (account === undefined)
      return refusal(401, ['You are not authenticated. Authentication required to perform this operation.']);
    const method = request.method ?? '';
    const view = { store, url };
    const operation = operationAt(view, method, pathname);
    if (operation === undefined) return refusal(404, [`The sandbox has no ${method} ${pathname}.`]);
    if (!account.mayWrite && method !== 'GET' && !pathname.endsWith('/search/jql'))
      return refusal(403, ['You do not have permission to edit issues in this project.']);
    const body = jsonOf(text);
    if (method !== 'GET' && body === undefined)
      return refusal(400, ['There was an error parsing JSON. Check that your request body is valid.']);
    return operation({ view, query, body, accountId: account.accountId });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = new URL(request.url ?? '/', url);
    const fault = faults.take(request.method ?? '', target.pathname);
    const text = request.method === 'GET' ? '' : await bodyOf(request);
    const answer = () =>
      text === undefined ? refusal(413, ['The request body is too large.']) : answerTo(request, target, text);
    const result = resultOf(fault, answer);
    const status = result.kind === 'answer' ? result.answer.status : 0;
    calls.push({ method: request.method ?? '', path: target.pathname, status });
    if (result.kind === 'answer') send(response, result.answer, result.headers);
    else if (result.kind === 'reset') request.socket.resetAndDestroy();
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy()); // the caller hung up while it was sending
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

  return {
    url,
    issue: (key) => store.issues.get(key),
    issues: () => [...store.issues.values()],
    addIssue,
    calls: () => [...calls],
    writes: () => [...store.writes],
    failNext: faults.add,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
