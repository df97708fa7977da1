import { describe, expect, it } from 'vitest';
import { handler } from '../../../lambdas/api/token.ts';
import { identityFrom } from '../../../lambdas/core/tasks/identity.ts';
import { withRights } from '../../../lambdas/core/tasks/token.ts';

const userEvent = (given: { tenant?: unknown; groups?: readonly unknown[]; scopes?: readonly string[] }) => ({
  version: '2',
  triggerSource: 'TokenGeneration_Authentication',
  region: 'eu-central-1',
  userPoolId: 'pool',
  userName: 'somebody',
  callerContext: { clientId: 'client' },
  request: {
    userAttributes: { sub: 'u-1', ...(given.tenant !== undefined && { 'custom:tenant': given.tenant }) },
    groupConfiguration: { groupsToOverride: given.groups ?? [], iamRolesToOverride: [], preferredRole: null },
    scopes: given.scopes ?? [],
  },
  response: {},
});
const machineEvent = (scopes: readonly string[]) => ({
  version: '3',
  triggerSource: 'TokenGeneration_ClientCredentials',
  userName: 'client',
  callerContext: { clientId: 'client' },
  request: { userAttributes: {}, groupConfiguration: {}, scopes },
  response: {},
});
const accessOf = (event: object) => {
  const { response } = withRights(event) as {
    response: {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: { tenant: string; roles: readonly string[] };
          scopesToAdd: readonly string[];
          scopesToSuppress: readonly string[];
        };
      };
    };
  };
  return response.claimsAndScopeOverrideDetails.accessTokenGeneration;
};

describe('the access token', () => {
  it("has the user's tenant, and the roles among the user's groups, as claims and scopes", () => {
    expect(accessOf(userEvent({ tenant: 'acme', groups: ['operator', 'staff', 'submitter'] }))).toEqual({
      claimsToAddOrOverride: { tenant: 'acme', roles: ['submitter', 'operator'] },
      scopesToAdd: ['writ/submitter', 'writ/operator'],
      scopesToSuppress: [],
    });
  });

  it('has no scope that the user asked for and has no role for', () => {
    const scopes = ['openid', 'writ/operator', 'writ/auditor', 'writ-tenant/globex'];
    expect(accessOf(userEvent({ tenant: 'acme', groups: ['auditor'], scopes })).scopesToSuppress).toEqual([
      'writ/operator',
      'writ-tenant/globex',
    ]);
  });

  it('has what the scopes of a machine client name', () => {
    expect(accessOf(machineEvent(['writ/auditor', 'writ-tenant/acme', 'other/read']))).toEqual({
      claimsToAddOrOverride: { tenant: 'acme', roles: ['auditor'] },
      scopesToAdd: ['writ/auditor', 'writ-tenant/acme'],
      scopesToSuppress: [],
    });
  });

  it('gives the same identity back, as the gateway hands it on', () => {
    const { claimsToAddOrOverride: claims } = accessOf(userEvent({ tenant: 'acme', groups: ['auditor', 'operator'] }));
    const handedOn = { sub: 'u-1', tenant: claims.tenant, roles: `[${claims.roles.join(' ')}]` };
    expect(identityFrom(handedOn)).toEqual({ id: 'u-1', tenant: 'acme', roles: ['operator', 'auditor'] });
  });

  it('keeps the rest of the event as it was', () => {
    const event = userEvent({ tenant: 'acme' });
    expect(withRights(event)).toEqual({ ...event, response: expect.anything() });
  });

  it.each([
    ['a user without a tenant', userEvent({}), /custom:tenant/],
    [
      'a user with a malformed tenant',
      userEvent({ tenant: 'SECRET#' }),
      /\(request\.userAttributes\.custom:tenant: a tenant must be 1 to 40 of a-z, 0-9 and "-", and not start with "-"\)/,
    ],
    ['groups that are no names', userEvent({ tenant: 'acme', groups: [1] }), /groupsToOverride\.0: .*expected string/],
    ['a machine without a tenant', machineEvent(['writ/operator']), /writ-tenant/],
    ['a machine of two tenants', machineEvent(['writ-tenant/a', 'writ-tenant/b']), /one scope/],
    ['a machine with an unknown role', machineEvent(['writ-tenant/a', 'writ/root']), /writ\/<role>/],
    ['another trigger', { ...userEvent({ tenant: 'acme' }), triggerSource: 'SECRET' }, /triggerSource: /],
    ['nothing', undefined, /no token is issued: .*\(Invalid input: expected object/],
  ])('is denied to %s', async (_, event, message) => {
    await expect(handler(event)).rejects.toThrow(message);
    await expect(handler(event)).rejects.toThrow(/^(?!.*SECRET)/s);
  });
});
