import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationOf } from '../../lambdas/adapters/signature.ts';

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the SDK would send, as it signs it. */
const sentBySdk = async (
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  region: string,
  text: string
): Promise<Sent> => {
  let sent: Sent | undefined;
  const client = new DynamoDBClient({
    region,
    credentials,
    maxAttempts: 1,
    requestHandler: {
      handle: (request: { headers: Record<string, string>; body: string }) => {
        sent = { headers: request.headers, body: request.body };
        return Promise.reject(new Error('nothing is sent here'));
      },
    },
  });
  await client.send(new PutItemCommand({ TableName: 'state', Item: { pk: { S: text } } })).catch(() => undefined);
  if (sent === undefined) throw new Error('the SDK sent nothing');
  return sent;
};

const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ019/+='), minLength: 16, maxLength: 40 });

describe('a signature', () => {
  it("is the one that AWS's SDK makes of the same request", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ accessKeyId: fc.stringMatching(/^[A-Z0-9]{16}$/), secretAccessKey: secret, sessionToken: secret }),
        fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1'),
        fc.string({ unit: 'grapheme' }),
        async (credentials, region, text) => {
          const { headers, body } = await sentBySdk(credentials, region, text);
          const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
          expect(names).toContain('x-amz-target');
          const signed = Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));

          const ours = authorizationOf(
            { headers: signed, body },
            { region, service: 'dynamodb', credentials },
            headers['x-amz-date'] ?? ''
          );

          expect(ours).toBe(headers.authorization);
        }
      ),
      { numRuns: 25 }
    );
  });
});
