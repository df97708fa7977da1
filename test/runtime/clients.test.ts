import { once } from 'node:events';
import { createServer } from 'node:http';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { CALL_LIMITS } from '../../lambdas/runtime/clients.ts';

const AS_ANYBODY = { region: 'eu-central-1', credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret' } };

describe('the limits of calls by the SDK', () => {
  it('end an answer that stops half-way', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 999 }).write('<GetCallerIdentity');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const sts = new STSClient({ ...AS_ANYBODY, endpoint, requestHandler: CALL_LIMITS, maxAttempts: 1 });
    try {
      await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
    } finally {
      sts.destroy();
      server.closeAllConnections();
      server.close();
    }
  });
});
