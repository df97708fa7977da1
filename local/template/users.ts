import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

export interface UserPoolClient {
  readonly id: string;
  readonly hasSecret: boolean;
  /** Whether users may sign in with their password. */
  readonly passwords: boolean;
  /** Whether the client may get tokens for itself. */
  readonly credentials: boolean;
  readonly scopes: readonly string[];
  readonly tokenSeconds: number;
}

export interface UserPool {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly issuer: string;
  readonly groups: readonly string[];
  readonly clients: readonly UserPoolClient[];
  /** Shapes each token before it is signed. */
  readonly trigger: { readonly functionArn: string; readonly version: 'V2_0' | 'V3_0' } | undefined;
}

const SECONDS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;

/** The user pools with their groups and clients. */
export const userPoolsOf = (select: Select): readonly UserPool[] => {
  const groups = select('AWS::Cognito::UserPoolGroup', properties.UserPoolGroup);
  const clients = select('AWS::Cognito::UserPoolClient', properties.UserPoolClient);
  const servers = select('AWS::Cognito::UserPoolResourceServer', properties.ResourceServer);
  const scopes = new Set(
    servers.flatMap(({ properties: { Identifier, Scopes } }) =>
      Scopes.map(({ ScopeName }) => `${Identifier}/${ScopeName}`)
    )
  );

  return select('AWS::Cognito::UserPool', properties.UserPool).map(({ resource, properties: { LambdaConfig } }) => {
    const id = resource.identity.ref;
    const trigger = LambdaConfig?.PreTokenGenerationConfig;
    const isOwn = ({ properties: given }: { readonly properties: { readonly UserPoolId: string } }): boolean =>
      given.UserPoolId === id;
    return {
      id,
      arn: arnOf(resource),
      region: id.slice(0, id.indexOf('_')),
      issuer: String(resource.identity.attributes.ProviderURL),
      groups: groups.filter(isOwn).map((group) => group.properties.GroupName),
      trigger: trigger && { functionArn: trigger.LambdaArn, version: trigger.LambdaVersion },
      clients: clients.filter(isOwn).map(({ resource: client, properties: given }) => {
        const custom = given.AllowedOAuthScopes.filter((scope) => scope.includes('/'));
        const unknown = custom.find((scope) => !scopes.has(scope));
        if (unknown !== undefined)
          throw new Error(`${client.at}: no resource server of the pool has the scope ${unknown}`);
        return {
          id: client.identity.ref,
          hasSecret: given.GenerateSecret,
          passwords: given.ExplicitAuthFlows.includes('ALLOW_USER_PASSWORD_AUTH'),
          credentials: given.AllowedOAuthFlows.includes('client_credentials'),
          scopes: custom,
          tokenSeconds: (given.AccessTokenValidity ?? 1) * SECONDS[given.TokenValidityUnits?.AccessToken ?? 'hours'],
        };
      }),
    };
  });
};
