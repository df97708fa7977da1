import type { JsonObject } from '../template/json.ts';

const allowing = (...actions: readonly string[]): JsonObject => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

/** What AWS's own managed policies hold, of those that the CDK attaches to functions and APIs. */
const DOCUMENTS: Readonly<Record<string, JsonObject>> = {
  AdministratorAccess: allowing('*'),
  AWSXRayDaemonWriteAccess: allowing(
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries'
  ),
  'service-role/AWSLambdaBasicExecutionRole': allowing(...LOGS),
  'service-role/AWSLambdaVPCAccessExecutionRole': allowing(
    ...LOGS,
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses'
  ),
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': allowing(
    ...LOGS,
    'logs:DescribeLogGroups',
    'logs:DescribeLogStreams',
    'logs:GetLogEvents',
    'logs:FilterLogEvents'
  ),
};

/** The document of a policy that AWS manages, by its ARN; `undefined` for one that is not known here. */
export const awsManagedPolicy = (arn: string): { readonly name: string; readonly document: JsonObject } | undefined => {
  const [, name = ''] = /^arn:aws[\w-]*:iam::aws:policy\/(.+)$/.exec(arn) ?? [];
  const document = Object.hasOwn(DOCUMENTS, name) ? DOCUMENTS[name] : undefined;
  return document && { name, document };
};
