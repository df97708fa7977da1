import * as z from 'zod';
import { Terminal } from '../errors.ts';
import { ROLES, type Role, Tenant } from '../names.ts';
import { ROLE_SCOPE, rightsOfScopes, TENANT_SCOPE } from './identity.ts';

const Requested = z.array(z.string()).default([]);

/** The parts that matter of Cognito's event before it issues a token. */
const MachineEvent = z.looseObject({
  triggerSource: z.literal('TokenGeneration_ClientCredentials'),
  request: z.looseObject({ scopes: Requested }),
});
const UserEvent = z.looseObject({
  triggerSource: z.enum([
    'TokenGeneration_HostedAuth',
    'TokenGeneration_Authentication',
    'TokenGeneration_NewPasswordChallenge',
    'TokenGeneration_AuthenticateDevice',
    'TokenGeneration_RefreshTokens',
  ]),
  request: z.looseObject({
    scopes: Requested,
    userAttributes: z.looseObject({ 'custom:tenant': Tenant.optional() }),
    groupConfiguration: z.looseObject({ groupsToOverride: z.array(z.string()).default([]) }).optional(),
  }),
});
const TokenEvent = z.discriminatedUnion('triggerSource', [MachineEvent, UserEvent]);
type TokenEvent = z.infer<typeof TokenEvent>;

const rightsOf = (event: TokenEvent): { readonly tenant: string; readonly roles: readonly Role[] } => {
  if (event.triggerSource === 'TokenGeneration_ClientCredentials') {
    const rights = rightsOfScopes(event.request.scopes);
    if (rights) return rights;
    throw new Terminal(
      `a machine client must ask for one scope ${TENANT_SCOPE}<tenant>, and ${ROLE_SCOPE}<role> scopes`
    );
  }
  const { userAttributes, groupConfiguration } = event.request;
  const tenant = userAttributes['custom:tenant'];
  if (tenant === undefined)
    throw new Terminal('this user belongs to no tenant: an administrator must set custom:tenant');
  const groups = groupConfiguration?.groupsToOverride ?? [];
  return { tenant, roles: ROLES.filter((role) => groups.includes(role)) };
};

/**
 * Cognito's event with tenant and roles in the access token, as claims and as scopes. Scopes of this product that the caller
 * asked for and does not have are taken out. Throws `Terminal`, which denies the token, for whatever is not exactly right.
 */
export const withRights = (event: unknown): object => {
  const parsed = TokenEvent.safeParse(event);
  if (!parsed.success) {
    // neither zod's messages nor ours hold a value
    const wrong = parsed.error.issues.map(({ path, message }) => [
      ...(path.length > 0 ? [path.join('.')] : []),
      message,
    ]);
    throw new Terminal(
      `no token is issued: what is known of the caller is not as it should be (${wrong.map((each) => each.join(': ')).join('; ')})`
    );
  }
  const { tenant, roles } = rightsOf(parsed.data);
  const isMachine = parsed.data.triggerSource === 'TokenGeneration_ClientCredentials';
  const granted = [...roles.map((role) => `${ROLE_SCOPE}${role}`), ...(isMachine ? [`${TENANT_SCOPE}${tenant}`] : [])];
  const asked = parsed.data.request.scopes.filter((scope) => scope.startsWith('writ'));
  return {
    ...parsed.data,
    response: {
      claimsAndScopeOverrideDetails: {
        accessTokenGeneration: {
          claimsToAddOrOverride: { tenant, roles },
          scopesToAdd: granted,
          scopesToSuppress: asked.filter((scope) => !granted.includes(scope)),
        },
      },
    },
  };
};
