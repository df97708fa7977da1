import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetFunctionConcurrencyCommand,
  LambdaClient,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import {
  ListExecutionsCommand,
  ListStateMachinesCommand,
  paginateGetExecutionHistory,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { boot, DESCRIPTION, type Machine, PASSWORD, SUMMARY } from '../../bench/machine.ts';
import { saveConnection } from '../../cli/connection.ts';
import { main } from '../../cli/main.ts';
import { hasDynoxide } from '../support/dynoxide.ts';
import { aShell, type ShellGiven } from './support/shell.ts';

const PATIENCE_MS = 120_000;
const THROTTLED = 'Lambda.TooManyRequestsException';

/* The app on this machine, from its template; the command speaks to Lambda's API there as it does to AWS. */
describe.skipIf(!hasDynoxide)('kill switches', () => {
  const disposal = new AsyncDisposableStack();
  let data = '';
  let machine: Machine;
  let lambda: LambdaClient;
  let states: SFNClient;
  let [write, read] = ['', ''];

  beforeAll(async () => {
    data = disposal.adopt(await mkdtemp(join(tmpdir(), 'writ-glass-')), (path) =>
      rm(path, { recursive: true, force: true })
    );
    machine = await boot(data, disposal);
    const { apiUrl, endpointUrl } = machine.stack;
    await saveConnection(data, { api: apiUrl, aws: endpointUrl, client: 'c', pid: process.pid, users: [] });
    const options = {
      endpoint: endpointUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    lambda = disposal.adopt(new LambdaClient(options), (it) => it.destroy());
    states = disposal.adopt(new SFNClient(options), (it) => it.destroy());
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const named = (part: string) =>
      Functions.find(({ FunctionName = '' }) => FunctionName.includes(part))?.FunctionName;
    [write, read] = [named('JiraWriteFunction') ?? '', named('JiraReadFunction') ?? ''];
  }, PATIENCE_MS);
  afterAll(() => disposal.disposeAsync());
  afterEach(async () => {
    vi.unstubAllEnvs();
    await writ('--all', '--release', '--yes');
  });

  const run = async (args: readonly string[], given: ShellGiven = {}) => {
    const { shell, written } = aShell(given);
    return { code: await main(['break-glass', ...args], shell), ...written };
  };
  const writ = (...args: readonly string[]) => run([...args, '--data', data]);
  const reserved = async (FunctionName: string) =>
    (await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions;
  const reserve = (count: number) =>
    lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: write, ReservedConcurrentExecutions: count }));

  it('takes the concurrency of a write scope away, says so, and gives it back', async () => {
    const { code, out } = await writ('jira:write', '--yes');
    expect([code, await reserved(write), await reserved(read)]).toEqual([0, 0, undefined]);
    expect(out).toContain(`jira:write: reserved concurrency none → 0 (${write})`);
    expect(out).toMatch(/An invocation that had begun goes on, for \d+ seconds at most/);
    expect(out).toContain('writ break-glass jira:write --release\n');

    expect((await writ('jira:write', '--release', '--yes')).code).toBe(0);
    expect(await reserved(write)).toBeUndefined();
  });

  it('says what gives back what was reserved before, and leaves alone what it did not stop', async () => {
    await reserve(5);
    expect((await writ('--all', '--release', '--yes')).code).toBe(0);
    expect(await reserved(write)).toBe(5);

    expect((await writ('--all', '--yes')).out).toContain('writ break-glass jira:write --release --reserved 5\n');
    expect(await reserved(write)).toBe(0);
    const { code, out } = await writ('jira:write', '--release', '--reserved', '5', '--yes', '--json');
    expect([code, await reserved(write)]).toEqual([0, 5]);
    expect(JSON.parse(out)).toEqual({ functions: [{ scope: 'jira:write', function: write, before: 0, after: 5 }] });
    await reserve(0); // what the next test begins with is given back
  });

  it.each([
    [['jira:write'], {}, 2, 'Nobody is here to ask: say --yes'],
    [['jira:write'], { answer: 'yes' }, 1, 'Nothing was changed.'],
    [[], {}, 2, 'takes a write scope such as jira:write, or --all'],
    [['jira:write', '--all'], {}, 2, 'takes a write scope'],
    [['jira:read', '--yes'], {}, 2, 'There is no function of jira:read here, at http'],
    [['--all', '--functions', 'Other-', '--yes'], {}, 2, 'Write functions here: none'],
    [['jira:write', '--reserved', '5', '--yes'], {}, 2, '--reserved goes with --release'],
    [['jira:write', '--release', '--reserved', 'x', '--yes'], {}, 2, '--reserved expects a whole number'],
  ])('changes nothing as %j with %j', async (args, given, expected, said) => {
    const { code, err } = await run([...args, '--data', data], given);
    expect([code, await reserved(write)]).toEqual([expected, undefined]);
    expect(err).toContain(said);
  });

  it('goes on where somebody types the name', async () => {
    const { code, err } = await run(['--all', '--data', data], { answer: ' all ' });
    expect([code, await reserved(write)]).toEqual([0, 0]);
    expect(err).toContain('These write functions will run no more:');
    expect(err).toContain(`function:${write}`);
  });

  it('needs neither the API nor its tokens, but credentials of the account', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', machine.stack.endpointUrl);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    expect((await run(['jira:write', '--aws', '--yes', '--data', '/nowhere'])).out).toContain('--release --aws');
    expect(await reserved(write)).toBe(0);

    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAFOREIGN');
    const { code, err } = await run(['jira:write', '--aws', '--release', '--yes']);
    expect([code, await reserved(write)]).toEqual([1, 0]);
    expect(err).toMatch(/listing the functions failed: \w+: /);
  });

  /** A command against the API, as this user. */
  const as = async (user: string, ...args: readonly string[]) => {
    const { stack } = machine;
    const env = { WRIT_API: stack.apiUrl, WRIT_TOKEN: await stack.signIn(user, PASSWORD) };
    const { shell, written } = aShell({ env });
    return { code: await main(args, shell), ...written };
  };
  const submit = async (issueKey: string | undefined): Promise<string> => {
    const fields = { summary: SUMMARY, description: DESCRIPTION, ...(issueKey !== undefined && { issueKey }) };
    const pairs = Object.entries(fields).flatMap(([name, value]) => ['--field', `${name}=${value}`]);
    const { out } = await as('bench', 'submit', ...pairs, '--json');
    return z.object({ run: z.string() }).parse(JSON.parse(out)).run;
  };
  const seen = async (id: string): Promise<unknown> => JSON.parse((await as('bench', 'run', id, '--json')).out);

  /** The errors of a run's tasks so far. */
  const errorsOf = async (id: string): Promise<readonly string[]> => {
    const { stateMachines: [{ stateMachineArn } = {}] = [] } = await states.send(new ListStateMachinesCommand({}));
    const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn }));
    const executionArn = executions.find(({ name }) => name === id)?.executionArn;
    if (executionArn === undefined) return [];
    const errors: string[] = [];
    for await (const { events = [] } of paginateGetExecutionHistory({ client: states }, { executionArn }))
      errors.push(...events.flatMap(({ taskFailedEventDetails }) => taskFailedEventDetails?.error ?? []));
    return errors;
  };

  it('keeps a run from acting, and loses nothing of it: given back in time, it acts once', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { jira, ended } = machine;
    await writ('jira:write', '--yes');
    const before = jira.writes().length;
    jira.addIssue({ key: 'GLASS-1', summary: SUMMARY, description: DESCRIPTION });
    const id = await submit('GLASS-1');
    // the act, then its look-up
    await expect.poll(() => errorsOf(id), { timeout: PATIENCE_MS / 2 }).toEqual([THROTTLED, THROTTLED]);
    expect(jira.writes().length).toBe(before);

    await writ('jira:write', '--release', '--yes');
    await ended(id);
    expect(await seen(id)).toMatchObject({ status: 'closed', outcome: 'completed' });
    expect(jira.writes().length).toBe(before + 1);
  });

  it('stops everything: tasks are refused, a run under way goes to a person, and ends when it is to', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { jira, ended } = machine;
    const [effects, reads] = [jira.writes().length, jira.calls().length];
    const waiting = await submit(undefined);
    await expect.poll(() => seen(waiting), { timeout: PATIENCE_MS / 2 }).toMatchObject({ status: 'waiting' });

    const stopped = await as(
      'operator',
      'stop',
      'tenant',
      'bench',
      '--everything',
      '--for',
      '1h',
      '--reason',
      'a drill'
    );
    expect([stopped.code, stopped.err]).toEqual([0, '']);
    const refused = await as('bench', 'submit', '--field', `summary=${SUMMARY}`);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('STOPPED_TENANT')]);
    expect((await as('bench', 'reply', waiting, '--field', 'issueKey=GLASS-1')).code).toBe(0);
    await ended(waiting);
    expect(await seen(waiting)).toMatchObject({
      outcome: 'escalated',
      escalation: { because: 'stopped', rules: ['STOPPED_TENANT'] },
    });
    expect([jira.writes().length, jira.calls().length]).toEqual([effects, reads]);

    expect((await as('operator', 'resume', 'tenant', 'bench', '--reason', 'over')).out).toContain(
      'Ended: a stop of everything'
    );
    expect((await as('operator', 'audit', 'verify', '--controls')).out).toMatch(/Intact: 1 chain, 2 records/);
    const again = await submit('GLASS-1');
    await ended(again);
    expect(await seen(again)).toMatchObject({ status: 'closed' });
    expect(jira.calls().length).toBeGreaterThan(reads);
  });
});
