import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder, anAssembly } from './assembly.ts';
import { clientOptions, invoke } from './calls.ts';
import { output, sample, start } from './sample.ts';

/** The command lines of processes that mention a folder. */
const processesOf = (folder: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) ? [line] : [];
      } catch {
        return []; // gone
      }
    });

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
    expect(processesOf(data)).toEqual([]);
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
    expect(processesOf(data)).toEqual([]);
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
    const launch = async (data: string): Promise<ChildProcess> => {
      const child = spawn(process.execPath, [fileURLToPath(new URL('./launch.ts', import.meta.url)), sample(), data], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (child.stdout === null) throw new Error('the child has no output');
      await once(child.stdout, 'data'); // it says so when it is warm
      return child;
    };

    it('leaves no process when it is killed, and its lock is taken over', async () => {
      const data = aFolder();
      const child = await launch(data);
      expect(processesOf(data).length).toBeGreaterThan(4);
      child.kill('SIGKILL');
      expect(await noneOf(data)).toBe(true);
      expect(readFileSync(join(data, 'lock'), 'utf8').trim()).toBe(String(child.pid));
      await begin(sample(), { data });
    });

    it('takes over a lock that says nothing', async () => {
      const data = aFolder();
      writeFileSync(join(data, 'lock'), '');
      await begin(sample(), { data });
    });
  });
});
