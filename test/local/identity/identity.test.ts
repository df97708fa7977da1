import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import { admit } from '../../../local/gateway/authorizer.ts';
import { createIdentity, type IdentityOptions } from '../../../local/identity/identity.ts';
import { openSigningKeys } from '../../../local/identity/keys.ts';
import type { UserPool } from '../../../local/template/users.ts';
import { aFolder } from '../assembly.ts';

const NOON = Date.UTC(2030, 0, 1, 12);
const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_one';

const aPool = (version?: 'V2_0' | 'V3_0'): UserPool => ({
  id: 'us-east-1_one',
  arn: 'arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_one',
  region: 'us-east-1',
  issuer: ISSUER,
  groups: ['reader'],
  trigger: version && { functionArn: 'trigger', version },
  clients: [
    { id: 'people', hasSecret: false, passwords: true, credentials: false, scopes: [], tokenSeconds: 3_600 },
    { id: 'machines', hasSecret: true, passwords: false, credentials: true, scopes: ['x/a', 'x/b'], tokenSeconds: 60 },
  ],
});

const open = async (more: Partial<IdentityOptions> = {}) => {
  const keys = await openSigningKeys(join(aFolder(), 'key.json'));
  let now = NOON;
  const identity = createIdentity({
    pools: [aPool()],
    users: [{ username: 'ann', password: 'secret', groups: ['reader'], attributes: {} }],
    keys,
    invoke: async () => ({ failed: true, payload: '{}' }),
    now: () => now,
    ...more,
  });
  const later = (seconds: number): void => {
    now += seconds * 1_000;
  };
  return { identity, keys, later };
};

describe('tokens', () => {
  it('are good until the second in which they expire', async () => {
    const { identity, later } = await open();
    const { token, seconds } = await identity.signIn('people', 'ann', 'secret');
    expect(seconds).toBe(3_600);
    later(3_599);
    expect(await identity.verify(token, ISSUER)).toMatchObject({ username: 'ann', client_id: 'people' });
    later(1);
    expect(await identity.verify(token, ISSUER)).toBeUndefined();
  });

  it('of another key, or for another issuer, are nobody’s', async () => {
    const [one, other] = [await open(), await open()];
    const { token } = await other.identity.signIn('people', 'ann', 'secret');
    expect(await one.identity.verify(token, ISSUER)).toBeUndefined();
    expect(await other.identity.verify(token, `${ISSUER}x`)).toBeUndefined();
    expect(await other.identity.verify(token, ISSUER)).toBeDefined();
  });

  it('are made for a machine with the scopes it asks for, or all it has', async () => {
    const { identity, keys } = await open();
    const scopeOf = async (...asked: string[]) =>
      decodeJwt((await identity.clientToken('machines', keys.secretOf('machines'), asked)).token).scope;
    expect(await scopeOf('x/b')).toBe('x/b');
    expect(await scopeOf()).toBe('x/a x/b');
    await expect(scopeOf('x/c')).rejects.toMatchObject({ name: 'invalid_scope' });
  });

  it.each([
    ['people', 'ann', 'guess', 'NotAuthorizedException'],
    ['people', 'eve', 'secret', 'NotAuthorizedException'],
    ['absent', 'ann', 'secret', 'NotAuthorizedException'],
    ['machines', 'ann', 'secret', 'InvalidParameterException'],
  ])('are not made for client %s, user %s, password %s', async (client, username, password, name) => {
    const { identity } = await open();
    await expect(identity.signIn(client, username, password)).rejects.toMatchObject({ name });
  });
});

describe('the trigger', () => {
  const answering = (claimsAndScopeOverrideDetails: object | null) => async () => ({
    failed: false,
    payload: JSON.stringify({ response: { claimsAndScopeOverrideDetails } }),
  });

  it('adds and takes away claims, scopes and groups, but not who the token is of', async () => {
    const access = {
      claimsToAddOrOverride: { tenant: 'demo', sub: 'forged', token_use: 'id', roles: ['a'] },
      scopesToAdd: ['x/a'],
      scopesToSuppress: ['aws.cognito.signin.user.admin'],
    };
    const invoke = answering({ accessTokenGeneration: access, groupOverrideDetails: { groupsToOverride: ['other'] } });
    const { identity } = await open({ pools: [aPool('V2_0')], invoke });
    const claims = decodeJwt((await identity.signIn('people', 'ann', 'secret')).token);
    expect(claims).toMatchObject({
      tenant: 'demo',
      roles: ['a'],
      scope: 'x/a',
      token_use: 'access',
      'cognito:groups': ['other'],
    });
    expect(claims.sub).not.toBe('forged');
  });

  it('may leave everything as it is', async () => {
    const { identity } = await open({ pools: [aPool('V2_0')], invoke: answering(null) });
    const claims = decodeJwt((await identity.signIn('people', 'ann', 'secret')).token);
    expect(claims['cognito:groups']).toEqual(['reader']);
  });

  it('is asked about machines in version 3 only', async () => {
    const invoke = answering({ accessTokenGeneration: { claimsToAddOrOverride: { tenant: 'demo' } } });
    const tenantOf = async (version: 'V2_0' | 'V3_0') => {
      const { identity, keys } = await open({ pools: [aPool(version)], invoke });
      return decodeJwt((await identity.clientToken('machines', keys.secretOf('machines'), [])).token).tenant;
    };
    expect(await tenantOf('V2_0')).toBeUndefined();
    expect(await tenantOf('V3_0')).toBe('demo');
  });

  it.each([
    ['fails', { failed: true, payload: '{}' }],
    ['answers nothing', { failed: false, payload: 'null' }],
    [
      'answers scopes that are no list',
      {
        failed: false,
        payload: '{"response":{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"scopesToAdd":"x"}}}}',
      },
    ],
  ])('makes the sign-in fail when it %s', async (_, answer) => {
    const { identity } = await open({ pools: [aPool('V2_0')], invoke: async () => answer });
    await expect(identity.signIn('people', 'ann', 'secret')).rejects.toMatchObject({
      name: 'UserLambdaValidationException',
    });
  });
});

describe('an authorizer', () => {
  const authorizer = { issuer: ISSUER, audience: ['people'], scopes: ['aws.cognito.signin.user.admin'] };

  it('admits the audience with a scope, forbids without, and knows nobody else', async () => {
    const { identity, keys, later } = await open();
    const { token } = await identity.signIn('people', 'ann', 'secret');
    const { token: machine } = await identity.clientToken('machines', keys.secretOf('machines'), []);
    const kindOf = async (authorization: string, more: object = {}) =>
      (await admit({ ...authorizer, ...more }, authorization, identity)).kind;
    expect(await kindOf(`Bearer ${token}`)).toBe('admitted');
    expect(await kindOf(token, { scopes: [] })).toBe('admitted');
    expect(await kindOf(`Bearer ${token}`, { scopes: ['x/a'] })).toBe('forbidden');
    expect(await kindOf(`Bearer ${machine}`)).toBe('unauthorized');
    expect(await kindOf('')).toBe('unauthorized');
    later(3_600);
    expect(await kindOf(`Bearer ${token}`)).toBe('unauthorized');
  });
});
