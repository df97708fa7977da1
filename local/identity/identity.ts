import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { UserPool, UserPoolClient } from '../template/users.ts';
import type { SigningKeys } from './keys.ts';
import { applyTrigger, type Grant, type InvokeTrigger, type TriggerRequest } from './trigger.ts';

export interface User {
  readonly username: string;
  readonly password: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

export interface AccessToken {
  readonly token: string;
  readonly seconds: number;
}

/** Why nobody is signed in; `name` is the name that Cognito or OAuth gives it. */
export class NotSignedIn extends Error {
  override readonly name: 'NotAuthorizedException' | 'InvalidParameterException' | 'invalid_client' | 'invalid_scope';
  constructor(name: NotSignedIn['name'], message: string) {
    super(message);
    this.name = name;
  }
}

export interface Identity {
  /** Signs a user in to a client. Rejects with `NotSignedIn`, or with `TriggerFailed` if the token could not be made. */
  signIn(clientId: string, username: string, password: string): Promise<AccessToken>;
  /** A token for a machine: all scopes of the client where it asks for none. Rejects like `signIn`. */
  clientToken(clientId: string, secret: string, scopes: readonly string[]): Promise<AccessToken>;
  /** The claims of a token that is signed, current and of this issuer; `undefined` for any other. */
  verify(token: string, issuer: string): Promise<JWTPayload | undefined>;
  clientOf(clientId: string): { readonly pool: UserPool; readonly client: UserPoolClient } | undefined;
}

export interface IdentityOptions {
  readonly pools: readonly UserPool[];
  readonly users: readonly User[];
  readonly keys: SigningKeys;
  readonly invoke: InvokeTrigger;
  readonly now: () => number;
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (one: string, other: string): boolean => timingSafeEqual(digestOf(one), digestOf(other));

/** The same person keeps the same id. */
const subjectOf = ({ id }: UserPool, username: string): string =>
  digestOf(`${id}/${username}`)
    .toString('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');

const checkGroups = (pools: readonly UserPool[], users: readonly User[]): void => {
  const groups = new Set(pools.flatMap((pool) => pool.groups));
  for (const user of users) {
    const unknown = user.groups.find((group) => !groups.has(group));
    if (unknown === undefined) continue;
    const known = [...groups].join(', ') || 'none';
    throw new Error(`user ${user.username}: no user pool of the template has the group ${unknown} (it has ${known})`);
  }
};

/** Cognito's user pools as far as tokens need them, with users that are given rather than registered. */
export const createIdentity = ({ pools, users, keys, invoke, now }: IdentityOptions): Identity => {
  checkGroups(pools, users);

  const clientOf = (clientId: string): ReturnType<Identity['clientOf']> => {
    for (const pool of pools) {
      const client = pool.clients.find(({ id }) => id === clientId);
      if (client !== undefined) return { pool, client };
    }
    return undefined;
  };

  const sign = async (
    pool: UserPool,
    client: UserPoolClient,
    subject: string,
    before: Grant,
    request: TriggerRequest
  ): Promise<AccessToken> => {
    const grant = await applyTrigger(pool, before, request, invoke);
    const at = Math.floor(now() / 1000);
    const groups = grant.groups.length === 0 ? {} : { 'cognito:groups': grant.groups };
    const person = request.username === '' ? {} : { username: request.username, event_id: randomUUID() };
    const claims = {
      token_use: 'access',
      client_id: client.id,
      scope: grant.scopes.join(' '),
      auth_time: at,
      version: 2,
    };
    const token = await new SignJWT({ ...grant.claims, ...claims, ...groups, ...person })
      .setProtectedHeader({ alg: 'RS256', kid: keys.kid })
      .setIssuer(pool.issuer)
      .setSubject(subject)
      .setIssuedAt(at)
      .setExpirationTime(at + client.tokenSeconds)
      .setJti(randomUUID())
      .sign(keys.privateKey);
    return { token, seconds: client.tokenSeconds };
  };

  return {
    clientOf,
    signIn: async (clientId, username, password) => {
      const found = clientOf(clientId);
      if (found === undefined) throw new NotSignedIn('NotAuthorizedException', 'there is no such user pool client');
      const { pool, client } = found;
      if (!client.passwords) {
        throw new NotSignedIn('InvalidParameterException', 'USER_PASSWORD_AUTH flow not enabled for this client');
      }
      const user = users.find((one) => one.username === username);
      if (!isSame(user?.password ?? randomUUID(), password) || user === undefined) {
        throw new NotSignedIn('NotAuthorizedException', 'Incorrect username or password.');
      }
      const subject = subjectOf(pool, username);
      const grant: Grant = { scopes: ['aws.cognito.signin.user.admin'], groups: user.groups, claims: {} };
      const userAttributes = { sub: subject, 'cognito:user_status': 'CONFIRMED', ...user.attributes };
      const source = 'TokenGeneration_Authentication';
      return sign(pool, client, subject, grant, { source, clientId, username, userAttributes });
    },
    clientToken: async (clientId, secret, asked) => {
      const found = clientOf(clientId);
      if (found === undefined || !found.client.credentials || !isSame(keys.secretOf(clientId), secret)) {
        throw new NotSignedIn('invalid_client', 'this client may not get tokens, or its secret is another one');
      }
      const { pool, client } = found;
      const unknown = asked.find((scope) => !client.scopes.includes(scope));
      if (unknown !== undefined) throw new NotSignedIn('invalid_scope', `this client has no scope ${unknown}`);
      const grant: Grant = { scopes: asked.length === 0 ? client.scopes : asked, groups: [], claims: {} };
      const source = 'TokenGeneration_ClientCredentials';
      return sign(pool, client, clientId, grant, { source, clientId, username: '', userAttributes: {} });
    },
    verify: async (token, issuer) => {
      try {
        const { payload } = await jwtVerify(token, keys.publicKey, {
          issuer,
          algorithms: ['RS256'],
          requiredClaims: ['exp', 'iss'],
          currentDate: new Date(now()),
        });
        return payload;
      } catch {
        return undefined; // forged, expired, of another issuer, or no token at all: the caller answers 401 to each
      }
    },
  };
};
