import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../lambdas/api/app.ts';
import { openApiOf } from '../../lambdas/api/openapi.ts';
import { PROBLEMS } from '../../lambdas/api/problem.ts';
import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';
import { ROLES } from '../../lambdas/core/names.ts';
import type { Desk } from '../../lambdas/core/tasks/ports.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const RUN = 'a'.repeat(26);
const REQUESTS = [
  ['POST', '/v1/tasks', ['submitter']],
  ['GET', '/v1/runs', ROLES],
  ['GET', `/v1/runs/${RUN}`, ROLES],
  ['GET', `/v1/runs/${RUN}/audit`, ROLES],
  ['POST', `/v1/runs/${RUN}/reply`, ['submitter']],
  ['PUT', '/v1/controls/global', ['operator']],
  ['PUT', '/v1/controls/tenant/acme', ['operator']],
] as const;

describe.skipIf(!hasDynoxide)('the HTTP API', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  it.each(REQUESTS)('lets only those do %s %s who may', async (method, path, allowed) => {
    const api = anApi(dynoxide);
    const body = method === 'GET' ? undefined : {};
    for (const role of ROLES) {
      const { status } = await api.call(method, path, { claims: claimsOf({ roles: `[${role}]` }), body });
      expect([role, status === 403]).toEqual([role, !(allowed as readonly string[]).includes(role)]);
    }
    expect((await api.call(method, path, { claims: undefined, body })).status).toBe(401);
    expect((await api.call(method, path, { claims: claimsOf({ roles: '[]' }), body })).status).toBe(403);
    expect((await api.call(method, path, { claims: claimsOf({ roles: '[root]' }), body })).status).toBe(403);
    expect((await api.call(method, path, { claims: claimsOf({ tenant: 'A#B' }), body })).status).toBe(403);
  });

  it('believes the claims alone, whatever scopes say', async () => {
    const claims = claimsOf({ roles: '[auditor]', scope: 'writ/submitter writ/operator' });
    expect((await anApi(dynoxide).call('POST', '/v1/tasks', { claims, body: {} })).status).toBe(403);
  });

  it('says which roles it takes, and which the token has', async () => {
    const api = anApi(dynoxide);
    const detailFor = async (roles: string) =>
      (await api.call('POST', '/v1/tasks', { claims: claimsOf({ roles }), body: {} })).body.detail;
    expect(await detailFor('[auditor operator]')).toBe(
      'This takes one of the roles submitter; the token has auditor, operator.'
    );
    expect(await detailFor('[]')).toBe('This takes one of the roles submitter; the token has none.');
  });

  const user = { sub: 'u-1', tenant: 'acme', roles: '[submitter]' };
  const machine = { sub: 'c-1', scope: 'writ-tenant/acme writ/submitter' };
  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'nothing that names tenant or roles',
      { sub: 'u-1', scope: 'openid' },
      'expected the claims tenant and roles, or the scopes writ-tenant/<tenant> and writ/<role>, found neither',
    ],
    ['no roles', { sub: 'u-1', tenant: 'acme' }, 'roles is missing'],
    ['no tenant', { sub: 'u-1', roles: '[submitter]' }, 'tenant is missing'],
    ['no subject', { tenant: 'acme', roles: '[submitter]' }, 'sub is missing'],
    ['a subject of spaces', { ...user, sub: 'u SECRET' }, 'a subject must be 1 to 128 visible ASCII characters'],
    [
      'a tenant that is none',
      { ...user, tenant: 'SECRET#x' },
      'a tenant must be 1 to 40 of a-z, 0-9 and "-", and not start with "-"',
    ],
    ['roles that are no list', { ...user, roles: 'SECRET' }, 'roles must be a list such as "[submitter auditor]"'],
    [
      'a role that is none',
      { ...user, roles: '[submitter secret]' },
      'roles must be some of submitter, approver, operator, auditor, each once',
    ],
    [
      'an ID token',
      { ...user, token_use: 'SECRET' },
      'token_use must be "access": send the access token, not the ID token',
    ],
    [
      'scopes of two tenants',
      { ...machine, scope: `${machine.scope} writ-tenant/SECRET` },
      'scopes must name one tenant (writ-tenant/<tenant>), and roles (writ/<role>) of submitter, approver, operator, auditor',
    ],
  ])('says what is wrong with a token of %s, and repeats none of it', async (_, claims, because) => {
    const { status, body } = await anApi(dynoxide).call('GET', '/v1/runs', { claims });
    expect(status).toBe(403);
    expect(body.detail).toBe(`The token does not say who calls, for which tenant and in which roles: ${because}.`);
    expect(body.detail).not.toMatch(/SECRET|secret/);
  });

  it('serves a machine client by the tenant and roles of its scopes', async () => {
    const claims = { sub: 'client-1', token_use: 'access', scope: 'writ/auditor writ-tenant/machines' };
    expect(await anApi(dynoxide).call('GET', '/v1/runs', { claims })).toMatchObject({
      status: 200,
      body: { runs: [] },
    });
  });

  it('says which methods a path takes', async () => {
    const api = anApi(dynoxide);
    expect(await api.call('DELETE', '/v1/tasks')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(await api.call('PUT', `/v1/runs/${RUN}`)).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    expect(await api.call('POST', '/v1/openapi.json')).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });

  it.each([
    '/',
    '/v1',
    '/v1/tasks/x',
    '/v2/tasks',
    '//v1/tasks',
    '/v1/controls/global/of/all',
    '/v1/controls/global/x/y',
    '/%zz',
  ])('finds nothing at %s', async (path) => {
    const { status, body } = await anApi(dynoxide).call('GET', path);
    expect([status, body.type]).toEqual([404, 'urn:writ:problem:not-found']);
  });

  it('answers HEAD without a body, and GET with a stray body', async () => {
    const api = anApi(dynoxide);
    expect(await api.call('HEAD', '/v1/runs')).toMatchObject({ status: 200, body: undefined });
    expect((await api.call('GET', '/v1/runs', { body: { a: 1 } })).status).toBe(200);
  });

  it('answers what is no request as a problem', async () => {
    const answer = await anApi(dynoxide).call('GET', '/v1/runs', { headers: { 'x-odd': 'a\nb' } });
    expect(answer).toMatchObject({ status: 400, body: { type: 'urn:writ:problem:malformed' } });
  });

  it('sends the headers that keep answers from being kept, guessed or framed', async () => {
    const api = anApi(dynoxide);
    for (const path of ['/v1/runs', '/v1/openapi.json', '/nowhere'])
      expect((await api.call('GET', path)).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
  });

  const failing = (error: unknown): Partial<Desk> => ({
    run: () => Promise.reject(error),
    file: () => Promise.reject(error),
  });
  const reason = 'Whoever runs this finds the reason under `trace`.';
  const perhaps = `The request may not have been completed, or only in part. ${reason}`;
  it.each([
    [new Retryable('the table of secrets is slow'), 503, 'The request was not completed. Send the same again.'],
    [new Terminal('the table of secrets is gone'), 500, `The request was not completed. ${reason}`],
    [new Uncertain('the table of secrets may be gone'), 500, perhaps],
    [new TypeError('cannot read secrets of undefined'), 500, perhaps],
    ['secrets', 500, perhaps],
  ])('tells nothing of a fault but where to find it: %s', async (error, status, detail) => {
    const { deps } = anApi(dynoxide);
    const api = anApi(dynoxide, { desk: { ...deps.desk, ...failing(error) } });
    const answer = await api.call('GET', `/v1/runs/${RUN}`);

    expect(answer).toMatchObject({ status, body: { trace: '1-trace', status, detail } });
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
    expect(JSON.stringify(answer)).not.toContain('secrets');
    expect(api.finished).toEqual([
      { name: 'getRun', outcome: String(status), isFault: true, labels: { tenant: 'acme' }, error },
    ]);
  });

  it('tells once of every request how it ended', async () => {
    const api = anApi(dynoxide);
    await api.call('GET', '/v1/runs');
    await api.call('GET', '/v1/runs', { query: 'limit=0' });
    await api.call('GET', '/nowhere');
    expect(api.finished.map(({ name, outcome, isFault }) => [name, outcome, isFault])).toEqual([
      ['listRuns', '200', false],
      ['listRuns', '422', false],
      ['none', '404', false],
    ]);
  });

  it('documents itself without a token', async () => {
    const { status, body } = await anApi(dynoxide).call('GET', '/v1/openapi.json', { claims: undefined });
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(openApiOf(ENDPOINTS))));
  });
});

describe('the OpenAPI document', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it, and fails where it is not as it says
  const document: any = JSON.parse(JSON.stringify(openApiOf(ENDPOINTS)));
  const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    Object.entries<any>(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
  const schemas = { $id: 'document', $defs: document.components.schemas };
  ajv.addSchema(schemas);
  const validate = (schema: object, value: unknown) => {
    const local = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', 'document#/$defs/'));
    return [ajv.validate(local, value), ajv.errorsText()];
  };

  it('is of OpenAPI 3.1, with every path that is served', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual([...new Set(ENDPOINTS.map(({ path }) => path))]);
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it('refers to nothing that it does not have', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const found = reference
        ?.slice(2)
        .split('/')
        .reduce((inside, key) => inside?.[key], document);
      expect([reference, typeof found]).toEqual([reference, 'object']);
    }
  });

  it.each(operations)('declares every parameter of $method $path, and a token', ({ path, operation }) => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter: { in: string }) => parameter.in === 'path');
    expect(declared.map(({ name }: { name: string }) => name)).toEqual(inPath);
    expect(declared.every(({ required }: { required: boolean }) => required)).toBe(true);
    for (const each of operation.security)
      expect(Object.keys(document.components.securitySchemes)).toContain(Object.keys(each)[0]);
  });

  it.each(operations)('gives examples of $method $path that fit their schemas', ({ operation }) => {
    const request = operation.requestBody?.content['application/json'];
    if (request) expect(validate(request.schema, request.example)).toEqual([true, 'No errors']);
    const [success] = Object.entries<typeof operation>(operation.responses).filter(([status]) => status < '400');
    const { schema, example, examples } = success?.[1].content['application/json'] ?? {};
    const all = examples ? Object.values<{ value: object }>(examples).map(({ value }) => value) : [example];
    expect(all.length).toBeGreaterThan(0);
    for (const each of all) {
      expect(validate(schema, each)).toEqual([true, 'No errors']);
      expect(validate(schema, { ...each, unknown: 1 })[0]).toBe(false);
    }
  });

  it('documents every problem that can come of a request', () => {
    const all = new Set(operations.flatMap(({ operation }) => Object.keys(operation.responses)));
    const possible = Object.values(PROBLEMS).map(({ status }) => String(status));
    const withoutOperation = ['405']; // of a path, not of any operation
    expect(possible.filter((status) => !all.has(status))).toEqual(withoutOperation);
  });
});
