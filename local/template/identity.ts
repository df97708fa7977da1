import { createHash } from 'node:crypto';
import type { Json } from './json.ts';

/** Where a resource lies. */
export interface Place {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
}

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, Json>>;
}

interface Subject extends Place {
  readonly id: string;
  /** A property that the identity is made of, or `undefined` where the template leaves it out. */
  property(name: string): string | undefined;
  /** The URL under which an API answers here. */
  apiEndpoint(apiId: string): string;
}

type Identify = (subject: Subject) => Identity;

/** Stable for the same seed, so that names survive a restart; letters and digits only. */
const stableId = (seed: string, length: number): string =>
  BigInt(`0x${createHash('sha256').update(seed).digest('hex')}`)
    .toString(36)
    .slice(-length);

const seedOf = ({ stack, id }: Subject): string => `${stack}/${id}`;

/** As CloudFormation names what has no name of its own: stack, logical id and a suffix, 64 characters at most. */
const generatedName = (subject: Subject): string =>
  `${`${subject.stack}-${subject.id}`.slice(0, 55)}-${stableId(seedOf(subject), 8)}`;

const arn = (service: string, { region, account }: Place, resource: string): string =>
  `arn:aws:${service}:${region}:${account}:${resource}`;

/** A resource that is known by its name and has an ARN made of it. */
const named =
  (property: string, arnOf: (subject: Subject, name: string) => string): Identify =>
  (subject) => {
    const name = subject.property(property) ?? generatedName(subject);
    return { ref: name, attributes: { Arn: arnOf(subject, name) } };
  };

/** A resource that only others of its own kind refer to. */
const opaque =
  (attribute?: string): Identify =>
  (subject) => {
    const ref = stableId(seedOf(subject), 10);
    return { ref, attributes: attribute === undefined ? {} : { [attribute]: ref } };
  };

/** What a property must hold; the template is at fault where it does not. */
const required = (subject: Subject, property: string): string => {
  const value = subject.property(property);
  if (value === undefined) throw new Error(`${property} is missing`);
  return value;
};

const asArn = (service: string, place: Place, prefix: string, nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn : arn(service, place, `${prefix}${nameOrArn}`);

const table = named('TableName', (place, name) => arn('dynamodb', place, `table/${name}`));

const iam =
  (kind: 'role' | 'policy', property: string, ref: 'name' | 'arn'): Identify =>
  (subject) => {
    const name = subject.property(property) ?? generatedName(subject);
    const own = `arn:aws:iam::${subject.account}:${kind}${subject.property('Path') ?? '/'}${name}`;
    return { ref: ref === 'name' ? name : own, attributes: { Arn: own, Id: stableId(seedOf(subject), 16) } };
  };

/** The one version that exists locally: it is always the template's own code or definition. */
const VERSION = '1';

/** How each type of resource that the local stack accepts is identified; a type that is not here is refused. */
export const IDENTITIES: Readonly<Record<string, Identify>> = {
  'AWS::ApiGatewayV2::Api': (subject) => {
    const ref = stableId(seedOf(subject), 10);
    return { ref, attributes: { ApiId: ref, ApiEndpoint: subject.apiEndpoint(ref) } };
  },
  'AWS::ApiGatewayV2::Authorizer': opaque('AuthorizerId'),
  'AWS::ApiGatewayV2::Integration': opaque(),
  'AWS::ApiGatewayV2::Route': opaque(),
  'AWS::ApiGatewayV2::Stage': (subject) => ({ ref: required(subject, 'StageName'), attributes: {} }),
  'AWS::CDK::Metadata': opaque(),
  'AWS::CloudWatch::Alarm': named('AlarmName', (place, name) => arn('cloudwatch', place, `alarm:${name}`)),
  'AWS::Cognito::UserPool': (subject) => {
    const ref = `${subject.region}_${stableId(seedOf(subject), 9)}`;
    const ProviderName = `cognito-idp.${subject.region}.amazonaws.com/${ref}`;
    const attributes = { UserPoolId: ref, ProviderName, ProviderURL: `https://${ProviderName}` };
    return { ref, attributes: { ...attributes, Arn: arn('cognito-idp', subject, `userpool/${ref}`) } };
  },
  'AWS::Cognito::UserPoolClient': (subject) => {
    const ref = stableId(seedOf(subject), 26);
    return { ref, attributes: { ClientId: ref } };
  },
  'AWS::Cognito::UserPoolDomain': (subject) => ({ ref: required(subject, 'Domain'), attributes: {} }),
  'AWS::Cognito::UserPoolGroup': (subject) => ({ ref: required(subject, 'GroupName'), attributes: {} }),
  'AWS::Cognito::UserPoolResourceServer': (subject) => ({ ref: required(subject, 'Identifier'), attributes: {} }),
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::DynamoDB::Table': table,
  'AWS::Events::Rule': named('Name', (place, name) => arn('events', place, `rule/${name}`)),
  'AWS::IAM::ManagedPolicy': iam('policy', 'ManagedPolicyName', 'arn'),
  'AWS::IAM::Policy': iam('policy', 'PolicyName', 'name'),
  'AWS::IAM::Role': iam('role', 'RoleName', 'name'),
  'AWS::KMS::Alias': named('AliasName', (place, name) => arn('kms', place, name)),
  'AWS::KMS::Key': (subject) => {
    const ref = stableId(seedOf(subject), 32);
    return { ref, attributes: { KeyId: ref, Arn: arn('kms', subject, `key/${ref}`) } };
  },
  'AWS::Lambda::EventInvokeConfig': opaque(),
  'AWS::Lambda::Function': named('FunctionName', (place, name) => arn('lambda', place, `function:${name}`)),
  'AWS::Lambda::Permission': opaque(),
  'AWS::Lambda::Version': (subject) => {
    const ref = `${asArn('lambda', subject, 'function:', required(subject, 'FunctionName'))}:${VERSION}`;
    return { ref, attributes: { FunctionArn: ref, Version: VERSION } };
  },
  'AWS::Logs::LogGroup': named('LogGroupName', (place, name) => arn('logs', place, `log-group:${name}:*`)),
  'AWS::S3::Bucket': (subject) => {
    const ref = subject.property('BucketName') ?? generatedName(subject).toLowerCase();
    const host = `${ref}.s3.${subject.region}.amazonaws.com`;
    const attributes = { Arn: `arn:aws:s3:::${ref}`, DomainName: `${ref}.s3.amazonaws.com`, RegionalDomainName: host };
    return { ref, attributes };
  },
  'AWS::S3::BucketPolicy': opaque(),
  'AWS::SQS::Queue': (subject) => {
    const name = subject.property('QueueName') ?? generatedName(subject);
    const ref = `https://sqs.${subject.region}.amazonaws.com/${subject.account}/${name}`;
    return { ref, attributes: { QueueName: name, QueueUrl: ref, Arn: arn('sqs', subject, name) } };
  },
  'AWS::StepFunctions::StateMachine': (subject) => {
    const Name = subject.property('StateMachineName') ?? generatedName(subject);
    const ref = arn('states', subject, `stateMachine:${Name}`);
    return { ref, attributes: { Arn: ref, Name, StateMachineRevisionId: VERSION } };
  },
  'AWS::StepFunctions::StateMachineAlias': (subject) => {
    const version = required(subject, 'RoutingConfiguration.0.StateMachineVersionArn');
    const ref = version.replace(/:[^:]*$/, `:${required(subject, 'Name')}`);
    return { ref, attributes: { Arn: ref } };
  },
  'AWS::StepFunctions::StateMachineVersion': (subject) => {
    const ref = `${required(subject, 'StateMachineArn')}:${VERSION}`;
    return { ref, attributes: { Arn: ref } };
  },
};
