import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { implementRead } from '../../lambdas/core/act/implementation.ts';
import { Reading } from '../../lambdas/core/records.ts';
import { aRunId } from '../support/builders.ts';
import { freshParts, keptParts } from '../support/catalogue.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

/*
 * A read scope's function as it is composed, for a system whose contract says for how long an answer holds.
 */

const KEPT = keptParts();
const context = { functionName: 'f', awsRequestId: 'request-1', memoryLimitInMB: '128' } as Context;

describe.skipIf(!hasDynoxide)('a read scope whose answers are kept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-scope-'));
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await dynoxide.stop();
  });
  beforeEach(() => {
    const env = {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: dynoxide.endpoint,
      STATE_TABLE: dynoxide.state,
      SCOPE: KEPT.scope,
      SECRETS_ROLE_ARN: 'arn:aws:iam::1:role/secrets',
      LAMBDA_TASK_ROOT: folder,
    };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const credentials = { AccessKeyId: 'a', SecretAccessKey: 'b', SessionToken: 'c' };
    vi.spyOn(STSClient.prototype, 'send').mockImplementation(async () => ({ Credentials: credentials }));
    vi.spyOn(globalThis.console, 'log').mockImplementation(() => undefined);
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  interface Given {
    readonly code?: string | undefined;
    readonly account?: string;
    readonly contract?: Parameters<typeof implementRead>[0]['contract'];
  }
  /** A function that has just started, of this code, for a tenant with this account. */
  const started = async ({ account = 'us', contract = KEPT, ...given }: Given) => {
    const { code } = { code: 'one', ...given };
    rmSync(join(folder, 'index.mjs'), { force: true });
    if (code !== undefined) writeFileSync(join(folder, 'index.mjs'), code);
    vi.spyOn(SecretsManagerClient.prototype, 'send').mockImplementation(async () => ({
      SecretString: JSON.stringify({ account, token: 'secret' }),
    }));
    vi.resetModules();
    const { serveReads } = await import('../../lambdas/runtime/scope.ts');
    let calls = 0;
    const call = async () => {
      calls += 1;
      return { parts: 'bolt', count: 1 };
    };
    const handler = serveReads({
      secret: z.strictObject({ account: z.string(), token: z.string() }),
      account: (secret) => secret.account,
      connect: () => undefined,
      reads: [implementRead({ contract, call })],
      writes: [],
    });
    const reads = async (shelf: string) => {
      const ref = { tenant: 'acme', run: aRunId() };
      const [tool, workflow] = [contract.name, 'triage'];
      expect(await handler({ ...ref, workflow, call: 'before', tool, input: { shelf } }, context)).toMatchObject({
        kind: 'read',
      });
      const key = keys.reading(ref, { scope: contract.scope, tool, call: 'before' });
      const item = await dynamoTable(dynoxide.connection, dynoxide.state).get(key);
      return Reading.parse(item?.content).readAt;
    };
    return { reads, calls: () => calls };
  };

  it('is asked once for many runs, by the same code and for the same account', async () => {
    const first = await started({});
    expect(await first.reads('a')).toBeUndefined();
    expect(await first.reads('a')).toEqual(expect.any(String));
    const again = await started({});
    expect(await again.reads('a')).toEqual(expect.any(String));
    expect([first.calls(), again.calls()]).toEqual([1, 0]);

    for (const other of [{ code: 'two' }, { account: 'us-2' }]) {
      const its = await started(other);
      await its.reads('a');
      expect(its.calls()).toBe(1);
    }
  });

  it('is asked every time where no contract says otherwise, and has no code to look at', async () => {
    const fresh = await started({ contract: freshParts, code: undefined });
    for (let run = 0; run < 2; run += 1) expect(await fresh.reads('b')).toBeUndefined();
    expect(fresh.calls()).toBe(2);
  });
});
