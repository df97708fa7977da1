import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const isOnPath = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** `WRIT_AWS_CLIENTS=1`: somebody wants the AWS CLI and boto3 tried, which takes a second per call. */
const isWanted = process.env.WRIT_AWS_CLIENTS === '1';

const absent = isOnPath('aws') && isOnPath('python3') ? undefined : 'aws and python3 with boto3 are not on the PATH';

/** Why the suite against the AWS CLI and boto3 does not run; `undefined` where it does. */
export const whyNoAwsClients = isWanted ? absent : 'WRIT_AWS_CLIENTS is not 1';

/** Runs a program as a developer at the endpoint has it. Rejects with what it prints to its error output. */
export const runAt = async (endpointUrl: string, program: string, ...given: readonly string[]): Promise<string> => {
  const environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const { stdout } = await execute(program, given, { env: environment });
  return stdout;
};
