import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_TENANT, demoUsers, poolUser } from '../../cli/demo/users.ts';
import { main } from '../../cli/main.ts';
import { type Connection, dynamoConnection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoDesk } from '../../lambdas/adapters/dynamodb/desk.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { dayAfter, dayOf } from '../../lambdas/core/audit/anchors.ts';
import { chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import { setControl } from '../../lambdas/core/tasks/control.ts';
import { synth } from '../../lib/synth.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { aRun } from '../support/builders.ts';
import { hasDynoxide } from '../support/dynoxide.ts';
import { aShell } from './support/shell.ts';

/** Over for long enough, at whatever hour this runs. */
const DAY = dayAfter(dayOf(new Date()), -2);
const AT = `${DAY}T12:00:00.000Z`;
const PATIENCE_MS = 120_000;

/** The app's own archiver, as its bundle is deployed and with the rights of its role, on the tables and the bucket of one machine. */
describe.skipIf(!hasDynoxide || process.env.WRIT_AWS_STACK !== undefined)('the archive of a deployed app', () => {
  let folder = '';
  let stack: LocalStack;
  let connection: Connection;
  let tables: { readonly state: string; readonly audit: string };
  let token = '';
  let options: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  const output = (name: string): string => stack.outputs[name] ?? '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-archive-'));
    const { directory } = await synth({
      outdir: join(folder, 'cdk.out'),
      context: { 'writ:archive': { lock: 'compliance', days: 30 }, 'writ:operatorTenant': DEMO_TENANT },
    });
    const users = demoUsers();
    stack = await startLocalStack({
      assembly: directory,
      data: join(folder, 'data'),
      ports: { endpoint: 0, api: 0 },
      secrets: {},
      users: users.map(poolUser),
      log: () => undefined,
    });
    const auditor = users.find(({ roles }) => roles.includes('auditor'));
    token = await stack.signIn('demo-auditor', auditor?.password ?? '');
    options = {
      endpoint: stack.endpointUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    connection = dynamoConnection({
      ...options,
      endpoint: new URL(stack.endpointUrl),
      timeoutMs: 10_000,
      around: (_, work) => work(),
    });
    tables = { state: tableNamed('State'), audit: tableNamed('Audit') };
  }, PATIENCE_MS);
  afterAll(async () => {
    await stack?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tableNamed = (part: string): string =>
    Object.values(stack.outputs).find((value) => value.includes(`Ledger${part}`) && !value.startsWith('arn:')) ?? '';

  const invokeArchiver = async () => {
    const { Payload, FunctionError } = await new LambdaClient(options).send(
      new InvokeCommand({ FunctionName: output('ArchiverFunction'), Payload: '{}' })
    );
    expect(FunctionError).toBeUndefined();
    return JSON.parse(Buffer.from(Payload ?? '{}').toString());
  };

  const closedRun = async (at = AT): Promise<RunRef> => {
    const { run, record } = aRun({ tenant: DEMO_TENANT, createdAt: at, updatedAt: at });
    await dynamoDesk(connection, tables).create(run, { summary: 'private words' }, record);
    const about = { trace_id: 't', run_id: run.run, at, user: record.user, release: run.release };
    const closing = chain(headOf(record), { step: 'respond', result: { status: 'completed' } }, about);
    const move = {
      key: 'respond',
      output: {},
      rules: [],
      status: 'closed',
      outcome: 'completed',
      record: closing,
    } as const;
    expect(await dynamoLedger(connection, tables).move(run, move)).toBe('moved');
    return { tenant: run.tenant, run: run.run };
  };

  const s3 = () => new S3Client(options);
  const bucket = () => output('ArchiveBucket');
  /** As `aws s3 sync` would copy it. */
  const copy = async (): Promise<string> => {
    const target = await mkdtemp(join(folder, 'copy-'));
    const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket: bucket() }));
    for (const { Key = '' } of Contents) {
      const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket(), Key }));
      await mkdir(dirname(join(target, Key)), { recursive: true });
      await writeFile(join(target, Key), (await Body?.transformToString()) ?? '');
    }
    return target;
  };
  const writ = async (...args: readonly string[]) => {
    const { shell, written } = aShell({ env: { WRIT_API: stack.apiUrl, WRIT_TOKEN: token } });
    return { code: await main(args, shell), ...written };
  };

  it('holds chains of runs and controls, and the root of the day, whoever made it and however often', async () => {
    const runs = [await closedRun(), await closedRun()];
    const today = await closedRun(new Date().toISOString());
    const controls = dynamoControls(connection, tables);
    const operator = { id: 'o-1', tenant: DEMO_TENANT, roles: ['operator'] as const };
    const deps = {
      controls,
      workflows: new Map(),
      operatorTenant: DEMO_TENANT,
      now: () => new Date(AT),
      traceId: () => 't',
      pause: async () => undefined,
    };
    await setControl(deps, operator, { level: 'scope', name: 'jira:write' }, { stopped: true, reason: 'a drill' });

    const answers = await Promise.all([invokeArchiver(), invokeArchiver()]); // two at once
    for (const each of answers) expect(each).toMatchObject({ kind: 'archived', broken: 0 });
    expect(await invokeArchiver()).toMatchObject({ chains: 0, roots: [] });

    const archive = await copy();
    const { Versions = [] } = await s3().send(new ListObjectVersionsCommand({ Bucket: bucket() }));
    expect(new Set(Versions.map(({ Key }) => Key)).size).toBe(Versions.length); // each object was written once
    const kept = Versions.map(({ Key = '' }) => Key);
    for (const { run } of [...runs, today]) expect(kept.filter((key) => key.includes(`/${run}/`))).toHaveLength(1);
    expect(kept.filter((key) => key.includes('/CONTROL/scope.jira.write/'))).toHaveLength(1);
    for (const { Key = '' } of Versions)
      expect(await readFile(join(archive, Key), 'utf8')).not.toContain('private words');
  });

  it('shows an auditor, with a copy of the bucket alone, that nothing was changed', async () => {
    const archive = await copy();
    const { code, out } = await writ('audit', 'verify', '--archive', archive);
    expect(out).toMatch(/^Intact: \d+ days?, 3 chains, each hash recomputed here, up to 20/);
    expect(code).toBe(0);

    const all = await writ('audit', 'verify', '--all', '--archive', archive);
    expect(all.out).toContain('4 chains, 7 records, each hash recomputed here; 0 broken.');
    expect(all.out).toContain('3 of these chains end in one of its roots');
    expect(all.code).toBe(0);
  });

  it('shows a run whose chain was made anew together with its head, and one that is gone', async () => {
    const archive = await copy();
    const victim = await closedRunOf(archive);
    const audit = dynamoTable(connection, tables.audit);
    const state = dynamoTable(connection, tables.state);
    const about = {
      trace_id: 't',
      run_id: victim,
      at: AT,
      user: { id: 'u-1', tenant: DEMO_TENANT },
      release: 'r'.repeat(64),
    };
    const first = chain(GENESIS, { step: 'submit' }, about);
    const second = chain(headOf(first), { step: 'respond', result: { status: 'forged' } }, about);
    const ref = { tenant: DEMO_TENANT, run: victim };
    for (const record of [first, second])
      await audit.put({ ...keys.audit(chainKey.run(ref), record.seq), content: record });
    const item = await state.get(keys.run(ref));
    if (item === undefined) throw new Error('the run is there');
    await state.put({ ...item, content: { ...(item.content as object), head: headOf(second) } });

    expect((await writ('audit', 'verify', victim)).code).toBe(0); // the tables alone do not tell
    const held = await writ('audit', 'verify', victim, '--archive', archive);
    expect(held.code).toBe(1);
    expect(held.out).toContain(`record 1 is not the one that was anchored on ${DAY}`);

    const { pk, sk } = keys.run(ref);
    const key = { pk: { S: pk }, sk: { S: sk } };
    await new DynamoDBClient(options).send(new DeleteItemCommand({ TableName: tables.state, Key: key }));
    const all = await writ('audit', 'verify', '--all', '--archive', archive);
    expect(all.out).toContain(`run ${victim} was anchored on ${DAY}, and the API does not list it`);
    expect(all.code).toBe(1);
  });

  const closedRunOf = async (archive: string): Promise<string> => {
    const leaves = await readFile(join(archive, 'leaves', `${DAY}.jsonl`), 'utf8');
    return /RUN#demo#(\w+)/.exec(leaves)?.[1] ?? '';
  };

  it('proves one run to somebody who sees no other', async () => {
    const archive = await copy();
    const leaves = await readFile(join(archive, 'leaves', `${DAY}.jsonl`), 'utf8');
    const run = [...leaves.matchAll(/RUN#demo#(\w+)/g)].at(-1)?.[1] ?? '';
    const { out, code } = await writ('audit', 'verify', run, '--archive', archive, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      broken: [],
      anchored: 1,
      proof: { day: DAY, leaf: { chain: `RUN#demo#${run}`, seq: 1 }, size: 3 },
    });
  });

  it('tells what was changed in a copy, or left out', async () => {
    const archive = await copy();
    await writeFile(join(archive, 'leaves', `${DAY}.jsonl`), '');
    const changed = await writ('audit', 'verify', '--archive', archive);
    expect(changed.code).toBe(1);
    expect(changed.out).toContain(`the leaves of ${DAY} are not those of its root`);

    const other = await copy();
    await rm(join(other, 'chains'), { recursive: true });
    const missing = await writ('audit', 'verify', '--archive', other);
    expect(missing.out).toContain('the archive has no copy of it');
    expect((await writ('audit', 'verify', '--archive', folder)).code).toBe(2);
  });

  it('gives up no version that is locked, whoever asks, and takes no second one of the same key', async () => {
    const { Versions = [] } = await s3().send(new ListObjectVersionsCommand({ Bucket: bucket(), Prefix: 'roots/' }));
    const [root] = Versions;
    const whole = { Bucket: bucket(), Key: root?.Key ?? '' };
    const remove = new DeleteObjectCommand({ ...whole, VersionId: root?.VersionId, BypassGovernanceRetention: true });
    await expect(s3().send(remove)).rejects.toMatchObject({ name: 'AccessDenied' });
    const put = new PutObjectCommand({ ...whole, Body: 'forged', IfNoneMatch: '*' });
    await expect(s3().send(put)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
});
