import { setTimeout as sleep } from 'node:timers/promises';
import type * as z from 'zod';
import { Problem } from './api-shapes.ts';
import { Failure } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

/** The API answered, and said no. */
export class ApiProblem extends Failure {
  readonly status: number;
  /** Somebody has stopped it: nothing was done, and nothing will be for a while. */
  readonly isStopped: boolean;

  constructor(message: string, status: number, isStopped = false) {
    super(message);
    this.status = status;
    this.isStopped = isStopped;
  }
}

/** Nobody answered: it is unknown whether the request arrived. */
export class Unreachable extends Failure {}

export interface Endpoint {
  readonly url: string;
  /** A bearer token; asked for before each request, so that it can be renewed. */
  readonly token: () => Promise<string>;
  /** What to do where nothing answers, as a sentence. */
  readonly advice: string;
  /** For one attempt; 30 s unless told. */
  readonly timeoutMs?: number;
  /** For repeatable requests; 5 unless told. */
  readonly attempts?: number;
  /** Between attempts; a real delay unless told. */
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly signal?: AbortSignal;
}

export interface Request<Answer> {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: z.ZodType<Answer>;
  /** Whether sending it twice does what sending it once does; where not, the command that shows what became of it. */
  readonly repeatable: true | { readonly lookWith: string };
}

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** The answers that say: try again. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
const TITLES: Readonly<Record<number, string>> = {
  401: 'The token is missing, wrong or expired',
  403: 'The token does not allow this',
  404: 'There is no such thing',
  429: 'Too many requests',
};

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const withStop = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

/** An error answer as one sentence: its detail, what was expected of which field, and where the reason is found. */
export const sentenceOf = (status: number, body: string): string => {
  const problem = Problem.safeParse(asJson(body)).data ?? {};
  const title = problem.title ?? TITLES[status] ?? `The API answered ${status}`;
  const detail = problem.detail ?? problem.message;
  const errors = (problem.errors ?? []).map(
    ({ field, expected, found }) => `${field}: expected ${expected}${found === undefined ? '' : `, found ${found}`}`
  );
  // the fields say it all; without them the detail does
  const said = detail === undefined || detail === title || errors.length > 0 ? title : `${title}: ${detail}`;
  const trace = problem.trace === undefined ? [] : [`(trace ${clean(problem.trace)})`];
  return [...[said, ...errors].map((sentence) => withStop(clean(sentence))), ...trace].join(' ');
};

const retryAfterMs = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, LONGEST_PAUSE_MS) : undefined;
};

/**
 * Sends a request and parses its answer. Repeatable requests are tried again where nobody answered or the answer says
 * to, with growing pauses; others once. Throws `ApiProblem`, `Unreachable`, or the signal's reason.
 */
export const send = async <Answer>(endpoint: Endpoint, request: Request<Answer>): Promise<Answer> => {
  const pause = endpoint.pause ?? ((ms: number) => sleep(ms, undefined, { signal: endpoint.signal }));
  for (let attempt = 1; ; attempt += 1) {
    const isLast = request.repeatable !== true || attempt >= (endpoint.attempts ?? ATTEMPTS);
    const backOffMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    const response = await exchange(endpoint, request).catch((error: unknown) => {
      endpoint.signal?.throwIfAborted();
      if (isLast || error instanceof Failure) throw unreachable(endpoint, request, error);
      return undefined;
    });
    if (response === undefined) {
      await pause(backOffMs);
      continue;
    }
    const { text, raw } = response;
    if (raw.ok) return parsed(request, text);
    const problem = refused(request, raw.status, text);
    if (isLast || problem.isStopped || !PASSING.has(raw.status)) throw problem;
    await pause(retryAfterMs(raw) ?? backOffMs);
  }
};

const exchange = async (endpoint: Endpoint, { method, path, body, headers }: Request<unknown>) => {
  const { url, token, timeoutMs = 30_000, signal } = endpoint;
  const authorization = `Bearer ${await token()}`;
  const timeout = AbortSignal.timeout(timeoutMs);
  const raw = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
    method,
    redirect: 'error', // a token is for one host
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    headers: {
      authorization,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { raw, text: await raw.text() };
};

/** Where a request comes to nothing before it is sent. */
const NOT_SENT = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

const isNotSent = (error: unknown): boolean => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && NOT_SENT.test(String(cause.code));
};

/** What to do about a request that may have been carried out; undefined where it may simply be sent again. */
const whatToDo = ({ repeatable }: Request<unknown>): string | undefined =>
  repeatable === true
    ? undefined
    : `Nobody knows whether it arrived: look with "${clean(repeatable.lookWith)}" before you send it again.`;

const unreachable = ({ url, advice }: Endpoint, request: Request<unknown>, error: unknown): Failure => {
  if (error instanceof Failure) return error; // signing in failed, and says how
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const unknown = isNotSent(error) ? undefined : whatToDo(request);
  const why = isLate ? 'did not answer in time' : unknown === undefined ? 'cannot be reached' : 'gave no answer';
  return new Unreachable(`The API at ${clean(url)} ${why}. ${unknown ?? advice}`, { cause: error });
};

const OWN = 'urn:writ:problem:';

/** Faults of a gateway say nothing of what is behind it; those of the API itself say what to do. */
const refused = (request: Request<unknown>, status: number, text: string): ApiProblem => {
  const { type = '' } = Problem.safeParse(asJson(text)).data ?? {};
  const unknown = status >= 500 && !type.startsWith(OWN) ? whatToDo(request) : undefined;
  const said = [sentenceOf(status, text), ...(unknown === undefined ? [] : [unknown])].join(' ');
  return new ApiProblem(said, status, type === `${OWN}stopped`);
};

const parsed = <Answer>({ answer, method, path }: Request<Answer>, text: string): Answer => {
  const result = answer.safeParse(asJson(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'its answer' : `"${issue.path.join('.')}"`;
  throw new Failure(
    `${method} /${clean(path.split('?', 1)[0] ?? '')} answered something this command does not understand: ${where} is not as expected. ` +
      'Check that the URL is the API of Writ, and of this version.'
  );
};
