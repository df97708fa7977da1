import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { processesOf } from '../../drills/torture/processes.ts';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder, anAssembly } from './assembly.ts';
import { clientOptions, invoke } from './calls.ts';
import { output, sample, start } from './sample.ts';

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** The ids of processes of which one program runs on a folder. */
const processIdsOf = (folder: string, program: string): readonly string[] =>
  processesOf(folder).flatMap((line) =>
    line.includes(program) && !line.includes('/bin/sh') ? line.split(' ', 1) : []
  );

const startExecution = async ({ endpointUrl, outputs }: Pick<LocalStack, 'endpointUrl' | 'outputs'>, name: string) => {
  const client = new SFNClient(clientOptions({ endpointUrl }));
  const request = { stateMachineArn: outputs.MachineArn, name, input: '{"do":"echo"}' };
  return client.send(new StartExecutionCommand(request)).then(
    () => 'started',
    () => 'refused'
  );
};

const noneOf = (folder: string): Promise<boolean> =>
  vi.waitUntil(() => processesOf(folder).length === 0, { timeout: 10_000, interval: 20 });

describe('a local stack', () => {
  const running: LocalStack[] = [];
  const begin = async (...given: Parameters<typeof start>): Promise<LocalStack> => {
    const stack = await start(...given);
    running.push(stack);
    return stack;
  };
  afterEach(async () => {
    for (const stack of running.splice(0)) await stack.close();
  });

  it('says where things are, the API in the outputs that name its public URL included', async () => {
    const stack = await begin(sample());
    expect(output(stack, 'ApiUrl')).toBe(`${stack.apiUrl}/`);
    expect(output(stack, 'things-table')).toBe('things');
  });

  it('ends every process it has started, also one that is blocked, and can be closed twice', async () => {
    const data = aFolder();
    const stack = await begin(sample(), { data });
    await stack.warm();
    expect(processesOf(data).length).toBeGreaterThan(4);
    const blocked = invoke(stack, { do: 'spin' }).catch(() => 'cut off');
    await vi.waitUntil(() => (stack.counters().invocations.worker ?? 0) > 0);
    await stack.close();
    await blocked;
    expect(await noneOf(data)).toBe(true);
    await stack.close();
    await expect(fetch(stack.endpointUrl)).rejects.toThrow();
  });

  it('keeps tables, secrets and who people are from one start to the next, and its files to their owner', async () => {
    const [data, assembly] = [aFolder(), sample()];
    const first = await begin(assembly, { data });
    const subjectOf = async (stack: LocalStack): Promise<string> => {
      const [, payload = ''] = (await stack.signIn('ann', 'ann-password')).split('.');
      return JSON.parse(Buffer.from(payload, 'base64url').toString()).sub;
    };
    const subject = await subjectOf(first);
    const old = await first.signIn('ann', 'ann-password');
    await new DynamoDBClient(clientOptions(first)).send(
      new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'kept' } } })
    );
    const value = new PutSecretValueCommand({ SecretId: 'unit/north', SecretString: 'second' });
    await new SecretsManagerClient(clientOptions(first)).send(value);
    await first.close();

    const second = await begin(assembly, { data, secrets: { 'unit/south': 'other' } });
    const { Item } = await new DynamoDBClient(clientOptions(second)).send(
      new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'kept' } } })
    );
    expect(Item).toEqual({ pk: { S: 'kept' } });
    const secrets = new SecretsManagerClient(clientOptions(second));
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'unit/north' }));
    expect(SecretString).toBe('second');
    expect(await subjectOf(second)).toBe(subject);
    const admitted = await fetch(`${second.apiUrl}/things/1`, { headers: { authorization: `Bearer ${old}` } });
    expect(admitted.status).toBe(201);
    for (const file of ['secrets.json', 'signing-key.json']) expect(statSync(join(data, file)).mode & 0o077).toBe(0);
  });

  it('refuses a second stack on its data folder, and names the process', async () => {
    const [data, assembly] = [aFolder(), sample()];
    await begin(assembly, { data });
    await expect(start(assembly, { data })).rejects.toThrow(`process ${process.pid} runs a local stack on ${data}`);
  });

  it('says which port is in use, and leaves its data folder free', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const [data, assembly] = [aFolder(), sample()];
    const busy = start(assembly, { data, ports: { endpoint: port, api: 0 } });
    await expect(busy).rejects.toThrow(`port ${port} for the AWS endpoint is in use`);
    server.close();
    await begin(assembly, { data });
  });

  it('ends what it had started when the start fails halfway', async () => {
    const data = aFolder();
    const users = [{ username: 'ann', password: 'x', groups: ['absent'], attributes: {} }];
    await expect(start(sample(), { data, users })).rejects.toThrow('has the group absent (it has reader, writer)');
    expect(await noneOf(data)).toBe(true);
  });

  it('says so where DynamoDB does not answer at the endpoint that was given', async () => {
    const nowhere = 'http://127.0.0.1:9';
    await expect(start(sample(), { dynamodb: nowhere })).rejects.toThrow(`DynamoDB does not answer at ${nowhere}`);
  });

  it('refuses a table that exists with another key', async () => {
    const data = aFolder();
    const table = (key: string) =>
      anAssembly({
        Data: {
          Resources: {
            Table: {
              Type: 'AWS::DynamoDB::Table',
              Properties: {
                TableName: 'things',
                KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
                AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
              },
            },
          },
        },
      });
    await (await begin(table('pk'), { data, users: [] })).close();
    await expect(start(table('id'), { data, users: [] })).rejects.toThrow(
      'table things exists with key (pk S HASH), but the template says key (id S HASH)'
    );
  });

  describe('in a process of its own', () => {
    /** Says where it is when it is warm. */
    const launch = async (data: string) => {
      const program = fileURLToPath(new URL('./launch.ts', import.meta.url));
      const child = spawn(process.execPath, [program, sample(), data], { stdio: ['ignore', 'pipe', 'pipe'] });
      const errors = text(child.stderr);
      const [said] = await once(child.stdout, 'data');
      const stack: Pick<LocalStack, 'endpointUrl' | 'outputs'> = JSON.parse(String(said));
      return { child, errors, stack };
    };

    it('leaves no process when it is killed, not even one that is blocked or that a function has started', async () => {
      const data = aFolder();
      const { child, stack } = await launch(data);
      expect(processesOf(data).length).toBeGreaterThan(4);
      const started = await invoke(stack, { do: 'fork' });
      invoke(stack, { do: 'spin' }).catch(() => 'cut off');
      await vi.waitUntil(() => isAlive(started.body.pid));
      child.kill('SIGKILL');
      expect(await noneOf(data)).toBe(true);
      await vi.waitUntil(() => !isAlive(started.body.pid));
      await begin(sample(), { data });
    });

    it('ends, with a line that says why, when its database does, and goes on after that', async () => {
      const data = aFolder();
      const { child, errors } = await launch(data);
      const [dynoxide = ''] = processIdsOf(data, 'dynoxide serve');
      process.kill(Number(dynoxide), 'SIGKILL');
      const [code] = await once(child, 'exit');
      expect(code).toBe(1);
      expect(await errors).toBe(
        'dynoxide, the database, ended (SIGKILL), so the local stack does: start it again, what was answered is on disk. ' +
          `Its log: ${data}/logs/dynoxide.log\n`
      );
      expect(await noneOf(data)).toBe(true);
      await begin(sample(), { data });
    });

    it('ends, with a line that says why, when it cannot write its journal, and goes on after that', async () => {
      const data = aFolder();
      const { child, errors, stack } = await launch(data);
      const { size } = statSync(join(data, 'executions.journal'));
      await promisify(execFile)('prlimit', ['--pid', String(child.pid), `--fsize=${size + 10}`]);
      const refused = await startExecution(stack, 'one');
      const [code] = await once(child, 'exit');
      expect(refused).toBe('refused');
      expect(code).toBe(1);
      expect(await errors).toBe(
        `cannot write ${data}/executions.journal (EFBIG): make room or mend the disk, then start again\n`
      );
      expect(await noneOf(data)).toBe(true);
      const again = await begin(sample(), { data });
      expect(await startExecution(again, 'one')).toBe('started');
    });
  });
});
