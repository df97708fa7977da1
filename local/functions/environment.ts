import type { Credentials } from '../iam/credentials.ts';
import type { LambdaFunction } from '../template/functions.ts';

/** The whole environment of a function's process: what Lambda sets and what the template says, nothing of the parent's. */
export const environmentOf = (
  { name, arn, folder, handler, memoryMegabytes, environment, logGroup }: LambdaFunction,
  credentials: Credentials,
  { endpointUrl, traceAddress }: { readonly endpointUrl: string; readonly traceAddress: string }
): Readonly<Record<string, string>> => {
  const region = arn.split(':')[3] ?? '';
  return {
    ...environment,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: folder,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: name,
    AWS_XRAY_DAEMON_ADDRESS: traceAddress,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  };
};
