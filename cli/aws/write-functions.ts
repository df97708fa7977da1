import type { LambdaClient } from '@aws-sdk/client-lambda';

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
}

/** The local stack takes these for the developer's own. */
const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

const found = async (client: LambdaClient): Promise<readonly WriteFunction[]> => {
  const { GetFunctionCommand, paginateListFunctions } = await import('@aws-sdk/client-lambda');
  const functions: WriteFunction[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client }, {}))
    for (const { FunctionName, FunctionArn, Timeout = 0, Environment } of Functions) {
      const { SCOPE, STATE_TABLE } = Environment?.Variables ?? {}; // what every scope's function has: only those are asked for
      if (FunctionName === undefined || FunctionArn === undefined || SCOPE === undefined || STATE_TABLE === undefined)
        continue;
      const { Tags = {}, Concurrency } = await client.send(new GetFunctionCommand({ FunctionName }));
      const scope = Tags['writ:scope'];
      if (scope === undefined || Tags['writ:effect'] !== 'write') continue;
      functions.push({
        scope,
        name: FunctionName,
        arn: FunctionArn,
        timeoutSeconds: Timeout,
        table: STATE_TABLE,
        reserved: Concurrency?.ReservedConcurrentExecutions,
      });
    }
  return functions.toSorted((one, other) => (one.name < other.name ? -1 : 1));
};

/** Write functions by Lambda's own API, with whatever credentials the caller has: nothing of Writ is asked. */
export const writeFunctionsAt = async ({ endpoint }: LambdaAt): Promise<WriteFunctions & Disposable> => {
  const { DeleteFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } = await import(
    '@aws-sdk/client-lambda'
  );
  const client = new LambdaClient(endpoint === undefined ? {} : { endpoint, ...LOCAL });
  return {
    list: () => found(client),
    async reserve(FunctionName, ReservedConcurrentExecutions) {
      if (ReservedConcurrentExecutions === undefined)
        await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
      else await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
    },
    [Symbol.dispose]: () => client.destroy(),
  };
};
