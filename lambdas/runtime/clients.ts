import * as z from 'zod';
import { type Connection, dynamoConnection } from '../adapters/dynamodb/connection.ts';
import type { ServiceOptions } from '../adapters/json-service.ts';
import { environment } from './environment.ts';
import { observe } from './observe.ts';

/** How long a call to AWS may take: connections are near, answers are small. */
const TIMEOUT_MS = 3_000;

/** The same for clients of the SDK, which try three times: to connect, until an answer begins, and between two pieces of it. */
export const CALL_LIMITS = {
  connectionTimeout: 1_000,
  requestTimeout: TIMEOUT_MS,
  throwOnRequestTimeout: true,
  socketTimeout: TIMEOUT_MS,
} as const;

/** China's regions have a domain of their own. */
const endpointOf = (service: string, region: string): string =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** A service in the function's region, or where `AWS_ENDPOINT_URL` says, with the credentials that Lambda sets. */
const options = (service: string, name: string): ServiceOptions => {
  const env = environment({
    AWS_REGION: z.string(),
    AWS_ACCESS_KEY_ID: z.string(), // the role's credentials, which are good for as long as the process lives
    AWS_SECRET_ACCESS_KEY: z.string(),
    AWS_SESSION_TOKEN: z.string().optional(),
    AWS_ENDPOINT_URL: z.url().optional(),
  });
  return {
    endpoint: new URL(env.AWS_ENDPOINT_URL ?? endpointOf(service, env.AWS_REGION)),
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      sessionToken: env.AWS_SESSION_TOKEN,
    },
    timeoutMs: TIMEOUT_MS,
    around: observe.call(name),
  };
};

export const dynamo = (): Connection => dynamoConnection(options('dynamodb', 'DynamoDB'));

/** For what a step can do without: one try, and no long wait. */
export const dynamoInHaste = (): Connection =>
  dynamoConnection({ ...options('dynamodb', 'DynamoDB'), timeoutMs: 500, tries: 1 });

/** What the adapter for Step Functions needs. */
export const stepFunctionsOptions = (): ServiceOptions => options('states', 'StepFunctions');
