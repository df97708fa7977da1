import { ArnPrincipal, type IRole, PolicyStatement, Role, SessionTagsPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack, Tags } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { bundleName, type Scope } from '../functions.ts';
import { bundledFunction, type FunctionSettings } from './bundled-function.ts';
import type { Ledger } from './ledger.ts';

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
    const secrets = this.#secretsRole(scope.name, this.function);
    this.function.addEnvironment('SECRETS_ROLE_ARN', secrets.roleArn);
  }

  /** The role that reads the secret `writ/<tenant>/<system>/<access>`, where `<tenant>` is the tag of the session. */
  #secretsRole(scope: string, { role }: LambdaFunction): IRole {
    if (role === undefined) throw new TypeError('a bundled function has a role of its own');
    const secrets = new Role(this, 'SecretsRole', {
      assumedBy: new SessionTagsPrincipal(
        new ArnPrincipal(role.roleArn).withConditions({
          StringLike: { 'aws:RequestTag/tenant': '?*' },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['tenant'] },
        })
      ),
      description: `Reads one tenant's secret of ${scope}`,
    });
    secrets.addToPolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [
          Stack.of(this).formatArn({
            service: 'secretsmanager',
            resource: 'secret',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            // Secrets Manager appends a dash and six characters to a secret's name
            resourceName: `writ/\${aws:PrincipalTag/tenant}/${scope.replace(':', '/')}-??????`,
          }),
        ],
      })
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [secrets.roleArn] })
    );
    return secrets;
  }
}
