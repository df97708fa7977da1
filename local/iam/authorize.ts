import type { Json } from '../template/json.ts';
import type { Role } from '../template/roles.ts';

/** One call of a role's, as policies see it. */
export interface AccessRequest {
  readonly roleArn: string;
  /** `<service>:<Operation>` */
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values. */
  readonly context: Readonly<Record<string, Json>>;
}

export type Authorize = (request: AccessRequest) => boolean;

/**
 * Says whether a role may make a call. Only roles of the template may: the role that a function or a state machine names
 * must exist, or nothing that runs under it is allowed. Policies are not evaluated.
 */
export const authorizerFor = (roles: readonly Role[]): Authorize => {
  const known = new Set(roles.map(({ arn }) => arn));
  return ({ roleArn }) => known.has(roleArn);
};
