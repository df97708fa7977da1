import type * as z from 'zod';
import { Retryable, Uncertain } from '../core/errors.ts';
import type { Role } from '../core/names.ts';
import type { ApproveDeps } from '../core/tasks/approve.ts';
import type { ControlDeps } from '../core/tasks/control.ts';
import { type FieldError, kindOf, safeName } from '../core/tasks/fields.ts';
import type { Identity } from '../core/tasks/identity.ts';
import type { SubmitDeps } from '../core/tasks/submit.ts';
import { invalid, type Problem, type ProblemName, problem } from './problem.ts';

/** Everything that the API's use-cases need. */
export type UseCaseDeps = SubmitDeps & ControlDeps & ApproveDeps;

/** What comes of a request that was understood and allowed. */
export interface Answer<Body> {
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The parts of a request, before anything is known of them. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

/** What a request may consist of; parts that are not named here are not looked at. */
type RequestShape = Partial<Record<'params' | 'query' | 'headers', z.ZodObject>> & { readonly body?: z.ZodObject };

interface Definition<Request extends z.ZodObject<RequestShape>, Body extends z.ZodType> {
  /** Its name in logs and in OpenAPI. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put';
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** Any one of these roles is enough. */
  readonly roles: readonly [Role, ...Role[]];
  readonly request: Request;
  readonly requestExample?: z.input<Request> extends { readonly body: infer Sent } ? Sent : never;
  readonly answer: {
    readonly status: 200 | 202;
    readonly name: string;
    readonly schema: Body;
    readonly example: z.input<Body>;
    /** Others, by what they show. */
    readonly more?: Readonly<Record<string, z.input<Body>>>;
  };
  readonly problems: readonly ProblemName[];
  /** Of a request that does something else when it is sent again: what to do instead after a fault. */
  readonly insteadOfRepeating?: (request: z.output<Request>) => string | undefined;
  readonly run: (
    deps: UseCaseDeps,
    identity: Identity,
    request: z.output<Request>
  ) => Promise<Answer<z.input<Body>> | Problem>;
}

/** One operation of the API: what is routed, checked, answered and documented comes from here alone. */
export interface Endpoint
  extends Omit<Definition<z.ZodObject<RequestShape>, z.ZodType>, 'run' | 'requestExample' | 'insteadOfRepeating'> {
  readonly requestExample?: unknown;
  readonly handle: (deps: UseCaseDeps, identity: Identity, call: Call) => Promise<Answer<unknown> | Problem>;
}

/** What would be `Retryable`, of a request that must not be sent again: it may have been done. */
export class Unrepeatable extends Uncertain {
  /** For the caller. */
  readonly advice: string;

  constructor(advice: string, cause: Retryable | Uncertain) {
    super('a request that must not be sent again failed', { cause });
    this.advice = advice;
  }
}

/** Declares an endpoint. */
export const defineEndpoint = <Request extends z.ZodObject<RequestShape>, Body extends z.ZodType>({
  run,
  insteadOfRepeating,
  ...definition
}: Definition<Request, Body>): Endpoint => ({
  ...definition,
  handle: async (deps, identity, call) => {
    const parsed = definition.request.safeParse(call);
    if (parsed.success) {
      const advice = insteadOfRepeating?.(parsed.data);
      return run(deps, identity, parsed.data).catch((error: unknown) => {
        throw advice !== undefined && error instanceof Retryable ? new Unrepeatable(advice, error) : error;
      });
    }
    const { issues } = parsed.error;
    // a part of a path is a name, except where there are only some
    return issues.some(({ path, code }) => path[0] === 'params' && code !== 'invalid_value')
      ? problem('not-found', 'There is nothing with this name.')
      : invalid(issues.flatMap((issue) => errorsOf(issue, call)));
  },
});

export const isProblem = (outcome: Answer<unknown> | Problem): outcome is Problem => 'type' in outcome;

const at = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, key)
        ? (inside as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    value
  );

const foundAt = (value: unknown): string =>
  typeof value === 'string' ? `text of ${value.length.toLocaleString('en')} characters` : kindOf(value);

const expectedBy = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    default:
      return issue.message; // the pattern's own words
  }
};

/** What zod found, in the words of this API: by member, and without a word of what was sent. */
const errorsOf = (issue: z.core.$ZodIssue, call: Call): readonly FieldError[] => {
  const path = issue.path.slice(1).map((part) => safeName(String(part)));
  const name = (last: readonly string[]): string => [...path, ...last].join('.') || String(issue.path[0]);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      field: name([safeName(key)]),
      expected: 'nothing of this name',
      found: 'a member that is not known',
    }));
  return [{ field: name([]), expected: expectedBy(issue), found: foundAt(at(call, issue.path)) }];
};
