import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { guarded } from '../local/guarded.ts';
import { aShell } from './support/shell.ts';

const ASSEMBLY = guarded();
const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/guarded';
const aFolder = (): string => mkdtempSync(join(tmpdir(), 'can-'));

const can = async (...args: readonly string[]) => {
  const { shell, written } = aShell();
  const code = await main(['can', ...args, '--assembly', ASSEMBLY], shell);
  return { code, ...written };
};

describe('can', () => {
  it('says Allowed first, then the statement, and succeeds', async () => {
    const { code, out } = await can('writer', 'dynamodb:GetItem', TABLE, '--context', 'dynamodb:LeadingKeys=A#1');
    expect([code, out]).toEqual([0, 'Allowed by statement 1 of WriterRights (identity-based policy)\n']);
  });

  it('says Denied first, then what came close, and fails', async () => {
    const several = ['--context', 'dynamodb:LeadingKeys=A#1', '--context', 'dynamodb:leadingkeys=B#1'];
    const { code, out } = await can('writer', 'dynamodb:GetItem', TABLE, ...several);
    expect(code).toBe(1);
    expect(out).toMatch(/^Denied because no identity-based policy allows it: statement 1 of WriterRights/);
    expect(out).toContain('fails at its condition (ForAllValues:StringLike of dynamodb:LeadingKeys)');
  });

  it.each([
    ['a name', 'writer'],
    ['an ARN', 'arn:aws:iam::000000000000:role/writer'],
    ['a logical id', 'Writer'],
    ['a place', 'App/Writer'],
    ['a part', 'rite'],
    ["a construct's path", 'app/Wri/ter'],
  ])('knows a role by %s', async (_, role) => {
    const { code } = await can(role, 'dynamodb:PutItem', TABLE, '--context', 'dynamodb:LeadingKeys=A#1');
    expect(code).toBe(0);
  });

  it('knows a role by the state machine that acts under it', async () => {
    const target = 'arn:aws:lambda:us-east-1:000000000000:function:echo:1';
    expect((await can('App/Allowed', 'lambda:InvokeFunction', target)).code).toBe(0);
  });

  it('judges a version of a state machine as the machine with its qualifier', async () => {
    const machine = 'arn:aws:states:us-east-1:000000000000:stateMachine:allowed';
    expect((await can('starter', 'states:StartExecution', machine)).code).toBe(1);
    expect((await can('starter', 'states:StartExecution', `${machine}:1`)).code).toBe(0);
  });

  it('names candidates on lines of their own', async () => {
    expect((await can('nobody', 'a:B', '*')).err).toContain('\n  App/Writer\n');
  });

  it('takes the trust policy of a role into account, and tags', async () => {
    const role = 'arn:aws:iam::000000000000:role/secrets';
    const tagged = ['--context', 'aws:RequestTag/tenant=acme', '--context', 'aws:TagKeys=tenant'];
    expect((await can('asker', 'sts:AssumeRole', role, ...tagged)).out).toContain(
      'Allowed by statement 1 of trust policy of App/Secrets (role trust policy)'
    );
    expect((await can('guest', 'sts:AssumeRole', role, ...tagged)).out).toMatch(/^Denied because no role trust policy/);
    const secret = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:unit/acme-abcdef';
    const tenant = ['--context', 'aws:PrincipalTag/tenant=acme'];
    expect((await can('secrets', 'secretsmanager:GetSecretValue', secret, ...tenant)).code).toBe(0);
    expect((await can('secrets', 'secretsmanager:GetSecretValue', secret)).code).toBe(1);
  });

  it.each<[string, readonly string[], string]>([
    ['an ambiguous role', ['er', 'a:B', '*'], 'several roles have er in their names; there are: App/Writer'],
    ['an unknown role', ['nobody', 'a:B', '*'], 'no role of the template has nobody in its name; there are: App/Guest'],
    ['an action without a service', ['writer', 'GetItem', '*'], 'the action must be one of a service'],
    ['an action with a wildcard', ['writer', 'dynamodb:*', '*'], 'the action must be one of a service'],
    ['a resource that is no ARN', ['writer', 'a:B', 'guarded'], 'the resource must be an ARN'],
    ['a context without a value', ['writer', 'a:B', '*', '--context', 'key'], '--context expects key=value'],
    ['half a question', ['writer', 'a:B'], 'expected a role, an action and a resource'],
    ['two ways to ask', ['writer', '--requests', 'file'], 'give --requests, or one question, not both'],
    ['a file that is not there', ['--requests', '/nowhere'], '/nowhere cannot be read'],
  ])('refuses %s as misuse', async (_, args, message) => {
    const { code, err } = await can(...args);
    expect(code).toBe(2);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(message);
  });

  it('answers in JSON, with the statement', async () => {
    const { out } = await can('guest', 'dynamodb:GetItem', TABLE.replace('guarded', 'shared'), '--json');
    expect(JSON.parse(out)).toMatchObject({
      role: 'arn:aws:iam::000000000000:role/guest',
      decision: 'Allowed',
      by: { type: 'resource-based policy', policy: 'shared', statement: 'statement 1' },
    });
  });

  it('answers many questions, a line for each, and goes on after one that is none', async () => {
    const file = join(aFolder(), 'requests.jsonl');
    const question = { role: 'writer', action: 'dynamodb:GetItem', resource: TABLE };
    const lines = [
      { ...question, context: { 'dynamodb:LeadingKeys': ['A#1', 'A#2'] } },
      { ...question, context: { 'dynamodb:LeadingKeys': ['A#1', 'B#2'] } },
      { ...question, role: 'nobody' },
      { ...question, rolle: 'writer' },
    ];
    writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"half\n\n`);
    const { code, out } = await can('--requests', file);
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ decision }) => decision)).toEqual(['Allowed', 'Denied', undefined, undefined, undefined]);
    expect(answers.slice(2).every(({ error }) => typeof error === 'string')).toBe(true);
    expect(code).toBe(2);
  });

  it('uses the app of the data folder, and says what is wrong with an app', async () => {
    const data = aFolder();
    cpSync(ASSEMBLY, join(data, 'cdk.out'), { recursive: true });
    const { shell, written } = aShell();
    expect(await main(['can', 'guest', 'a:B', '*', '--data', data], shell)).toBe(1);
    expect(written.out).toBe('Denied because no identity-based policy allows it: no statement is about this action\n');
    const broken = aShell();
    expect(await main(['can', 'guest', 'a:B', '*', '--assembly', data], broken.shell)).toBe(2);
    expect(broken.written.err).toContain('synthesise the app again');
  });
});
