import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import * as z from 'zod';
import { type Identity, identityFault, identityFrom } from '../core/tasks/identity.ts';
import { readBody } from './body.ts';
import { type Endpoint, isProblem, type UseCaseDeps } from './endpoint.ts';
import { openApiOf } from './openapi.ts';
import { type Problem, problem } from './problem.ts';
import { failed, json, problemOf } from './respond.ts';
import { answerApproval, listTenantApprovals } from './routes/approvals.ts';
import { getControlAudit, getGlobalControlAudit } from './routes/control-audit.ts';
import { listAllControls, setGlobalControl, setNamedControl } from './routes/controls.ts';
import { getReleases, setReleases } from './routes/releases.ts';
import { getRun, getRunAudit, getRunWhy, listTenantRuns, replyToRun, undoTenantRun } from './routes/runs.ts';
import { submitTask } from './routes/tasks.ts';

export const ENDPOINTS: readonly Endpoint[] = [
  submitTask,
  listTenantRuns,
  getRun,
  getRunAudit,
  getRunWhy,
  replyToRun,
  listTenantApprovals,
  answerApproval,
  undoTenantRun,
  listAllControls,
  setGlobalControl,
  setNamedControl,
  getGlobalControlAudit,
  getControlAudit,
  getReleases,
  setReleases,
];
const DOCUMENT = '/v1/openapi.json';

type Labels = Readonly<Record<string, string>>;

export interface ApiDeps extends UseCaseDeps {
  /** Runs work so that it can be found in traces. */
  readonly within: <T>(name: string, labels: Labels, work: () => Promise<T>) => Promise<T>;
  /** Told once of every request: the endpoint, the status, and what was thrown where something was. */
  readonly end: (finished: {
    readonly name: string;
    readonly outcome: string;
    readonly isFault: boolean;
    readonly labels: Labels;
    readonly error?: unknown;
  }) => void;
}

/** The part of API Gateway's event that its authorizer made. No request reaches this function but through the gateway. */
interface Gateway {
  readonly requestContext?: { readonly authorizer?: unknown };
}
type Bindings = { Bindings: Gateway };

const Authorizer = z.object({ jwt: z.object({ claims: z.unknown() }) });

/** Who calls, if they may call this at all. The gateway has checked the token; what it allows is checked here again. */
const admit = ({ roles }: Endpoint, gateway: Gateway | undefined): Identity | Problem => {
  const claims = Authorizer.safeParse(gateway?.requestContext?.authorizer).data?.jwt.claims;
  if (claims === undefined || claims === null) return problem('unauthenticated', 'Send an access token.');
  const identity = identityFrom(claims);
  if (identity === undefined)
    return problem(
      'forbidden',
      `The token does not say who calls, for which tenant and in which roles: ${identityFault(claims)}.`
    );
  return roles.some((role) => identity.roles.includes(role))
    ? identity
    : problem(
        'forbidden',
        `This takes one of the roles ${roles.join(', ')}; the token has ${identity.roles.join(', ') || 'none'}.`
      );
};

const answer = async (
  endpoint: Endpoint,
  deps: ApiDeps,
  identity: Identity,
  { req }: Context<Bindings>
): Promise<Response> => {
  const { request } = endpoint;
  const read = request.shape.body ? await readBody(req.raw) : { body: undefined };
  if ('type' in read) return failed(read);
  const headers = Object.keys(request.shape.headers?.shape ?? {}).map((name) => [name, req.header(name)]);
  const outcome = await endpoint.handle(deps, identity, {
    params: req.param(),
    query: req.query(),
    headers: Object.fromEntries(headers),
    body: read.body,
  });
  return isProblem(outcome) ? failed(outcome) : json(endpoint.answer.status, outcome.body, outcome.headers);
};

/** A path of OpenAPI as hono spells it. */
const patternOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** The HTTP API. Every answer that is not a success is a problem of RFC 9457. */
export const createApp = (deps: ApiDeps) => {
  const app = new Hono<Bindings>();
  const finish = (name: string, response: Response, labels: Labels = {}, error?: unknown): Response => {
    const isFault = error !== undefined; // a refusal is none, whatever its status: an operator's stop alarms nobody
    deps.end({ name, outcome: String(response.status), isFault, labels, ...(error !== undefined && { error }) });
    return response;
  };

  for (const endpoint of ENDPOINTS) {
    const { id, method, path } = endpoint;
    app.on(method.toUpperCase(), patternOf(path), async (context) => {
      const identity = admit(endpoint, context.env);
      if ('type' in identity) return finish(id, failed(identity));
      const labels = { tenant: identity.tenant };
      try {
        const response = await deps.within(id, labels, () => answer(endpoint, deps, identity, context));
        return finish(id, response, labels);
      } catch (error) {
        return finish(id, failed(problemOf(error, deps.traceId())), labels, error);
      }
    });
  }

  let document: object | undefined; // made when it is first asked for: most cold starts never are
  app.get(DOCUMENT, () => {
    document ??= openApiOf(ENDPOINTS);
    return finish('getOpenApi', json(200, document));
  });

  const routed = Map.groupBy([...ENDPOINTS, { path: DOCUMENT, method: 'get' }], ({ path }) => path);
  for (const [path, those] of routed) {
    const allow = those.map(({ method }) => method.toUpperCase()).join(', ');
    app.all(patternOf(path), () => finish('none', failed(problem('method-not-allowed', `Use ${allow}.`), { allow })));
  }
  app.notFound(() => finish('none', failed(problem('not-found', 'There is nothing at this path.'))));
  app.onError((error) => finish('none', failed(problemOf(error, deps.traceId())), {}, error));
  return app;
};
