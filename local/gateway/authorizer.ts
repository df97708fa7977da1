import type { Identity } from '../identity/identity.ts';
import type { JwtAuthorizer } from '../template/api.ts';

/** What an authorizer says of a request. */
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly claims: Readonly<Record<string, string>>;
      readonly scopes: readonly string[] | null;
    }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'forbidden' };

/** API Gateway hands every claim on as a string, and a list as `[a b]`. */
const claimText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(claimText).join(' ')}]`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
};

const listIn = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(' ') : [];

/**
 * Admits a token that the issuer signed, that is current, was issued for one of the audience (`aud`, or `client_id` where
 * there is none) and has one of the route's scopes. Lacking a scope is forbidden; anything else wrong is unauthorized.
 */
export const admit = async (
  { issuer, audience, scopes }: JwtAuthorizer,
  authorization: string | undefined,
  identity: Identity
): Promise<Admission> => {
  const claims = await identity.verify((authorization ?? '').replace(/^Bearer\s+/i, ''), issuer);
  if (claims === undefined) return { kind: 'unauthorized' };
  const audiences = listIn(claims.aud ?? claims.client_id);
  if (!audiences.some((one) => audience.includes(one))) return { kind: 'unauthorized' };
  const granted = listIn(claims.scope ?? claims.scp);
  if (scopes.length > 0 && !scopes.some((scope) => granted.includes(scope))) return { kind: 'forbidden' };
  const texts = Object.entries(claims).map(([name, value]) => [name, claimText(value)]);
  return { kind: 'admitted', claims: Object.fromEntries(texts), scopes: scopes.length === 0 ? null : granted };
};
