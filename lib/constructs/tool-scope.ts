import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { bundleName, type Scope } from '../functions.ts';
import { bundledFunction, type FunctionSettings } from './bundled-function.ts';
import type { Ledger } from './ledger.ts';
import { tenantSecretsRole } from './tenant-secrets.ts';

export interface ToolScopeProps extends FunctionSettings {
  readonly scope: Scope;
  readonly ledger: Ledger;
}

/**
 * One scope: one function, hence one role. Per tenant it has one secret, which only this function can reach: by assuming,
 * under the tenant's tag, a role that names that tenant's secret and no other.
 */
export class ToolScope extends Construct {
  readonly function: LambdaFunction;

  constructor(parent: Construct, id: string, { scope, ledger, ...settings }: ToolScopeProps) {
    super(parent, id);
    this.function = bundledFunction(this, 'Function', {
      ...settings,
      service: scope.name.replace(':', '-'),
      bundle: bundleName.scope(scope.name),
      timeoutSeconds: scope.timeoutSeconds,
      environment: { ...ledger.environment, SCOPE: scope.name },
    });
    // by these an operator's command finds the function where all else may be broken
    Tags.of(this.function).add('writ:scope', scope.name);
    Tags.of(this.function).add('writ:effect', scope.effect);
    ledger.grantScope(this.function, scope);
    const secrets = tenantSecretsRole(this, 'SecretsRole', this.function, {
      paths: [scope.name.replace(':', '/')],
      about: scope.name,
    });
    this.function.addEnvironment('SECRETS_ROLE_ARN', secrets.roleArn);
  }
}
