import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { Failure } from '../failure.ts';

/** The function of one write scope, as it is deployed. */
export interface WriteFunction {
  readonly scope: string;
  readonly name: string;
  readonly arn: string;
  readonly timeoutSeconds: number;
  /** Which deployment of Writ it belongs to: the table that it keeps its claims in. */
  readonly table: string;
  /** Undefined: it shares what the account has. */
  readonly reserved: number | undefined;
}

export interface WriteFunctions {
  /** Every write function of the account and region, of all deployments. */
  list(): Promise<readonly WriteFunction[]>;
  /** Undefined takes the reservation back. */
  reserve(name: string, concurrency: number | undefined): Promise<void>;
}

/** Where Lambda is reached: by what the environment says, as any AWS command does, or at an endpoint. */
export interface LambdaAt {
  readonly endpoint?: string;
  /** Ends every call. */
  readonly stop: AbortSignal;
  /** How long a call waits to connect, for an answer, and for each next piece of it; 5 seconds by default. It is made twice at most. */
  readonly timeoutMs?: number;
  /** How long credentials are waited for; 30 seconds by default. */
  readonly credentialsMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Long enough for a program that asks somebody for a code. */
const CREDENTIALS_MS = 30_000;

/** The local stack takes these for the developer's own. */
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

const functionOf = async (
  client: LambdaClient,
  { FunctionName, FunctionArn, Timeout = 0, Environment }: FunctionConfiguration,
  abortSignal: AbortSignal
): Promise<readonly WriteFunction[]> => {
  const { SCOPE, STATE_TABLE } = Environment?.Variables ?? {}; // what every scope's function has: only those are asked for
  if (FunctionName === undefined || FunctionArn === undefined || SCOPE === undefined || STATE_TABLE === undefined)
    return [];
  const { GetFunctionCommand } = await import('@aws-sdk/client-lambda');
  const { Tags = {}, Concurrency } = await client.send(new GetFunctionCommand({ FunctionName }), { abortSignal });
  const scope = Tags['writ:scope'];
  if (scope === undefined || Tags['writ:effect'] !== 'write') return [];
  return [
    {
      scope,
      name: FunctionName,
      arn: FunctionArn,
      timeoutSeconds: Timeout,
      table: STATE_TABLE,
      reserved: Concurrency?.ReservedConcurrentExecutions,
    },
  ];
};

/** Those of one page, 50 at most, are asked for at once. */
const found = async (client: LambdaClient, abortSignal: AbortSignal): Promise<readonly WriteFunction[]> => {
  const { paginateListFunctions } = await import('@aws-sdk/client-lambda');
  const functions: WriteFunction[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client }, {}, { abortSignal }))
    functions.push(...(await Promise.all(Functions.map((each) => functionOf(client, each, abortSignal)))).flat());
  return functions.toSorted((one, other) => (one.name < other.name ? -1 : 1));
};

/** Ends with the signal, whatever the work is at: credentials are looked for by programs and services that know of no signal. */
const until = <T>(stop: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = () => reject(stop.reason);
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', end));
  });

const noCredentials = (ms: number): Failure =>
  new Failure(
    `there were no AWS credentials within ${ms / 1_000} seconds: what this shell's AWS profile or environment names to give them does not answer. ` +
      'See with "aws sts get-caller-identity" what it waits for, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
  );

/** Waits until there are credentials. The client keeps them: its next call finds them, and looks for them no longer than that. */
const awaitCredentials = async (client: LambdaClient, stop: AbortSignal, ms: number): Promise<void> => {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(noCredentials(ms)), ms);
  try {
    await until(AbortSignal.any([stop, late.signal]), client.config.credentials());
  } finally {
    clearTimeout(timer);
  }
};

/** Write functions by Lambda's own API, with whatever credentials the caller has: nothing of Writ is asked. */
export const writeFunctionsAt = async ({
  endpoint,
  stop,
  timeoutMs = TIMEOUT_MS,
  credentialsMs = CREDENTIALS_MS,
}: LambdaAt): Promise<WriteFunctions & Disposable> => {
  const { DeleteFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } = await import(
    '@aws-sdk/client-lambda'
  );
  const client = new LambdaClient({
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeoutMs,
    },
    maxAttempts: 2,
    ...(endpoint !== undefined && { endpoint, ...LOCAL }),
  });
  const options = { abortSignal: stop };
  return {
    async list() {
      await awaitCredentials(client, stop, credentialsMs);
      return until(stop, found(client, stop));
    },
    async reserve(FunctionName, ReservedConcurrentExecutions) {
      await awaitCredentials(client, stop, credentialsMs);
      const sent =
        ReservedConcurrentExecutions === undefined
          ? client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }), options)
          : client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }), options);
      await until(stop, sent);
    },
    [Symbol.dispose]: () => client.destroy(),
  };
};
