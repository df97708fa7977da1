import * as z from 'zod';
import type { FieldError } from '../core/tasks/fields.ts';

/** Every way in which a request can fail, with its status and title. */
export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'An access token is needed' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This method is not for this path' },
  conflict: { status: 409, title: 'The present state does not allow this' },
  gone: { status: 410, title: 'It is too late for this' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON' },
  invalid: { status: 422, title: 'The request does not fit' },
  internal: { status: 500, title: 'Something is wrong here' },
  stopped: { status: 503, title: 'This is stopped' },
  unavailable: { status: 503, title: 'Not now' },
  'outcome-unknown': { status: 503, title: 'Nobody knows whether this was done' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;
export type ProblemName = keyof typeof PROBLEMS;

/** RFC 9457. Neither `detail` nor `errors` repeats what was sent. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.strictObject({ field: z.string(), expected: z.string(), found: z.string().optional() })).optional(),
  trace: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

export const problem = (name: ProblemName, detail: string, errors?: readonly FieldError[]): Problem => ({
  type: `urn:writ:problem:${name}`,
  ...PROBLEMS[name],
  detail,
  ...(errors && { errors: [...errors] }),
});

/** A request whose members do not fit. */
export const invalid = (errors: readonly FieldError[]): Problem =>
  problem('invalid', 'See `errors` for what was expected of each member.', errors);
