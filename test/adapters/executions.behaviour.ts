import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepFunctions } from '../../lambdas/adapters/executions.ts';
import type { ServiceOptions } from '../../lambdas/adapters/json-service.ts';
import { Retryable, Terminal } from '../../lambdas/core/errors.ts';

const task = { tenant: 'acme', run: 'a'.repeat(26), workflow: 'ticket-triage' };

describe('Step Functions over HTTP', () => {
  let server: Server;
  let options: ServiceOptions;
  let calls: { readonly operation: string; readonly body: Record<string, string> }[];
  let answer: { readonly status: number; readonly body: object };

  beforeEach(async () => {
    calls = [];
    answer = { status: 200, body: {} };
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      calls.push({ operation, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
      response
        .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify(answer.body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    options = {
      endpoint: new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      timeoutMs: 2_000,
      around: (_, work) => work(),
    };
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const port = (trace?: string) => stepFunctions(options, () => trace);
  const failWith = (name: string, status = 400) => {
    answer = { status, body: { __type: name, message: 'private' } };
  };

  it('starts an execution of the version, named by the run', async () => {
    answer = { status: 200, body: { executionArn: 'arn', startDate: 1 } };
    await port('Root=1-2-3').start('arn:machine:7', task);
    expect(calls).toEqual([
      {
        operation: 'StartExecution',
        body: {
          stateMachineArn: 'arn:machine:7',
          name: task.run,
          input: `{"tenant":"acme","run":"${task.run}","workflow":"ticket-triage"}`,
          traceHeader: 'Root=1-2-3',
        },
      },
    ]);
  });

  it('takes an execution that has ended for one that was started', async () => {
    failWith('ExecutionAlreadyExists');
    await expect(port().start('arn:machine:7', task)).resolves.toBeUndefined();
  });

  it('goes on with a waiting execution', async () => {
    expect(await port().answer('token', { replied: 0 })).toBe('answered');
    expect(calls[0]).toEqual({ operation: 'SendTaskSuccess', body: { taskToken: 'token', output: '{"replied":0}' } });
  });

  it.each(['TaskTimedOut', 'TaskDoesNotExist'])('says that nobody waits: %s', async (name) => {
    failWith(name);
    expect(await port().answer('token', {})).toBe('not-waiting');
  });

  it.each([
    ['ExecutionLimitExceeded', 400, Retryable],
    ['ThrottlingException', 400, Retryable],
    ['InternalServerError', 500, Retryable],
    ['StateMachineDoesNotExist', 400, Terminal],
    ['InvalidArn', 400, Terminal],
    ['AccessDeniedException', 400, Terminal],
  ] as const)('names %s by what to do about it', async (name, status, fault) => {
    failWith(name, status);
    await expect(port().start('arn:machine:7', task)).rejects.toBeInstanceOf(fault);
    await expect(port().start('arn:machine:7', task)).rejects.not.toThrow(/private/);
    await expect(port().answer('token', {})).rejects.toBeInstanceOf(fault);
  });

  it('may be asked again where nobody answers', async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await expect(port().start('arn:machine:7', task)).rejects.toBeInstanceOf(Retryable);
    server.listen(0, '127.0.0.1'); // closed again after the test
    await once(server, 'listening');
  });
});
