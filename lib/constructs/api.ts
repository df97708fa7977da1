import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { APPROVER_ROLES } from '../../lambdas/core/gate/approval.ts';
import { ROLES, type Role } from '../../lambdas/core/names.ts';
import { acknowledge } from './acknowledge.ts';
import type { Users } from './users.ts';

interface Route {
  readonly method: HttpMethod;
  readonly path: string;
  /** Any of these; absent: anybody, without a token. */
  readonly roles?: readonly Role[];
}

const { GET, POST, PUT } = HttpMethod;

/** Every route, and who may call it. */
export const ROUTES: readonly Route[] = [
  { method: POST, path: '/v1/tasks', roles: ['submitter'] },
  { method: GET, path: '/v1/runs', roles: ROLES },
  { method: GET, path: '/v1/runs/{id}', roles: ROLES },
  { method: GET, path: '/v1/runs/{id}/audit', roles: ROLES },
  { method: GET, path: '/v1/runs/{id}/why', roles: ROLES },
  { method: POST, path: '/v1/runs/{id}/reply', roles: ['submitter'] },
  { method: GET, path: '/v1/approvals', roles: APPROVER_ROLES },
  { method: POST, path: '/v1/approvals/{id}', roles: APPROVER_ROLES },
  { method: POST, path: '/v1/runs/{id}/undo', roles: ['operator'] },
  { method: GET, path: '/v1/controls', roles: ['operator', 'auditor'] },
  { method: PUT, path: '/v1/controls/global', roles: ['operator'] },
  { method: PUT, path: '/v1/controls/{level}/{name}', roles: ['operator'] },
  { method: GET, path: '/v1/controls/global/audit', roles: ['operator', 'auditor'] },
  { method: GET, path: '/v1/controls/{level}/{name}/audit', roles: ['operator', 'auditor'] },
  { method: GET, path: '/v1/releases/{workflow}', roles: ['operator', 'auditor'] },
  { method: PUT, path: '/v1/releases/{workflow}', roles: ['operator'] },
  { method: GET, path: '/v1/openapi.json' },
];

/** Per route and second, for all callers together: far above what a service desk does, far below what hurts. */
const THROTTLE = { rateLimit: 100, burstLimit: 200 };

/** What a request was and how it went. Not who made it, nor from where: the audit knows the user. */
const ACCESS_LOG = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  error: '$context.error.messageString',
  authorizerError: '$context.authorizer.error',
});

export interface ApiProps {
  readonly handler: LambdaFunction;
  readonly users: Users;
  readonly allowedOrigins: readonly string[];
}

/** The HTTP API: one function behind routes that ask for a token with one of their scopes. */
export class Api extends Construct {
  readonly url: string;

  constructor(parent: Construct, id: string, { handler, users, allowedOrigins }: ApiProps) {
    super(parent, id);
    const api = new HttpApi(this, 'Http', {
      createDefaultStage: false,
      description: 'Writ: tasks, runs, approvals and controls',
      ...(allowedOrigins.length > 0 && { corsPreflight: cors(allowedOrigins) }),
    });
    const integration = new HttpLambdaIntegration('Handler', handler);
    const authorizer = new HttpJwtAuthorizer('Token', users.pool.userPoolProviderUrl, {
      jwtAudience: users.clients.map(({ userPoolClientId }) => userPoolClientId),
    });
    for (const { method, path, roles } of ROUTES) {
      const [route] = api.addRoutes({
        path,
        methods: [method],
        integration,
        ...(roles
          ? { authorizer, authorizationScopes: roles.map((role) => `writ/${role}`) }
          : { authorizer: new HttpNoneAuthorizer() }),
      });
      if (route && !roles) acknowledge(route, 'APIG4', 'The description of the API is public');
    }
    this.url = this.#stage(api).url;
  }

  #stage(api: HttpApi): HttpStage {
    const logs = new LogGroup(this, 'AccessLogs', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    });
  }
}

const cors = (origins: readonly string[]) => ({
  allowOrigins: [...origins],
  allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PUT],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key'],
  exposeHeaders: ['location'],
  maxAge: Duration.hours(1),
});
