import * as z from 'zod';
import { ROLES, type Role, Tenant } from '../names.ts';

/** Who calls, as far as the API has to know. */
export interface Identity {
  readonly id: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** By client credentials: nobody sits there. */
  readonly isMachine?: true;
}

/** How a scope of a token names a role (`writ/operator`), and a machine client's tenant (`writ-tenant/acme`). */
export const ROLE_SCOPE = 'writ/';
export const TENANT_SCOPE = 'writ-tenant/';

const ROLE_NAMES: ReadonlySet<string> = new Set(ROLES);
export const isRole = (name: string): name is Role => ROLE_NAMES.has(name);

const invalid = (context: z.RefinementCtx, message: string): never => {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
};

/** HTTP API hands a claim that is an array on as the text `[a b]`. Exactly that is read, and known roles only. */
const RolesClaim = z.string().transform((text, context): readonly Role[] => {
  const inside = /^\[([a-z]*(?: [a-z]+)*)\]$/.exec(text)?.[1];
  if (inside === undefined) return invalid(context, 'roles must be a list such as "[submitter auditor]"');
  const names = inside === '' ? [] : inside.split(' ');
  const roles = names.filter(isRole);
  if (roles.length !== names.length || new Set(roles).size !== roles.length)
    return invalid(context, `roles must be some of ${ROLES.join(', ')}, each once`);
  return roles;
});

/** Tenant and roles that the scopes of a machine client's token name. */
export const rightsOfScopes = (
  scopes: readonly string[]
): { readonly tenant: string; readonly roles: readonly Role[] } | undefined => {
  const named = (prefix: string) =>
    scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));
  const [tenant, ...others] = named(TENANT_SCOPE);
  const names = named(ROLE_SCOPE);
  const roles = ROLES.filter((role) => names.includes(role));
  if (others.length > 0 || !Tenant.safeParse(tenant).success || tenant === undefined) return undefined;
  return roles.length === names.length ? { tenant, roles } : undefined;
};

const Subject = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'a subject must be 1 to 128 visible ASCII characters');
/** Other issuers need not say what a token is for; where one does, it must be for access. */
const Access = z.literal('access').optional();

const UserClaims = z
  .object({ sub: Subject, tenant: Tenant, roles: RolesClaim, token_use: Access })
  .transform(({ sub, tenant, roles }): Identity => ({ id: sub, tenant, roles }));

const MachineClaims = z
  .object({
    sub: Subject,
    scope: z.string(),
    token_use: Access,
    tenant: z.undefined().optional(),
    roles: z.undefined().optional(),
  })
  .transform(({ sub, scope }, context): Identity => {
    const rights = rightsOfScopes(scope.split(' '));
    return rights
      ? { id: sub, ...rights, isMachine: true }
      : invalid(
          context,
          `scopes must name one tenant (${TENANT_SCOPE}<tenant>), and roles (${ROLE_SCOPE}<role>) of ${ROLES.join(', ')}`
        );
  });

/**
 * The identity that a verified token's claims give, or undefined where they do not give exactly one. Half a user's claims
 * are never completed from scopes.
 */
export const identityFrom = (claims: unknown): Identity | undefined =>
  z.union([UserClaims, MachineClaims]).safeParse(claims).data;

const Named = z.object({
  tenant: z.unknown().optional(),
  roles: z.unknown().optional(),
  scope: z.unknown().optional(),
});

const saidOf = ({ code, message, path }: z.core.$ZodIssue, claims: unknown): string => {
  const [claim = ''] = path;
  if (claim === 'token_use') return 'token_use must be "access": send the access token, not the ID token';
  if (code !== 'invalid_type') return message; // our own words, none of which is a value
  const isMissing = typeof claims !== 'object' || claims === null || Reflect.get(claims, claim) === undefined;
  return `${String(claim)} ${isMissing ? 'is missing' : 'must be text'}`;
};

/** Why claims give no identity, for whoever sets up the issuer: which claim is not as expected, and no value of any. */
export const identityFault = (claims: unknown): string => {
  const { tenant, roles, scope } = Named.safeParse(claims).data ?? {};
  const isUser = tenant !== undefined || roles !== undefined;
  if (!isUser && !(typeof scope === 'string' && scope.split(' ').some((each) => each.startsWith('writ'))))
    return `expected the claims tenant and roles, or the scopes ${TENANT_SCOPE}<tenant> and ${ROLE_SCOPE}<role>, found neither`;
  const [issue] = (isUser ? UserClaims : MachineClaims).safeParse(claims).error?.issues ?? [];
  return issue === undefined ? 'nothing is wrong with its claims' : saidOf(issue, claims);
};
