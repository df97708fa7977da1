import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { observe } from './observe.ts';

/** How long a call to AWS may take: connections are near, answers are small. The SDK tries three times. */
export const CALL_LIMITS = { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true } as const;

export const dynamoClient = (): DynamoDBClient =>
  observe.watch(new DynamoDBClient({ requestHandler: CALL_LIMITS, maxAttempts: 3 }));
