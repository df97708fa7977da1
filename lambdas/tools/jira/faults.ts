import * as z from 'zod';
import { Retryable, Terminal, Uncertain } from '../../core/errors.ts';

/** One operation of the vendor's API. Faults name it by its template: a filled path would name a customer's issue. */
export interface Operation<Answer> {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  /** The one status that means success. */
  readonly expects: 200 | 204;
  /** How long an answer may be; absent: a megabyte. */
  readonly mostBytes?: number;
  /** What of the answer is used. */
  readonly answer: z.ZodType<Answer>;
}

type AnyOperation = Pick<Operation<unknown>, 'method' | 'path' | 'expects'>;

const nameOf = ({ method, path }: AnyOperation) => `${method} ${path}`;

/** The answer was lost: a read may be repeated, a write may have happened. */
export const lost = (operation: AnyOperation, found: string): Retryable | Uncertain =>
  operation.method === 'GET'
    ? new Retryable(`${nameOf(operation)}: ${found}; reading again is harmless`)
    : new Uncertain(`${nameOf(operation)}: ${found}; the change may have happened, look it up`);

/** The request never left, so nothing happened. */
export const unsent = (operation: AnyOperation, found: string): Retryable =>
  new Retryable(`${nameOf(operation)}: ${found}; nothing was sent`);

/** An answer came whole and as JSON, but not as the vendor's contract has it. `paths` says where. */
export const strange = (operation: AnyOperation, paths: string): Retryable | Terminal | Uncertain =>
  operation.method === 'GET'
    ? new Terminal(
        `${nameOf(operation)}: the answer is not as Jira's contract has it (${paths}); asking again is useless`
      )
    : lost(operation, `the answer is not as Jira's contract has it (${paths})`);

const ADVICE: Readonly<Record<number, string>> = {
  400: 'Jira refused the values; check the edit screen of the issue and the components of its project',
  401: 'check user and token in the secret',
  403: 'check what the user of the secret may do in Jira',
  404: 'check that the issue exists and that the user of the secret may see it',
};

/**
 * What an unexpected status means. Jira's own statements that a request was not carried out are believed: 4xx, and 503
 * where it says when to come back. Any other 5xx, even a bare 503, can come from a proxy that lost an answer.
 */
export const refused = (
  operation: AnyOperation,
  {
    status,
    retryAfterMs,
    body,
  }: { readonly status: number; readonly retryAfterMs: number | undefined; readonly body: string }
): Retryable | Terminal | Uncertain => {
  const found = `expected ${operation.expects}, found ${status}${errorKeysOf(body)}`;
  if (status === 429 || status === 409 || (status === 503 && retryAfterMs !== undefined)) {
    const wait = retryAfterMs === undefined ? '' : ` after ${Math.ceil(retryAfterMs / 1_000)} s`;
    return new Retryable(`${nameOf(operation)}: ${found}; nothing was changed, try again${wait}`);
  }
  if (status >= 300 && status < 400)
    return new Terminal(`${nameOf(operation)}: ${found}; redirects are not followed, check baseUrl in the secret`);
  if (status >= 400 && status < 500 && status !== 408)
    return new Terminal(
      `${nameOf(operation)}: ${found}; ${ADVICE[status] ?? 'the same request will be refused again'}`
    );
  return lost(operation, found);
};

/** Field names that Jira may answer with. A closed list: whatever else an answer holds could be anybody's words. */
const FIELD = /^(?:assignee|components|description|issuetype|labels|parent|priority|project|reporter|status|summary)$/;
const Errors = z.object({ errors: z.record(z.string(), z.unknown()) });

/** The fields that Jira names in its error, as ` at components, summary`, and nothing else of the answer. */
const errorKeysOf = (body: string): string => {
  const errors = Errors.safeParse(jsonOf(body));
  const keys = errors.success ? Object.keys(errors.data.errors).filter((key) => FIELD.test(key)) : [];
  return keys.length === 0 ? '' : ` at ${keys.join(', ')}`;
};

/** The JSON value, or undefined. A parser's own message would quote the text. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
