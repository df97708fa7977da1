import { randomBytes } from 'node:crypto';
import { dynamoApprovals } from '../../lambdas/adapters/dynamodb/approvals.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { dynamoRollouts } from '../../lambdas/adapters/dynamodb/rollouts.ts';
import { type ApiDeps, createApp } from '../../lambdas/api/app.ts';
import { behindGateway, type GatewayEvent } from '../../lambdas/api/gateway.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import type { Executions } from '../../lambdas/core/tasks/ports.ts';
import { AT, aRelease, RELEASE } from './builders.ts';
import type { Dynoxide } from './dynoxide.ts';

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:ticket-triage:7';

/** Executions that are kept as Step Functions keeps them: by name, once; tokens that are answered once. */
export const scriptedExecutions = () => {
  const started = new Map<string, { readonly machine: string; readonly input: string }>();
  const waiting = new Set<string>();
  const answers: { readonly token: string; readonly output: object }[] = [];
  let failures = 0;
  const port: Executions = {
    async start(machine, task) {
      if (failures > 0) {
        failures -= 1;
        throw new Retryable('a test makes this fail');
      }
      const input = JSON.stringify(task);
      const before = started.get(task.run);
      if (before !== undefined && before.input !== input)
        throw new Error('an execution of this name has another input');
      if (before === undefined) started.set(task.run, { machine, input });
    },
    async answer(token, output) {
      if (!waiting.delete(token)) return 'not-waiting';
      answers.push({ token, output });
      return 'answered';
    },
  };
  const failNext = (count: number) => {
    failures = count;
  };
  return { port, started, waiting, answers, failNext };
};

type Claims = Readonly<Record<string, string>>;

/** What API Gateway hands on of a user's token. */
export const claimsOf = (given: Claims = {}): Claims => ({
  sub: 'u-1',
  tenant: 'acme',
  roles: '[submitter]',
  token_use: 'access',
  scope: 'writ/submitter',
  ...given,
});

export interface Sent {
  readonly claims?: Claims | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is where it is text. */
  readonly body?: unknown;
  readonly base64?: boolean;
  readonly query?: string;
}

/** A request as API Gateway's HTTP API (payload 2.0) hands it to a function. */
export const eventOf = (
  method: string,
  path: string,
  { claims, headers, body, base64 = false, query = '' }: Sent
): GatewayEvent => ({
  rawPath: path,
  rawQueryString: query,
  headers: { host: 'api.example', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  requestContext: {
    domainName: 'api.example',
    http: { method },
    ...(claims && { authorizer: { jwt: { claims, scopes: null } } }),
  },
  body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  isBase64Encoded: base64,
});

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer, and fail where it is not as they say
  readonly body: any;
}

/** The API over tables of the test's own. Whatever is `given` replaces a part of it. */
export const anApi = ({ connection, state, audit }: Dynoxide, given: Partial<ApiDeps> = {}) => {
  const executions = scriptedExecutions();
  const finished: Parameters<ApiDeps['end']>[0][] = [];
  const deps: ApiDeps = {
    desk: dynamoDesk(connection, { state, audit }),
    controls: dynamoControls(connection, { state, audit }),
    approvals: dynamoApprovals(connection, state),
    executions: executions.port,
    workflows: new Map([
      [
        'ticket-triage',
        {
          release: RELEASE,
          input: aRelease().input,
          machine: MACHINE,
          undoMachine: MACHINE,
          scopes: ['jira:read', 'jira:write'],
        },
      ],
    ]),
    rollouts: dynamoRollouts(connection, { state, audit }),
    policy: { kind: 'all' },
    looked: new Map(),
    lookFailed: (error) => {
      throw error;
    },
    operatorTenant: 'platform',
    now: () => AT,
    pause: async () => undefined,
    traceId: () => '1-trace',
    random: (bytes) => randomBytes(bytes),
    within: (_name, _labels, work) => work(),
    end: (line) => void finished.push(line),
    ...given,
  };
  const serve = behindGateway(createApp(deps));
  const call = async (method: string, path: string, sent: Sent = {}): Promise<Answered> => {
    const result = await serve(eventOf(method, path, { claims: claimsOf(), ...sent }));
    const { statusCode: status = 0, body = '' } = result;
    const headers = Object.fromEntries(
      Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)])
    );
    return { status, headers, body: body === '' ? undefined : JSON.parse(body) };
  };
  return { deps, call, executions, finished };
};
export type Api = ReturnType<typeof anApi>;
