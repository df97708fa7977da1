import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { saveConnection } from '../../cli/connection.ts';
import { main } from '../../cli/main.ts';
import type { FakeAnswer } from './support/fake-api.ts';
import { aShell, type ShellGiven } from './support/shell.ts';
import { openFakeApi } from './support/writ.ts';

interface Given {
  readonly name: string;
  readonly scope: string;
  readonly table: string;
  readonly timeoutSeconds?: number;
  readonly fails?: boolean;
  reserved?: number;
}

const FUNCTIONS = '/2015-03-31/functions';
const DENIED: FakeAnswer = {
  status: 403,
  body: { Message: 'not for you' },
  headers: { 'x-amzn-errortype': 'AccessDeniedException' },
};

/** What Lambda's API answers of these functions, and keeps of them. */
const lambdaOf = (those: readonly Given[]) => (method: string, path: string, body: unknown) => {
  if (method === 'GET' && path.replace(/\/$/, '') === FUNCTIONS) {
    const Functions = those.map(({ name, scope, table, timeoutSeconds = 10 }) => ({
      FunctionName: name,
      FunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      Timeout: timeoutSeconds,
      Environment: { Variables: { SCOPE: scope, STATE_TABLE: table } },
    }));
    return { status: 200, body: { Functions } };
  }
  const one = those.find(({ name }) => path.split('/').includes(name));
  if (one === undefined) return DENIED;
  if (method === 'GET') {
    const Tags = { 'writ:scope': one.scope, 'writ:effect': 'write' };
    const Concurrency = one.reserved === undefined ? {} : { ReservedConcurrentExecutions: one.reserved };
    return { status: 200, body: { Tags, Concurrency } };
  }
  if (one.fails) return DENIED;
  if (method === 'PUT') one.reserved = (body as { ReservedConcurrentExecutions: number }).ReservedConcurrentExecutions;
  else delete one.reserved;
  return { status: 200, body: {} };
};

/** Breaks the glass of these functions. */
const breakGlass = async (those: readonly Given[], args: readonly string[], given: ShellGiven = {}) => {
  const api = await openFakeApi({ instead: lambdaOf(those) });
  const data = await mkdtemp(join(tmpdir(), 'writ-several-'));
  onTestFinished(() => rm(data, { recursive: true }));
  await saveConnection(data, { api: api.url, aws: api.url, client: 'c', pid: 1, users: [] });
  const { shell, written } = aShell(given);
  const code = await main(['break-glass', ...args, '--data', data, '--yes'], shell);
  return { code, ...written, url: api.url, changes: api.requests.filter(({ method }) => method !== 'GET').length };
};

const one = (): Given[] => [
  { name: 'one-jira', scope: 'jira:write', table: 'one', timeoutSeconds: 15 },
  { name: 'one-mail', scope: 'mail:write', table: 'one', timeoutSeconds: 90, fails: true },
  { name: 'one-page', scope: 'page:write', table: 'one', timeoutSeconds: 20 },
];
const other = (): Given => ({ name: 'other-jira', scope: 'jira:write', table: 'other' });

describe('break-glass', () => {
  it('does not choose between two deployments', async () => {
    const those = [...one(), other()];
    const { code, err, changes } = await breakGlass(those, ['jira:write']);
    expect([code, changes]).toEqual([2, 0]);
    expect(err).toContain('More than one deployment is here: one-jira, other-jira.');
    expect(err).toContain('--functions');

    expect((await breakGlass(those, ['jira:write', '--functions', 'other-'])).code).toBe(0);
    expect(those.map(({ reserved }) => reserved)).toEqual([undefined, undefined, undefined, 0]);
  });

  it('stops whatever can be stopped where one cannot, and says what still runs', async () => {
    const those = one();
    const { code, out } = await breakGlass(those, ['--all']);
    expect(code).toBe(1);
    expect(those.map(({ reserved }) => reserved)).toEqual([0, undefined, 0]);
    expect(out).toContain('jira:write: reserved concurrency none → 0 (one-jira)');
    expect(out).toMatch(
      /Not confirmed: mail:write, reserved concurrency was none: changing one-mail failed: AccessDeniedException: /
    );
    expect(out).toContain('These still run, unless the answer alone was lost: mail:write (one-mail).');
    expect(out).toContain('No version of the others begins an invocation');
    expect(out).toContain('for 20 seconds at most');
    expect(out).toContain('writ break-glass page:write --release\n');
    expect(out).not.toContain('mail:write --release');
  });

  it('says of none that it was stopped where none was', async () => {
    const { code, out } = await breakGlass(one(), ['mail:write']);
    expect(code).toBe(1);
    expect(out).toContain('These still run, unless the answer alone was lost: mail:write (one-mail).');
    expect(out).not.toContain('begins an invocation');
  });

  it('says what still does not run where one cannot be given back', async () => {
    const those = one().map((each) => ({ ...each, reserved: 0 }));
    const { code, out } = await breakGlass(those, ['--all', '--release']);
    expect(code).toBe(1);
    expect(those.map(({ reserved }) => reserved)).toEqual([undefined, 0, undefined]);
    expect(out).toContain('These still do not run, unless the answer alone was lost: mail:write (one-mail).');
    expect(out).toContain('The others run again.');
  });

  it('says where it has looked', async () => {
    const { code, err, url } = await breakGlass(one(), ['lost:write']);
    expect(code).toBe(2);
    expect(err).toContain(`There is no function of lost:write here, at ${url}. Write functions here: jira:write`);
  });

  it.each([
    [{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-central-1' }, 'in eu-west-1'],
    [{ AWS_DEFAULT_REGION: 'eu-central-1' }, 'in eu-central-1'],
    [{}, "in the region of this shell's AWS profile"],
  ])('says in which region it has looked: %j', async (env, where) => {
    const { url } = await openFakeApi({ instead: lambdaOf([]) });
    vi.stubEnv('AWS_ENDPOINT_URL', url);
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { shell, written } = aShell({ env });
    expect(await main(['break-glass', '--all', '--aws', '--yes'], shell)).toBe(2);
    expect(written.err).toContain(`There is no function of a write scope here, ${where}. Write functions here: none.`);
  });
});
