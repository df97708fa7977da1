import { codeIn } from '../../functions/code.ts';
import type { ResourcePolicy } from '../../template/access.ts';
import type { LambdaFunction } from '../../template/functions.ts';
import type { JsonObject } from '../../template/json.ts';
import { LATEST } from './target.ts';

/** What a list says of a function, or of a version of it. */
export const briefOf = (lambda: LambdaFunction, version: string, functionArn: string): JsonObject => {
  const { sha256, bytes, modifiedAt } = codeIn(lambda.folder);
  return {
    FunctionName: lambda.name,
    FunctionArn: functionArn,
    Runtime: lambda.runtime,
    Role: lambda.roleArn,
    Handler: lambda.handler,
    CodeSize: bytes,
    CodeSha256: sha256,
    Description: lambda.description,
    Timeout: lambda.timeoutSeconds,
    MemorySize: lambda.memoryMegabytes,
    LastModified: new Date(modifiedAt).toISOString().replace('Z', '+0000'), // as Lambda writes it
    Version: version,
    Environment: { Variables: lambda.environment },
    TracingConfig: { Mode: lambda.isTraced ? 'Active' : 'PassThrough' },
    PackageType: 'Zip',
    Architectures: lambda.architectures,
    EphemeralStorage: { Size: 512 },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: lambda.logGroup },
  };
};

export const configurationOf = (...given: Parameters<typeof briefOf>): JsonObject => ({
  ...briefOf(...given),
  State: 'Active',
  LastUpdateStatus: 'Successful',
});

/** `$LATEST` and the published versions, as a list tells of them. */
export const versionsOf = (lambda: LambdaFunction): readonly JsonObject[] =>
  [LATEST, ...lambda.versions].map((version) => briefOf(lambda, version, `${lambda.arn}:${version}`));

/** The policy of a function, from all that is said of it; nothing where nothing is. */
export const policyOf = ({ arn }: LambdaFunction, policies: readonly ResourcePolicy[]): string | undefined => {
  const own = policies.filter((policy) => policy.arn === arn);
  const Statement = own.flatMap(({ document }) => document.Statement ?? []);
  return own.length === 0 ? undefined : JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement });
};
