import { randomBytes } from 'node:crypto';

/** Who makes a call. */
export type Caller =
  | { readonly kind: 'administrator' }
  | {
      readonly kind: 'role';
      readonly roleArn: string;
      readonly session: string;
      /** The session tags, `aws:PrincipalTag/<key>` in policies. */
      readonly tags: Readonly<Record<string, string>>;
    };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface CredentialStore {
  /** Makes credentials for a role's session, until `expiresAt` (milliseconds since the epoch) or until they are revoked. */
  issue(session: Omit<Caller & { kind: 'role' }, 'kind'>, expiresAt?: number): Credentials;
  revoke(accessKeyId: string): void;
  /** Who signed a request, by its `Authorization` header; `unknown` for no or foreign credentials, `expired` for old ones. */
  callerOf(authorization: string | undefined): Caller | 'unknown' | 'expired';
}

/** The developer's own key, an administrator: `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`. */
export const ADMINISTRATOR_KEY = 'test';

const ADMINISTRATOR: Caller = { kind: 'administrator' };

/**
 * The credentials that the local stack has given out. A request is known by its access key id alone: signatures are not
 * checked, since everything stays on this machine's loopback.
 */
export const createCredentials = (now: () => number = Date.now): CredentialStore => {
  const sessions = new Map<string, { readonly caller: Caller; readonly expiresAt: number }>();
  const dropExpired = (): void => {
    for (const [key, { expiresAt }] of sessions) if (expiresAt + 3_600_000 < now()) sessions.delete(key);
  };
  return {
    issue: (session, expiresAt = Number.POSITIVE_INFINITY) => {
      dropExpired();
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      sessions.set(accessKeyId, { caller: { kind: 'role', ...session }, expiresAt });
      return {
        accessKeyId,
        secretAccessKey: randomBytes(20).toString('hex'),
        sessionToken: randomBytes(32).toString('base64url'),
      };
    },
    revoke: (accessKeyId) => {
      sessions.delete(accessKeyId);
    },
    callerOf: (authorization = '') => {
      const start = authorization.indexOf('Credential=') + 'Credential='.length;
      const key = authorization.slice(start, authorization.indexOf('/', start));
      if (key === ADMINISTRATOR_KEY) return ADMINISTRATOR;
      const session = sessions.get(key);
      if (session === undefined) return 'unknown';
      return session.expiresAt > now() ? session.caller : 'expired';
    },
  };
};
