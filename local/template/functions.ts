import { existsSync, statSync } from 'node:fs';
import type { Assembly } from './assembly.ts';
import * as properties from './properties.ts';
import { arnOf, type Parsed, type Select } from './select.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Absolute path of the folder that holds the code. */
  readonly folder: string;
  /** `<file>.<export>` */
  readonly handler: string;
  readonly runtime: string;
  readonly architectures: readonly string[];
  readonly description: string;
  readonly isTraced: boolean;
  readonly logGroup: string;
  readonly tags: readonly properties.Tag[];
  /** The numbers of its published versions. */
  readonly versions: readonly string[];
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
  const versions = select('AWS::Lambda::Version', properties.LambdaVersion);
  return select('AWS::Lambda::Function', properties.LambdaFunction).map(({ resource, properties: given }) => {
    const folder = assets.get(given.Code.S3Key);
    if (folder === undefined || !existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new Error(
        `${resource.at}: the assembly holds no folder for the asset ${given.Code.S3Key}: synthesise again`
      );
    }
    const [name, arn] = [resource.identity.ref, arnOf(resource)];
    const isOwn = (parsed: Parsed<{ readonly FunctionName: string }>): boolean =>
      [name, arn].includes(parsed.properties.FunctionName);
    return {
      name,
      arn,
      roleArn: given.Role,
      folder,
      handler: given.Handler,
      runtime: given.Runtime,
      architectures: given.Architectures,
      description: given.Description,
      isTraced: given.TracingConfig?.Mode === 'Active',
      logGroup: given.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      tags: given.Tags,
      versions: versions.filter(isOwn).map((version) => String(version.resource.identity.attributes.Version)),
      environment: given.Environment?.Variables ?? {},
      timeoutSeconds: given.Timeout,
      memoryMegabytes: given.MemorySize,
      concurrency: given.ReservedConcurrentExecutions,
      asyncRetries: retries.get(name) ?? 2,
    };
  });
};
