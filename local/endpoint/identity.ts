import * as z from 'zod';
import { type Identity, NotSignedIn } from '../identity/identity.ts';
import type { SigningKeys } from '../identity/keys.ts';
import { TriggerFailed } from '../identity/trigger.ts';
import type { JsonObject } from '../template/json.ts';
import type { UserPool } from '../template/users.ts';
import { type Exchange, type Reply, ServiceError } from './exchange.ts';
import { type JsonService, operation } from './operation.ts';

const naming = async (act: () => Promise<JsonObject>): Promise<JsonObject> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof NotSignedIn || error instanceof TriggerFailed)
      throw new ServiceError(error.name, error.message);
    throw error;
  }
};

/** Cognito's own API: signing in with a password, and what a client's secret is. */
export const cognitoService = (identity: Identity, keys: SigningKeys, pools: readonly UserPool[]): JsonService => ({
  iamPrefix: 'cognito-idp',
  version: '1.1',
  anonymous: new Set(['InitiateAuth']),
  operations: {
    InitiateAuth: operation(
      z.object({
        AuthFlow: z.literal('USER_PASSWORD_AUTH', 'only USER_PASSWORD_AUTH runs here'),
        ClientId: z.string(),
        AuthParameters: z.object({ USERNAME: z.string(), PASSWORD: z.string() }),
      }),
      () => '*',
      ({ ClientId, AuthParameters: { USERNAME, PASSWORD } }) =>
        naming(async () => {
          const { token, seconds } = await identity.signIn(ClientId, USERNAME, PASSWORD);
          const AuthenticationResult = { AccessToken: token, ExpiresIn: seconds, TokenType: 'Bearer' };
          return { AuthenticationResult, ChallengeParameters: {} };
        })
    ),
    DescribeUserPoolClient: operation(
      z.object({ UserPoolId: z.string(), ClientId: z.string() }),
      ({ UserPoolId }) => pools.find(({ id }) => id === UserPoolId)?.arn ?? UserPoolId,
      ({ UserPoolId, ClientId }) => {
        const found = identity.clientOf(ClientId);
        if (found?.pool.id !== UserPoolId) {
          throw new ServiceError('ResourceNotFoundException', `user pool ${UserPoolId} has no client ${ClientId}`);
        }
        const { client } = found;
        const secret = client.hasSecret ? { ClientSecret: keys.secretOf(ClientId) } : {};
        return { UserPoolClient: { UserPoolId, ClientId, AllowedOAuthScopes: client.scopes, ...secret } };
      }
    ),
  },
});

const json = (status: number, body: JsonObject): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

/** The credentials of an OAuth client: HTTP basic, or in the form. */
const clientIn = (authorization: string | undefined, form: URLSearchParams): readonly [string, string] => {
  const [, basic] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (basic === undefined) return [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret)];
};

/** What an identity provider serves to everybody: its public keys, and tokens for clients with a secret. */
export const identityPages = (identity: Identity, keys: SigningKeys, pools: readonly UserPool[]) => {
  const token = async ({ headers, body }: Exchange): Promise<Reply> => {
    const form = new URLSearchParams(body.toString('utf8'));
    if (form.get('grant_type') !== 'client_credentials') return json(400, { error: 'unsupported_grant_type' });
    const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    try {
      const [id, secret] = clientIn(headers.authorization, form);
      const { token: access_token, seconds } = await identity.clientToken(id, secret, scopes);
      return json(200, { access_token, expires_in: seconds, token_type: 'Bearer' });
    } catch (error) {
      if (error instanceof NotSignedIn) return json(400, { error: error.name });
      if (error instanceof TriggerFailed)
        return json(400, { error: 'invalid_request', error_description: error.message });
      throw error;
    }
  };

  return async (exchange: Exchange): Promise<Reply | undefined> => {
    const { method, path } = exchange;
    if (method === 'POST' && path === '/oauth2/token') return token(exchange);
    const [, poolId, document] = /^\/([^/]+)\/\.well-known\/(jwks\.json|openid-configuration)$/.exec(path) ?? [];
    const pool = pools.find(({ id }) => id === poolId);
    if (method !== 'GET' || pool === undefined) return undefined;
    if (document === 'jwks.json') return json(200, { keys: [{ ...keys.publicJwk }] } as JsonObject);
    return json(200, { issuer: pool.issuer, jwks_uri: `${pool.issuer}/.well-known/jwks.json` });
  };
};
