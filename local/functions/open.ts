import { join } from 'node:path';
import type { CredentialStore } from '../iam/credentials.ts';
import type { LambdaFunction } from '../template/functions.ts';
import { environmentOf } from './environment.ts';
import { createPool, type FunctionPool } from './pool.ts';
import { startProcess } from './process.ts';

/** The pool of a stack's functions: each process has credentials of its function's role, for as long as it lives. */
export const openPool = (
  functions: readonly LambdaFunction[],
  credentials: CredentialStore,
  endpointUrl: string,
  data: string
): FunctionPool =>
  createPool({
    functions,
    start: async (lambda) => {
      const issued = credentials.issue({
        roleArn: lambda.roleArn,
        session: lambda.name,
        tags: {},
        functionArn: lambda.arn,
      });
      const process = await startProcess(lambda, {
        environment: environmentOf(lambda, issued, endpointUrl),
        logFile: join(data, 'logs', `${lambda.name}.log`),
        cacheFolder: join(data, 'cache'),
      });
      const revoke = (): void => credentials.revoke(issued.accessKeyId);
      if ('exited' in process) void process.exited.then(revoke);
      else revoke();
      return process;
    },
  });
