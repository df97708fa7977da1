import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import * as z from 'zod';

const add = (construct: IConstruct, rule: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });

/** Says why a construct goes against a rule of AWS Solutions. Without a reason the synthesis fails. */
export const acknowledge = (
  construct: IConstruct,
  rule: 'COG2' | 'COG8' | 'SF1' | 'APIG4' | 'S1',
  reason: string
): void => add(construct, rule, reason);

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

const Import = z.object({ 'Fn::ImportValue': z.string() });

/** Grants on folders of another stack's bucket end in a wildcard: which objects there will be, nobody knows before. */
export const acknowledgeFolders = (construct: IConstruct, bucket: Bucket, folders: readonly string[]): void => {
  const owner = Stack.of(bucket);
  const name = Import.parse(owner.resolve(owner.exportValue(bucket.bucketArn)))['Fn::ImportValue'];
  for (const folder of folders)
    add(
      construct,
      `IAM5[Resource::${name}/${folder}*]`,
      'Objects are named by what they hold: a folder is the narrowest'
    );
};
