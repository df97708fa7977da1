import * as properties from './properties.ts';
import type { Select } from './select.ts';

export interface JwtAuthorizer {
  readonly issuer: string;
  readonly audience: readonly string[];
  /** A token must have one of these, where there is any. */
  readonly scopes: readonly string[];
}

export interface Route {
  /** As the template says it: `GET /path/{name}` or `$default`. */
  readonly key: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly authorizer: JwtAuthorizer | undefined;
}

export interface HttpApi {
  readonly id: string;
  readonly routes: readonly Route[];
}

/** The HTTP APIs, their routes joined with integrations and authorizers. */
export const apisOf = (select: Select): readonly HttpApi[] => {
  const stages = select('AWS::ApiGatewayV2::Stage', properties.Stage);
  const routes = select('AWS::ApiGatewayV2::Route', properties.Route);
  const integrations = new Map(
    select('AWS::ApiGatewayV2::Integration', properties.Integration).map(({ resource, properties: given }) => [
      `integrations/${resource.identity.ref}`,
      given,
    ])
  );
  const authorizers = new Map(
    select('AWS::ApiGatewayV2::Authorizer', properties.Authorizer).map(({ resource, properties: given }) => [
      resource.identity.ref,
      given.JwtConfiguration,
    ])
  );

  return select('AWS::ApiGatewayV2::Api', properties.Api).map(({ resource }) => {
    const id = resource.identity.ref;
    if (!stages.some((stage) => stage.properties.ApiId === id)) throw new Error(`${resource.at} has no stage`);
    const own = routes.filter((route) => route.properties.ApiId === id);
    return {
      id,
      routes: own.map(({ resource: { at }, properties: given }): Route => {
        const integration = integrations.get(given.Target);
        if (integration === undefined) throw new Error(`${at}: there is no integration ${given.Target}`);
        const jwt = authorizers.get(given.AuthorizerId ?? '');
        if (given.AuthorizationType === 'JWT' && jwt === undefined)
          throw new Error(`${at}: there is no such authorizer`);
        return {
          key: given.RouteKey,
          functionArn: integration.IntegrationUri,
          timeoutMs: integration.TimeoutInMillis,
          authorizer:
            given.AuthorizationType === 'NONE' || jwt === undefined
              ? undefined
              : { issuer: jwt.Issuer, audience: jwt.Audience, scopes: given.AuthorizationScopes },
        };
      }),
    };
  });
};
