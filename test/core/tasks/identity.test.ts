import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROLES } from '../../../lambdas/core/names.ts';
import { identityFrom } from '../../../lambdas/core/tasks/identity.ts';

const user = (given: object = {}) => ({
  sub: 'u-1',
  tenant: 'acme',
  roles: '[submitter]',
  token_use: 'access',
  ...given,
});
const machine = (scope: unknown, given: object = {}) => ({ sub: 'c-1', scope, ...given });

describe('the identity that claims give', () => {
  it('is exact for every list of roles that the gateway can hand on', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...ROLES]), (roles) => {
        const identity = identityFrom(user({ roles: `[${roles.join(' ')}]` }));
        expect(identity).toEqual({ id: 'u-1', tenant: 'acme', roles });
      })
    );
  });

  it('is never given by any other text in place of roles', () => {
    const lists = new Set(fc.sample(fc.shuffledSubarray([...ROLES]), 1_000).map((roles) => `[${roles.join(' ')}]`));
    const near = fc.stringMatching(/^[[\]a-z ,"\t]{0,40}$/);
    const mutated = fc
      .tuple(
        fc.shuffledSubarray([...ROLES], { minLength: 1 }),
        fc.nat(),
        fc.constantFrom('', ' ', ',', '[', ']', '"', 'x', '\n')
      )
      .map(([roles, place, extra]) => {
        const text = `[${roles.join(' ')}]`;
        const at = place % (text.length + 1);
        return text.slice(0, at) + extra + text.slice(at + (extra === '' ? 1 : 0));
      });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near, mutated), (roles) => {
        fc.pre(!lists.has(roles));
        expect(identityFrom(user({ roles }))).toBeUndefined();
      }),
      { numRuns: 2_000 }
    );
  });

  it.each([
    ['no claims', undefined],
    ['text', 'claims'],
    ['no subject', user({ sub: undefined })],
    ['an empty subject', user({ sub: '' })],
    ['a subject with spaces', user({ sub: 'u 1' })],
    ['a subject of 129 characters', user({ sub: 'u'.repeat(129) })],
    ['a tenant that is none', user({ tenant: 'Acme' })],
    ['a tenant that reaches into another partition', user({ tenant: 'acme#x' })],
    ['roles as an array', user({ roles: ['operator'] })],
    ['a role twice', user({ roles: '[operator operator]' })],
    ['an unknown role', user({ roles: '[operator root]' })],
    ['an identity token', user({ token_use: 'id' })],
    ['a tenant without roles', { sub: 'u-1', tenant: 'acme', scope: 'writ/operator writ-tenant/acme' }],
    ['roles without a tenant', { sub: 'u-1', roles: '[operator]', scope: 'writ/operator writ-tenant/acme' }],
    ['a machine without a tenant', machine('writ/operator')],
    ['a machine of two tenants', machine('writ-tenant/a writ-tenant/b writ/operator')],
    ['a machine of one tenant twice', machine('writ-tenant/a writ-tenant/a')],
    ['a machine of no proper tenant', machine('writ-tenant/A#B')],
    ['a machine with an unknown role', machine('writ-tenant/a writ/root')],
    ['scopes that are no text', machine(['writ-tenant/a'])],
  ])('is not given by %s', (_, claims) => {
    expect(identityFrom(claims)).toBeUndefined();
  });

  it('is given to a machine by its scopes', () => {
    expect(identityFrom(machine('openid writ/auditor writ-tenant/acme writ/submitter'))).toEqual({
      isMachine: true,
      id: 'c-1',
      tenant: 'acme',
      roles: ['submitter', 'auditor'],
    });
  });
});
