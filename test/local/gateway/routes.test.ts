import { describe, expect, it } from 'vitest';
import { routerFor } from '../../../local/gateway/routes.ts';

const KEYS = ['$default', 'ANY /a/{proxy+}', 'GET /a/{id}', 'ANY /a/{id}', 'GET /a/b', 'POST /a/{id}/c.d', 'GET /'];

describe('routes', () => {
  const route = routerFor(KEYS.map((key) => ({ key, functionArn: '', timeoutMs: 1, authorizer: undefined })));

  it.each([
    ['GET', '/a/b', 'GET /a/b', {}],
    ['GET', '/a/c', 'GET /a/{id}', { id: 'c' }],
    ['PUT', '/a/c', 'ANY /a/{id}', { id: 'c' }],
    ['PUT', '/a/b', 'ANY /a/{id}', { id: 'b' }],
    ['GET', '/a/c/d/e', 'ANY /a/{proxy+}', { proxy: 'c/d/e' }],
    ['POST', '/a/x%20y/c.d', 'POST /a/{id}/c.d', { id: 'x y' }],
    ['POST', '/a/x/cxd', 'ANY /a/{proxy+}', { proxy: 'x/cxd' }],
    ['GET', '/a/%E0%A4%A', 'GET /a/{id}', { id: '%E0%A4%A' }],
    ['GET', '/', 'GET /', {}],
    ['GET', '/elsewhere', '$default', {}],
  ])('%s %s is served by %s', (method, path, key, pathParameters) => {
    const match = route(method, path);
    expect([match?.route.key, match?.pathParameters]).toEqual([key, pathParameters]);
  });

  it('serve nothing that no key names', () => {
    const narrow = routerFor([{ key: 'GET /a', functionArn: '', timeoutMs: 1, authorizer: undefined }]);
    expect(narrow('POST', '/a')).toBeUndefined();
    expect(narrow('GET', '/a/b')).toBeUndefined();
  });
});
