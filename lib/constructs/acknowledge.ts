import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import * as z from 'zod';

const add = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });

/** Says why a construct goes against a rule of AWS Solutions. Without a reason the synthesis fails. */
export const acknowledge = (construct: IConstruct, rule: 'COG2' | 'COG8' | 'SF1' | 'APIG4', reason: string): void =>
  add(construct, rule, reason);

/** X-Ray and the delivery of logs have no resources to name: AWS takes `*` alone. */
export const acknowledgeNoResource = (construct: IConstruct): void =>
  add(construct, 'IAM5[Resource::*]', 'X-Ray and the delivery of logs have no resources to name');

/** Bedrock chooses among an inference profile's regions: the statement's condition names that one profile. */
export const acknowledgeRegions = (construct: IConstruct, model: string): void =>
  add(
    construct,
    `IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/${model}]`,
    'Bedrock chooses the region of the model, and a condition holds it to one inference profile'
  );

const Attribute = z.object({ 'Fn::GetAtt': z.array(z.string()) });

/** A state machine's role names all versions of a function: the newest alone would strand the runs that wait. */
export const acknowledgeVersions = (construct: IConstruct, { functionArn }: IFunction): void => {
  const reference = Attribute.parse(Stack.of(construct).resolve(functionArn))['Fn::GetAtt'].join('.');
  add(construct, `IAM5[Resource::<${reference}>:*]`, 'A run keeps to the versions that it began with');
};
