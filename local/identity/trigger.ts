import * as z from 'zod';
import type { Answer } from '../functions/messages.ts';
import type { Json, JsonObject } from '../template/json.ts';
import type { UserPool } from '../template/users.ts';

/** What an access token says of its subject, before it is signed. */
export interface Grant {
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly claims: Readonly<Record<string, Json>>;
}

export interface TriggerRequest {
  readonly source: 'TokenGeneration_Authentication' | 'TokenGeneration_ClientCredentials';
  readonly clientId: string;
  readonly username: string;
  readonly userAttributes: Readonly<Record<string, string>>;
}

/** Invokes the trigger of a user pool. Rejects with `TriggerFailed` where the pool may not. */
export type InvokeTrigger = (functionArn: string, payload: string, pool: UserPool) => Promise<Answer>;

export class TriggerFailed extends Error {
  override readonly name = 'UserLambdaValidationException';
}

const JsonValue = z.json() as z.ZodType<Json>;
const Names = z.array(z.string()).nullish();
const Override = z.object({
  response: z.object({
    claimsAndScopeOverrideDetails: z
      .object({
        accessTokenGeneration: z
          .object({
            claimsToAddOrOverride: z.record(z.string(), JsonValue).nullish(),
            claimsToSuppress: Names,
            scopesToAdd: Names,
            scopesToSuppress: Names,
          })
          .nullish(),
        groupOverrideDetails: z.object({ groupsToOverride: Names }).nullish(),
      })
      .nullish(),
  }),
});

/** Claims that Cognito lets no trigger change. */
const FIXED = new Set(
  'acr amr at_hash auth_time azp client_id cognito:username exp iat iss jti nbf nonce origin_jti scope sub token_use username'.split(
    ' '
  )
);

const without = <T extends string>(all: readonly T[], gone: readonly string[] | null | undefined): readonly T[] =>
  all.filter((one) => gone?.includes(one) !== true);

/** Asks the pool's pre-token-generation trigger, and gives the grant as changed by its answer. Rejects with `TriggerFailed`. */
export const applyTrigger = async (
  pool: UserPool,
  grant: Grant,
  { source, clientId, username, userAttributes }: TriggerRequest,
  invoke: InvokeTrigger
): Promise<Grant> => {
  if (pool.trigger === undefined) return grant;
  const isClient = source === 'TokenGeneration_ClientCredentials';
  if (isClient && pool.trigger.version === 'V2_0') return grant; // only V3_0 is asked about machines
  const event: JsonObject = {
    version: pool.trigger.version === 'V2_0' ? '2' : '3',
    triggerSource: source,
    region: pool.region,
    userPoolId: pool.id,
    userName: username,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId },
    request: {
      userAttributes,
      groupConfiguration: { groupsToOverride: grant.groups, iamRolesToOverride: [], preferredRole: null },
      scopes: grant.scopes,
    },
    response: { claimsAndScopeOverrideDetails: null },
  };
  const answer = await invoke(pool.trigger.functionArn, JSON.stringify(event), pool);
  if (answer.failed)
    throw new TriggerFailed('PreTokenGeneration failed with an error: the log of its function says why');
  const parsed = Override.safeParse(JSON.parse(answer.payload));
  if (!parsed.success) throw new TriggerFailed('PreTokenGeneration did not answer with the event and a response');
  const { accessTokenGeneration: access, groupOverrideDetails } =
    parsed.data.response.claimsAndScopeOverrideDetails ?? {};
  const claims = { ...grant.claims, ...access?.claimsToAddOrOverride };
  return {
    scopes: [...new Set([...without(grant.scopes, access?.scopesToSuppress), ...(access?.scopesToAdd ?? [])])],
    groups: groupOverrideDetails?.groupsToOverride ?? grant.groups,
    claims: Object.fromEntries(
      without(Object.keys(claims), access?.claimsToSuppress)
        .filter((name) => !FIXED.has(name))
        .map((name) => [name, claims[name] ?? null])
    ),
  };
};
