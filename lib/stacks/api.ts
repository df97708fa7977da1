import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnOutput, Fn, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Policy } from '../../lambdas/core/releases/rollout.ts';
import { reasonsOf } from '../../lambdas/core/workflow.ts';
import type { Config } from '../config.ts';
import { Api } from '../constructs/api.ts';
import { bundledFunction, type FunctionSettings } from '../constructs/bundled-function.ts';
import type { Ledger } from '../constructs/ledger.ts';
import { Users } from '../constructs/users.ts';
import { bundleName, scopesOf } from '../functions.ts';
import type { PreparedWorkflow } from '../prepare.ts';
import type { WorkflowsStack } from './workflows.ts';

export interface ApiStackProps {
  readonly config: Config;
  readonly workflows: readonly PreparedWorkflow[];
  readonly workflowsStack: WorkflowsStack;
  readonly ledger: Ledger;
  readonly settings: FunctionSettings;
}

/** API Gateway waits 30 seconds: the function gives up first. */
const API_TIMEOUT_SECONDS = 25;
const TOKEN_TIMEOUT_SECONDS = 5;

/** What a deployed release means, as the API function is told. */
const policyOf = ({ rollout, canary }: Config): Policy =>
  rollout === 'all' ? { kind: 'all' } : { kind: 'canary', ...canary };

/** The way in: users, tokens and the HTTP API. */
export class ApiStack extends Stack {
  constructor(parent: Construct, id: string, props: ApiStackProps) {
    super(parent, id, { description: 'Writ: users and the HTTP API' });
    const { config, workflowsStack, settings } = props;
    this.addStackDependency(workflowsStack); // runs start with versions that it publishes
    const tokenFunction = bundledFunction(this, 'Token', {
      ...settings,
      service: 'token',
      bundle: bundleName.token,
      timeoutSeconds: TOKEN_TIMEOUT_SECONDS,
      environment: {},
    });
    const users = new Users(this, 'Users', { config, tokenFunction });
    const handler = this.#handler(props);
    const api = new Api(this, 'Api', { handler, users, allowedOrigins: config.allowedOrigins });
    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'UserPoolId', { value: users.pool.userPoolId });
    new CfnOutput(this, 'UserPoolClientId', { value: users.people.userPoolClientId });
  }

  #handler({ config, workflows, workflowsStack, ledger, settings }: ApiStackProps): LambdaFunction {
    const { deployed, stackName } = workflowsStack;
    // an export in use cannot change, and a version does with every release: so outputs are read, not imported
    const read = (output: string) => Fn.getStackOutput(stackName, output);
    const shapes = workflows.map(({ definition, release: whole }) => {
      const { workflow, release, input } = whole;
      const scopes = scopesOf(definition).map(({ name }) => name);
      return [workflow, { release, input, reasons: reasonsOf(whole), scopes }];
    });
    const versions = deployed.map(({ name, versionOutput }) => [name, read(versionOutput)]);
    const machines = deployed.map(({ stateMachineOutput }) => read(stateMachineOutput));
    const undoVersions = deployed.map(({ name, undoVersionOutput }) => [name, read(undoVersionOutput)]);
    const undoMachines = deployed.map(({ undoStateMachineOutput }) => read(undoStateMachineOutput));
    const handler = bundledFunction(this, 'Handler', {
      ...settings,
      service: 'api',
      bundle: bundleName.api,
      files: { 'workflows.json': JSON.stringify(Object.fromEntries(shapes)) },
      timeoutSeconds: API_TIMEOUT_SECONDS,
      environment: {
        ...ledger.environment,
        WORKFLOWS: this.toJsonString(Object.fromEntries(versions)),
        UNDO_WORKFLOWS: this.toJsonString(Object.fromEntries(undoVersions)),
        OPERATOR_TENANT: config.operatorTenant,
        ROLLOUT: JSON.stringify(policyOf(config)),
      },
    });
    ledger.grantApi(handler);
    // Step Functions authorises a call that names a version, or a token, by the state machine's own ARN
    handler.addToRolePolicy(
      new PolicyStatement({ actions: ['states:StartExecution', 'states:SendTaskSuccess'], resources: machines })
    );
    // nobody is asked in an undo: there is no token to answer
    handler.addToRolePolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: undoMachines }));
    return handler;
  }
}
