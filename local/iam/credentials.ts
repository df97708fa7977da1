import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Policy } from './document.ts';

/** A role, as somebody acts under it for a while. */
export interface RoleSession {
  readonly kind: 'role';
  readonly roleArn: string;
  readonly session: string;
  /** The session tags, `aws:PrincipalTag/<key>` in policies. */
  readonly tags: Readonly<Record<string, string>>;
  /** Those of them that go on to the sessions which this one begins. */
  readonly transitiveTags?: readonly string[];
  /** The session policies, where some were passed. */
  readonly policies?: readonly Policy[];
  /** The function whose code acts, if one does. */
  readonly functionArn?: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** Who makes a call. */
export type Caller = { readonly kind: 'administrator' } | RoleSession;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface CredentialStore {
  /** Makes credentials for a role's session, until `expiresAt` (milliseconds since the epoch) or until they are revoked. */
  issue(session: Omit<RoleSession, 'kind' | 'issuedAt'>, expiresAt?: number): Credentials;
  revoke(accessKeyId: string): void;
  /**
   * Who signed a request, by its headers `Authorization` and `X-Amz-Security-Token`; `unknown` for no or foreign credentials,
   * `wrong-token` for a session's key without its token, `expired` for old ones.
   */
  callerOf(
    authorization: string | undefined,
    token: string | readonly string[] | undefined
  ): Caller | 'unknown' | 'wrong-token' | 'expired';
}

/** The developer's own key, an administrator: `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`. */
export const ADMINISTRATOR_KEY = 'test';

const ADMINISTRATOR: Caller = { kind: 'administrator' };

/** One credential, at the beginning: of what is written otherwise nobody can say whose it is. */
const CREDENTIAL = /^(?:AWS4-[A-Z\d-]+\s+)?Credential=([^/,\s]+)\/(?!.*Credential=)/s;

const isSame = (given: string, issued: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(issued)];
  return one.length === other.length && timingSafeEqual(one, other);
};

/**
 * The credentials that the local stack has given out. A request is known by its access key id and session token: signatures
 * are not checked, since everything stays on this machine's loopback.
 */
export const createCredentials = (now: () => number = Date.now): CredentialStore => {
  const sessions = new Map<
    string,
    { readonly caller: RoleSession; readonly token: string; readonly expiresAt: number }
  >();
  const dropExpired = (): void => {
    for (const [key, { expiresAt }] of sessions) if (expiresAt + 3_600_000 < now()) sessions.delete(key);
  };
  return {
    issue: (session, expiresAt = Number.POSITIVE_INFINITY) => {
      dropExpired();
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      const token = randomBytes(32).toString('base64url');
      sessions.set(accessKeyId, { caller: { kind: 'role', ...session, issuedAt: now() }, token, expiresAt });
      return { accessKeyId, secretAccessKey: randomBytes(20).toString('hex'), sessionToken: token };
    },
    revoke: (accessKeyId) => {
      sessions.delete(accessKeyId);
    },
    callerOf: (authorization = '', token) => {
      const [, key = ''] = CREDENTIAL.exec(authorization) ?? [];
      if (key === ADMINISTRATOR_KEY) return ADMINISTRATOR;
      const session = sessions.get(key);
      if (session === undefined) return 'unknown';
      if (typeof token !== 'string' || !isSame(token, session.token)) return 'wrong-token';
      return session.expiresAt > now() ? session.caller : 'expired';
    },
  };
};
