import { join } from 'node:path';
import type { CredentialStore } from '../iam/credentials.ts';
import { openRotatingFile } from '../rotating-file.ts';
import type { LambdaFunction } from '../template/functions.ts';
import type { TraceInvocation } from '../trace/invocations.ts';
import { environmentOf } from './environment.ts';
import { logInto } from './log.ts';
import { createPool, type FunctionPool } from './pool.ts';
import { startProcess } from './process.ts';

export interface OpenPoolOptions {
  readonly functions: readonly LambdaFunction[];
  readonly credentials: CredentialStore;
  readonly endpointUrl: string;
  readonly traceAddress: string;
  readonly trace: TraceInvocation;
  /** The data folder: logs go into `logs/`, compiled code into `cache/`. */
  readonly data: string;
}

/** Of a function's log, and as much again of what it held before. */
const MAX_LOG_BYTES = 8 * 1024 * 1024;

/** The pool of a stack's functions: each process has credentials of its function's role, for as long as it lives. */
export const openPool = ({ functions, credentials, data, trace, ...addresses }: OpenPoolOptions): FunctionPool => {
  const logs = new Map(
    functions.map(({ name }) => [name, openRotatingFile(join(data, 'logs', `${name}.log`), MAX_LOG_BYTES)])
  );
  const pool = createPool({
    functions,
    trace,
    start: async (lambda) => {
      const issued = credentials.issue({
        roleArn: lambda.roleArn,
        session: lambda.name,
        tags: {},
        functionArn: lambda.arn,
      });
      const log = logs.get(lambda.name);
      if (log === undefined) throw new Error(`there is no function ${lambda.name}`);
      const process = await startProcess(lambda, {
        environment: environmentOf(lambda, issued, addresses),
        log: logInto(log),
        cacheFolder: join(data, 'cache'),
      });
      const revoke = (): void => credentials.revoke(issued.accessKeyId);
      if ('exited' in process) void process.exited.then(revoke);
      else revoke();
      return process;
    },
  });
  return {
    ...pool,
    close: async () => {
      await pool.close();
      await Promise.all(logs.values().map((log) => log.close()));
    },
  };
};
