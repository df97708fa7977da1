import { Retryable, Terminal } from '../core/errors.ts';
import { Unrepeatable } from './endpoint.ts';
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
const UNKNOWN = problem('outcome-unknown', '').type;

export const json = (status: number, body: unknown, headers: Headers = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { ...ALWAYS, 'content-type': 'application/json', ...headers },
  });

export const failed = (of: Problem, headers: Headers = {}): Response =>
  json(of.status, of, {
    'content-type': 'application/problem+json',
    ...(of.status === PROBLEMS.unavailable.status &&
      of.type !== UNKNOWN && {
        'retry-after': of.type === STOPPED ? RETRY_AFTER_STOP : RETRY_AFTER,
      }),
    ...headers,
  });

const CERTAINLY = 'The request was not completed. Whoever runs this finds the reason under `trace`.';
const MAYBE =
  'The request may not have been completed, or only in part. Whoever runs this finds the reason under `trace`.';

const faultOf = (error: unknown): Problem => {
  if (error instanceof Unrepeatable) return problem('outcome-unknown', error.advice);
  if (error instanceof Retryable) return problem('unavailable', 'The request was not completed. Send the same again.');
  return problem('internal', error instanceof Terminal ? CERTAINLY : MAYBE);
};

/** What a fault is to the caller: nothing of what it says, but where to find it. */
export const problemOf = (error: unknown, trace: string): Problem => ({ ...faultOf(error), trace });
