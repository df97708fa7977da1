import * as z from 'zod';
import { type Authorize, authorisedAs, sessionArnOf } from '../iam/authorize.ts';
import type { Caller } from '../iam/credentials.ts';
import { messageOf } from '../iam/denial.ts';
import type { Json, JsonObject } from '../template/json.ts';
import { ServiceError } from './exchange.ts';

/** One operation of a service: what it takes, what it touches, and what it does. */
export interface Operation {
  /** Checks the input, then the caller's right to the resource it names, then does it. */
  run(input: unknown, guard: Guard, guardOf: GuardOf): Promise<JsonObject>;
}

/** Throws `AccessDeniedException` unless the caller may do this. The context has condition keys that only this call has. */
export type Guard = (resource: string, context?: Readonly<Record<string, Json | undefined>>) => void;

/** What an operation touches, where policies may ask for more than its ARN. */
export interface Target {
  readonly resource: string;
  readonly context: Readonly<Record<string, Json | undefined>>;
}

/** The guard of another action than the operation's own, `<service>:<Action>`, for operations that need several rights. */
export type GuardOf = (action: string) => Guard;

/** A service that takes JSON and is called by the header `X-Amz-Target: <prefix>.<Operation>`. */
export interface JsonService {
  readonly iamPrefix: string;
  readonly version: '1.0' | '1.1';
  /** Called without credentials, as by an app on somebody's telephone. */
  readonly anonymous: ReadonlySet<string>;
  readonly operations: Readonly<Record<string, Operation>>;
}

export const operation = <Input>(
  schema: z.ZodType<Input>,
  target: (input: Input) => string | Target,
  act: (input: Input, guardOf: GuardOf) => JsonObject | Promise<JsonObject>
): Operation => ({
  run: async (given, guard, guardOf) => {
    const parsed = schema.safeParse(given);
    if (!parsed.success) throw new ServiceError('ValidationException', z.prettifyError(parsed.error));
    const touched = target(parsed.data);
    if (typeof touched === 'string') guard(touched);
    else guard(touched.resource, touched.context);
    return act(parsed.data, guardOf);
  },
});

export const guardFor =
  (caller: Caller, action: string, authorize: Authorize): Guard =>
  (given, additional = {}) => {
    if (caller.kind === 'administrator') return;
    const { resource, context } = authorisedAs({ resource: given, context: additional });
    const decision = authorize({ caller, action, resource, context });
    if (decision.kind === 'allowed') return;
    throw new ServiceError('AccessDeniedException', messageOf(sessionArnOf(caller), action, resource, decision));
  };
