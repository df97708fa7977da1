import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import type { ModelSettings } from '../../lambdas/core/engine/model/settings.ts';
import type { ModelNeeds } from '../models.ts';
import { acknowledgeRegions } from './acknowledge.ts';
import { tenantSecretsRole } from './tenant-secrets.ts';

/** An inference profile of Bedrock's own: an area, and the model that it leads to in each of that area's regions. */
const PROFILE = /^(?:global|us-gov|us|eu|apac|jp|au|ca|sa)\.(.+)$/;

/** Bedrock asks for the profile, and for the model in whichever region it chooses: the latter by way of that profile alone. */
const bedrockStatements = (stack: Stack, model: string, region: string): readonly PolicyStatement[] => {
  const [, behind] = PROFILE.exec(model) ?? [];
  const actions = ['bedrock:InvokeModel'];
  const modelArn = (at: string, id: string) =>
    stack.formatArn({ service: 'bedrock', region: at, account: '', resource: 'foundation-model', resourceName: id });
  if (behind === undefined) return [new PolicyStatement({ actions, resources: [modelArn(region, model)] })];
  const profile = stack.formatArn({ service: 'bedrock', region, resource: 'inference-profile', resourceName: model });
  return [
    new PolicyStatement({ actions, resources: [profile] }),
    new PolicyStatement({
      actions,
      resources: [modelArn('*', behind)],
      conditions: { StringEquals: { 'bedrock:InferenceProfileArn': profile } },
    }),
  ];
};

/** Lets a step's function call exactly the models of its tiers: under its own role, or with its tenants' keys. */
export const grantModels = (
  fn: LambdaFunction,
  { keys, bedrock }: ModelNeeds,
  settings: ModelSettings | undefined
): void => {
  const stack = Stack.of(fn);
  for (const model of bedrock) {
    for (const statement of bedrockStatements(stack, model, settings?.bedrock.region ?? stack.region))
      fn.addToRolePolicy(statement);
    const [, behind] = PROFILE.exec(model) ?? [];
    if (behind !== undefined && fn.role) acknowledgeRegions(fn.role, behind);
  }
  if (keys.length === 0) return;
  const secrets = tenantSecretsRole(fn, 'ModelSecretsRole', fn, {
    paths: keys.map((provider) => `model/${provider}`),
    about: `models (${keys.join(', ')})`,
  });
  fn.addEnvironment('MODEL_SECRETS_ROLE_ARN', secrets.roleArn);
};
