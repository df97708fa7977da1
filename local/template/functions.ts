import { existsSync, statSync } from 'node:fs';
import type { Assembly } from './assembly.ts';
import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Absolute path of the folder that holds the code. */
  readonly folder: string;
  /** `<file>.<export>` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly concurrency: number | undefined;
  /** How often an asynchronous invocation that failed is tried again. */
  readonly asyncRetries: number;
}

/** The functions, each with the folder that holds its code. */
export const functionsOf = (select: Select, { assets }: Assembly): readonly LambdaFunction[] => {
  const retries = new Map(
    select('AWS::Lambda::EventInvokeConfig', properties.EventInvokeConfig).map(
      ({ properties: { FunctionName, MaximumRetryAttempts } }) => [FunctionName, MaximumRetryAttempts]
    )
  );
  return select('AWS::Lambda::Function', properties.LambdaFunction).map(({ resource, properties: given }) => {
    const folder = assets.get(given.Code.S3Key);
    if (folder === undefined || !existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new Error(
        `${resource.at}: the assembly holds no folder for the asset ${given.Code.S3Key}: synthesise again`
      );
    }
    return {
      name: resource.identity.ref,
      arn: arnOf(resource),
      roleArn: given.Role,
      folder,
      handler: given.Handler,
      environment: given.Environment?.Variables ?? {},
      timeoutSeconds: given.Timeout,
      memoryMegabytes: given.MemorySize,
      concurrency: given.ReservedConcurrentExecutions,
      asyncRetries: retries.get(resource.identity.ref) ?? 2,
    };
  });
};
