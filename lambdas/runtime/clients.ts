import * as z from 'zod';
import { type Connection, dynamoConnection } from '../adapters/dynamodb/connection.ts';
import { environment } from './environment.ts';
import { observe } from './observe.ts';

/** How long a call to AWS may take: connections are near, answers are small. The SDK tries three times. */
export const CALL_LIMITS = { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true } as const;

/** China's regions have a domain of their own. */
const endpointOf = (region: string): string =>
  `https://dynamodb.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** DynamoDB in the function's region, or where `AWS_ENDPOINT_URL` says. */
export const dynamo = (): Connection => {
  const env = environment({
    AWS_REGION: z.string(),
    AWS_ACCESS_KEY_ID: z.string(), // the role's credentials, which are good for as long as the process lives
    AWS_SECRET_ACCESS_KEY: z.string(),
    AWS_SESSION_TOKEN: z.string().optional(),
    AWS_ENDPOINT_URL: z.url().optional(),
    AWS_ENDPOINT_URL_DYNAMODB: z.url().optional(),
  });
  return dynamoConnection({
    endpoint: new URL(env.AWS_ENDPOINT_URL_DYNAMODB ?? env.AWS_ENDPOINT_URL ?? endpointOf(env.AWS_REGION)),
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      sessionToken: env.AWS_SESSION_TOKEN,
    },
    timeoutMs: 3_000,
    around: observe.call('DynamoDB'),
  });
};
