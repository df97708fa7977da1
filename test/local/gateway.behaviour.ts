import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { post } from './calls.ts';
import { output, sample, start } from './sample.ts';

describe('the HTTP API of a local stack', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(sample());
  });
  afterAll(() => stack.close());
  const get = (path: string, token?: string, init: RequestInit = {}) =>
    fetch(`${stack.apiUrl}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...init,
    });

  const initiate = (client: string, username: string, password: string) =>
    post(
      stack,
      { 'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth' },
      JSON.stringify({
        AuthFlow: 'USER_PASSWORD_AUTH',
        ClientId: client,
        AuthParameters: { USERNAME: username, PASSWORD: password },
      })
    );

  it('hands a request on as an event of format 2.0, and the answer back', async () => {
    const response = await get('/open?a=1&a=2&b=%20', undefined, { headers: { 'X-Thing': 'one', cookie: 'c=d' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-one')).toBe('1');
    expect(response.headers.get('set-cookie')).toBe('a=b');
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'GET /open',
      rawPath: '/open',
      rawQueryString: 'a=1&a=2&b=%20',
      queryStringParameters: { a: '1,2', b: ' ' },
      cookies: ['c=d'],
      headers: { 'x-thing': 'one' },
      isBase64Encoded: false,
      requestContext: { http: { method: 'GET', path: '/open' } },
    });
  });

  it('puts the claims into the event as strings, those of the trigger included', async () => {
    const response = await get('/things/a%2Fb', await stack.signIn('bob', 'bob-password'));
    const event = (await response.json()) as {
      pathParameters: object;
      requestContext: { authorizer: { jwt: { claims: object } } };
    };
    expect(event.pathParameters).toEqual({ id: 'a/b' });
    expect(event.requestContext.authorizer.jwt.claims).toMatchObject({
      roles: '[reader writer]',
      'cognito:groups': '[reader writer]',
      username: 'bob',
      token_use: 'access',
      scope: 'aws.cognito.signin.user.admin things/reader things/writer',
      exp: expect.stringMatching(/^\d+$/),
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('admits by scope: the most specific route decides which', async () => {
    const [ann, bob] = [await stack.signIn('ann', 'ann-password'), await stack.signIn('bob', 'bob-password')];
    expect((await get('/things/1', ann)).status).toBe(201);
    const refused = await fetch(`${stack.apiUrl}/things/1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ann}` },
    });
    expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }]);
    const admitted = await fetch(`${stack.apiUrl}/things/1`, {
      method: 'POST',
      headers: { authorization: bob },
      body: 'x',
    });
    expect(admitted.status).toBe(201);
  });

  it('refuses a token that is absent, forged, altered, or issued for another audience', async () => {
    const token = await stack.signIn('ann', 'ann-password');
    const [header, payload = '', signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const altered = Buffer.from(JSON.stringify({ ...claims, scope: 'things/writer' })).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const stranger = await initiate(output(stack, 'StrangersId'), 'ann', 'ann-password');
    const foreign = JSON.parse(stranger.text).AuthenticationResult.AccessToken;
    const refused = [undefined, 'nonsense', `${header}.${altered}.${signature}`, `${none}.${payload}.`, foreign];
    for (const each of refused) {
      const response = await get('/things/1', each);
      expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }]);
    }
  });

  it('signs nobody in with another password, nor when the trigger fails', async () => {
    await expect(stack.signIn('ann', 'guess')).rejects.toThrow('Incorrect username or password.');
    await expect(stack.signIn('nobody', 'guess')).rejects.toThrow('Incorrect username or password.');
    await expect(stack.signIn('mallory', 'mallory-password')).rejects.toMatchObject({
      name: 'UserLambdaValidationException',
    });
  });

  it('gives a machine a token for its own scopes only', async () => {
    const client = { UserPoolId: output(stack, 'PoolId'), ClientId: output(stack, 'MachinesId') };
    const target = 'AWSCognitoIdentityProviderService.DescribeUserPoolClient';
    const { text } = await post(stack, { 'x-amz-target': target }, JSON.stringify(client));
    const secret = JSON.parse(text).UserPoolClient.ClientSecret;
    const ask = (scope: string, password: string) =>
      fetch(`${stack.endpointUrl}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.ClientId}:${password}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      });
    const { access_token } = (await (await ask('things/reader', secret)).json()) as { access_token: string };
    expect((await get('/things/1', access_token)).status).toBe(201);
    expect(await (await ask('things/writer', secret)).json()).toEqual({ error: 'invalid_scope' });
    expect(await (await ask('things/reader', 'guess')).json()).toEqual({ error: 'invalid_client' });
    const keys = (await (await fetch(`${stack.endpointUrl}/${client.UserPoolId}/.well-known/jwks.json`)).json()) as {
      keys: object[];
    };
    expect(keys.keys[0]).toMatchObject({ kty: 'RSA', alg: 'RS256' });
    expect(keys.keys[0]).not.toHaveProperty('d');
  });

  it.each([
    ['/nowhere', 404, 'Not Found'],
    ['/crash', 500, 'Internal Server Error'],
    ['/slow', 503, 'Service Unavailable'],
  ])('answers %s with %i', async (path, status, message) => {
    const response = await get(path);
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  it('refuses a body over 10 MB', async () => {
    const response = await get('/open', undefined, { method: 'POST', body: new Uint8Array(11_000_000) });
    expect(response.status).toBe(413);
  });
});
