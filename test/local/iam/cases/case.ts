import type { JsonObject } from '../../../../local/template/json.ts';

/** A role's policies and one call of its session, and what AWS would decide. */
export interface Case {
  readonly name: string;
  /** Statements of one policy of the version 2012-10-17, or whole documents. */
  readonly statements?: readonly JsonObject[];
  readonly documents?: readonly JsonObject[];
  readonly boundary?: readonly JsonObject[];
  readonly session?: readonly JsonObject[];
  /** The policy of the resource. */
  readonly resource?: readonly JsonObject[];
  readonly resourceMustAllow?: true;
  readonly action?: string;
  readonly on?: string;
  readonly context?: JsonObject;
  /** A service that calls instead of the role. */
  readonly service?: string;
  readonly expect: 'allowed' | 'explicit-deny' | 'no-allow' | 'unknown';
  /** The statement that decides, by Sid or number. */
  readonly by?: string;
  /** The type of policy that does not allow. */
  readonly type?: string;
}

export const ROLE = 'arn:aws:iam::111122223333:role/path/worker';
export const SESSION = 'arn:aws:sts::111122223333:assumed-role/worker/me';
export const OBJECT = 'arn:aws:s3:::bucket/folder/object';
export const ROOT = 'arn:aws:iam::111122223333:root';

export const allow = (more: JsonObject = {}): JsonObject => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: '*',
  ...more,
});
export const deny = (more: JsonObject = {}): JsonObject => ({ ...allow(more), Effect: 'Deny' });
export const to = (principal: JsonObject | string, more: JsonObject = {}): JsonObject =>
  allow({ Principal: principal, ...more });
export const notTo = (principal: JsonObject | string): JsonObject => deny({ Principal: principal });
export const when = (operator: string, key: string, value: JsonObject[string]): JsonObject => ({
  Condition: { [operator]: { [key]: value } },
});

export const TENANT = { 'aws:PrincipalTag/tenant': 'acme' };
