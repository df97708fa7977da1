import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveConnection } from '../../cli/connection.ts';
import { main } from '../../cli/main.ts';
import { assigned, type FakeApi, type FakeApiGiven } from './support/fake-api.ts';
import { aShell } from './support/shell.ts';

import { answering, openFakeApi, RUN, writ } from './support/writ.ts';

describe('submit', () => {
  it('sends the fields and the key, and says how to go on', async () => {
    const { code, out, requests } = await writ([
      'submit',
      '--field',
      'summary=a=b',
      '--field',
      'issueKey=OPS-1',
      '--key',
      'k1',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Accepted as run [a-z2-7]{26}\.\nFollow it with: npm run -s writ -- run [a-z2-7]{26}\n$/);
    expect(requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/tasks',
        body: { workflow: 'ticket-triage', input: { summary: 'a=b', issueKey: 'OPS-1' } },
        headers: { authorization: 'Bearer secret-token', 'idempotency-key': 'k1' },
      },
    ]);
  });

  it('waits for the end', async () => {
    let looks = 0;
    let api: FakeApi | undefined;
    const given: FakeApiGiven = {
      instead: (method, path) => {
        const run = api?.runs[0];
        if (method === 'GET' && path !== '/v1/runs' && run && ++looks === 3) assigned(run, 'Network');
        return undefined;
      },
    };
    const args = ['submit', '--field', 'summary=x', '--field', 'issueKey=OPS-1', '--wait'];
    const { code, out } = await writ(args, given, (fake) => {
      api = fake;
    });
    expect(code).toBe(0);
    expect(looks).toBe(3);
    expect(out).toContain('completed');
    expect(out).toContain('jira.assign issueKey=OPS-1, component=Network');
  });

  it('fails where the run fails', async () => {
    const view = {
      run: RUN,
      workflow: 'w',
      status: 'closed',
      outcome: 'failed',
      rules: [],
      createdAt: 'x',
      updatedAt: 'y',
    };
    const { code } = await writ(['submit', '--field', 'summary=x', '--wait'], answering(200, view));
    expect(code).toBe(1);
  });

  it.each([
    [['submit', '--field', 'summary'], '--field expects name=value, found summary'],
    [['submit', '--field', '=x'], '--field expects name=value'],
    [['submit', '--field', 'a=1', '--field', 'a=2'], '--field a is given twice'],
    [['submit', '--field', 'a=1', '--key', 'with space'], '--key expects 1 to 128 visible ASCII'],
    [['runs', '--limit', '0'], '--limit expects a whole number from 1 to 100, found 0'],
    [['runs', '--limit', '1e1'], '--limit expects a whole number'],
    [['run'], "missing required argument 'run'"],
    [['run', 'a', 'b'], 'too many arguments'],
    [['stop', 'planet', '--reason', 'x'], 'Allowed choices are global, tenant, workflow, scope'],
    [['stop', 'global'], "required option '--reason <text>' not specified"],
    [['stop', 'global', 'all', '--reason', 'x'], 'global takes no name, found "all"'],
    [['stop', 'scope', '--reason', 'x'], 'scope expects a name, such as jira:write'],
    [['stop', 'scope', 'jira:write', '--reason', ' '], '--reason expects a sentence'],
    [['resume', 'scope', 'jira:write', '--reason', 'x', '--mode', 'shadow'], '--mode goes with tenant only'],
    [['reply', RUN], 'reply expects at least one --field'],
    [['start', '--mode', 'wild'], 'Allowed choices are shadow, suggest, supervised, autopilot'],
    [['start', '--port-api', '70000'], '--port-api expects a whole number from 0 to 65535'],
    [['start', '--tickets', '/nowhere/at-all.csv'], '/nowhere/at-all.csv is not there'],
    [['strat'], "unknown command 'strat'"],
    [['runs', '--tokne=eyJ.PASSWORD'], "unknown option '--tokne'\n"],
    [['--tokne=eyJ PASS\nWORD=', 'runs'], "unknown option '--tokne'\n"],
    [['runs', "--tokne='eyJ'PASSWORD'"], "unknown option '--tokne'\n"],
    [['runs', '--colour'], "unknown option '--colour'"],
    [[], 'Usage: writ'],
  ])('is wrong as %j, and nothing is sent', async (args, message) => {
    const { code, err, out, requests } = await writ(args);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
    expect(err).not.toMatch(/eyJ|PASS|WORD/);
    expect({ code, out, requests }).toEqual({ code: 2, out: '', requests: [] });
  });
});

describe('any command', () => {
  it('shows a problem as one sentence with the fields, without what it must not print', async () => {
    const { code, err } = await writ(
      ['submit', '--field', 'summary=x'],
      answering(422, {
        title: 'The input is not right\u001b[31m',
        status: 422,
        detail: 'See errors.',
        errors: [
          { field: 'summary', expected: 'at most 1000 characters', found: '2000' },
          { field: 'issueKey', expected: 'an issue key such as OPS-12\u202e' },
        ],
      })
    );
    expect(code).toBe(1);
    expect(err).toBe(
      'writ: The input is not right. summary: expected at most 1000 characters, found 2000. ' +
        'issueKey: expected an issue key such as OPS-12.\n'
    );
  });

  it.each([
    [401, { message: 'Unauthorized' }, 'The token is missing, wrong or expired: Unauthorized.'],
    [403, 'no JSON object', 'The token does not allow this.'],
    [404, { title: 'Not found', detail: 'There is no such run.' }, 'Not found: There is no such run.'],
    [418, undefined, 'The API answered 418.'],
  ])('says what a %i means', async (status, body, message) => {
    const { code, err } = await writ(['run', RUN], answering(status, body));
    expect(code).toBe(1);
    expect(err).toBe(`writ: ${message}\n`);
  });

  it('says that an answer makes no sense', async () => {
    const { code, err } = await writ(['run', RUN], answering(200, { hello: 1 }));
    expect(code).toBe(1);
    expect(err).toContain('answered something this command does not understand: "run" is not as expected');
  });

  it('says what to do where nothing answers', async () => {
    const { shell, written } = aShell({ env: { WRIT_API: 'http://127.0.0.1:1', WRIT_TOKEN: 't' } });
    expect(await main(['run', RUN], shell)).toBe(1);
    expect(written.err).toBe(
      'writ: The API at http://127.0.0.1:1/ cannot be reached. Check the URL, and that you are online.\n'
    );
  });

  it.each([
    [['runs', '--api', 'ftp://x', '--token', 't'], {}, '--api must be a URL'],
    [['runs', '--api', 'https://u:hunter2@x', '--token', 't'], {}, '--api must not hold a user'],
    [['runs', '--api', 'ada:hunter2@host', '--token', 't'], {}, 'found text with an @, which is not shown'],
    [['runs'], { WRIT_API: 'ftp://ada:hunter2@host', WRIT_TOKEN: 't' }, 'found text with an @, which is not shown'],
    [['runs'], { WRIT_API: 'api.example', WRIT_TOKEN: 't' }, 'found api.example'],
    [['runs', '--api', 'https://x'], {}, 'A deployed API needs an access token'],
    [['runs', '--token', 't'], {}, '--token goes with --api'],
    [['runs'], { WRIT_API: 'https://x', WRIT_TOKEN: 'a\nb' }, 'visible ASCII'],
  ])('knows what it needs for a deployed API: %j', async (args, env, message) => {
    const { shell, written } = aShell({ env });
    expect(await main(args, shell)).toBe(2);
    expect(written.err).toContain(message);
    expect(written.err).not.toContain('hunter2');
  });

  it('takes the options of all commands before its name too', async () => {
    const api = await openFakeApi();
    const { shell, written } = aShell();
    expect(await main(['--api', api.url, '--token', 't', 'runs', '--json'], shell)).toBe(0);
    expect(JSON.parse(written.out)).toEqual({ runs: [] });
  });

  it('explains itself', async () => {
    const { code, out } = await writ(['stop', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: writ stop [options] <level> [name]');
    expect(out).toContain('--api <url>');
  });
});

describe('on the local stack', () => {
  let data = '';
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'writ-data-'));
  });
  afterAll(() => rm(data, { recursive: true }));

  it('nothing runs yet', async () => {
    const { shell, written } = aShell();
    expect(await main(['runs', '--data', data], shell)).toBe(1);
    expect(written.err).toContain('Start one with "npm start"');
  });

  it('signs in as the user that the command needs, or the one that is named', async () => {
    const fake = await openFakeApi({
      instead: (_, path, body) => {
        if (path !== '/') return undefined;
        const { AuthParameters } = body as { AuthParameters: { USERNAME: string; PASSWORD: string } };
        if (AuthParameters.PASSWORD !== 'pw') return { status: 400, body: { __type: 'NotAuthorizedException' } };
        return { status: 200, body: { AuthenticationResult: { AccessToken: `token-of-${AuthParameters.USERNAME}` } } };
      },
    });
    const users = ['demo-submitter', 'demo-auditor', 'demo-operator'].map((username) => ({
      username,
      password: 'pw',
      roles: [],
    }));
    await saveConnection(data, { api: fake.url, aws: fake.url, client: 'c', pid: 1, users });
    const used = async (args: readonly string[]) => {
      const { shell, written } = aShell();
      const code = await main([...args, '--data', data], shell);
      return { code, ...written, token: fake.requests.at(-1)?.headers.authorization };
    };
    expect(await used(['runs'])).toMatchObject({ code: 0, token: 'Bearer token-of-demo-auditor' });
    expect(await used(['submit', '--field', 'summary=x'])).toMatchObject({
      code: 0,
      token: 'Bearer token-of-demo-submitter',
    });
    expect(await used(['runs', '--as', 'demo-operator'])).toMatchObject({
      code: 0,
      token: 'Bearer token-of-demo-operator',
    });
    expect(await used(['token', 'demo-operator'])).toMatchObject({ code: 0, out: 'token-of-demo-operator\n' });
    expect(await used(['runs', '--as', 'nobody'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no user nobody'),
    });
    const [first = { username: '', password: '', roles: [] }] = users;
    await saveConnection(data, {
      api: fake.url,
      aws: fake.url,
      client: 'c',
      pid: 1,
      users: [{ ...first, password: 'old' }],
    });
    expect(await used(['submit', '--field', 'summary=x'])).toMatchObject({
      code: 1,
      err:
        'writ: demo-submitter could not sign in: the user pool of the local stack answered 400. ' +
        'Is it the stack of this data folder? Start it anew with "npm start", which makes its users again.\n',
    });
  });
});
