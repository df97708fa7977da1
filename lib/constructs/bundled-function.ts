import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { assembleFunction, type Files } from '../assets.ts';
import { type Bundles, bundleOf } from '../bundle.ts';
import type { Config } from '../config.ts';
import { acknowledgeNoResource } from './acknowledge.ts';

/** What all functions share. */
export interface FunctionSettings {
  readonly bundles: Bundles;
  /** An empty folder for what goes into functions, needed until the app is composed. */
  readonly workspace: string;
  readonly logLevel: Config['logLevel'];
}

export interface BundledFunctionProps extends FunctionSettings {
  /** Names the function in logs, traces and metrics, and its folder. */
  readonly service: string;
  readonly bundle: string;
  readonly files?: Files;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A function from a bundle, with a role and a log group of its own. Its published versions outlive it: a run that waits
 * for days goes on with the code that it began with.
 */
export const bundledFunction = (scope: Construct, id: string, props: BundledFunctionProps): LambdaFunction => {
  const { bundles, workspace, logLevel, service, bundle, files = {}, timeoutSeconds, environment } = props;
  const folder = assembleFunction(join(workspace, service), bundleOf(bundles, bundle), files);
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  acknowledgeNoResource(role);
  return new LambdaFunction(scope, id, {
    code: Code.fromAsset(folder),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout: Duration.seconds(timeoutSeconds),
    tracing: Tracing.ACTIVE,
    role,
    logGroup,
    environment: {
      ...environment,
      POWERTOOLS_SERVICE_NAME: service,
      POWERTOOLS_METRICS_NAMESPACE: 'Writ',
      LOG_LEVEL: logLevel,
    },
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
  });
};
