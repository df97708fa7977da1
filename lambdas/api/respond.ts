import { Retryable } from '../core/errors.ts';
import { PROBLEMS, type Problem, problem } from './problem.ts';

type Headers = Readonly<Record<string, string>>;

const ALWAYS: Headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

/** How long a caller should wait before the same request again, in seconds: a stop is not over in a moment. */
const RETRY_AFTER = '1';
const RETRY_AFTER_STOP = '60';
const STOPPED = problem('stopped', '').type;

export const json = (status: number, body: unknown, headers: Headers = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { ...ALWAYS, 'content-type': 'application/json', ...headers },
  });

export const failed = (of: Problem, headers: Headers = {}): Response =>
  json(of.status, of, {
    'content-type': 'application/problem+json',
    ...(of.status === PROBLEMS.unavailable.status && {
      'retry-after': of.type === STOPPED ? RETRY_AFTER_STOP : RETRY_AFTER,
    }),
    ...headers,
  });

/** What a fault is to the caller: nothing of what it says, but where to find it. */
export const problemOf = (error: unknown, trace: string): Problem => ({
  ...(error instanceof Retryable
    ? problem('unavailable', 'The request was not completed. Send the same again.')
    : problem('internal', 'The request was not completed. Whoever runs this finds the reason under `trace`.')),
  trace,
});
