import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { saveConnection } from '../../cli/connection.ts';
import { main } from '../../cli/main.ts';
import { assigned, type FakeAnswer, type FakeApi, type FakeApiGiven, startFakeApi } from './support/fake-api.ts';
import { aShell } from './support/shell.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Runs a command against the fake API as if it were a deployed one. */
const writ = async (args: readonly string[], given: FakeApiGiven = {}, prepare?: (fake: FakeApi) => void) => {
  api = await startFakeApi(given);
  prepare?.(api);
  const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 'secret-token' } });
  const code = await main(args, shell);
  return { code, ...written, requests: api.requests };
};
const answering = (status: number, body: unknown): FakeApiGiven => ({ instead: (): FakeAnswer => ({ status, body }) });
const RUN = 'a'.repeat(26);

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
    const { code, out } = await writ(['submit', '--field', 'summary=x', '--field', 'issueKey=OPS-1', '--wait'], {
      instead: (method, path) => {
        const run = api?.runs[0];
        if (method === 'GET' && path !== '/v1/runs' && run && ++looks === 3) assigned(run, 'Network');
        return undefined;
      },
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
    [['stop', 'global', 'all', '--reason', 'x'], 'global takes no name, found all'],
    [['stop', 'scope', '--reason', 'x'], 'scope expects a name, such as jira:write'],
    [['stop', 'scope', 'jira:write', '--reason', ' '], '--reason expects a sentence'],
    [['resume', 'scope', 'jira:write', '--reason', 'x', '--mode', 'shadow'], '--mode goes with tenant only'],
    [['reply', RUN], 'reply expects at least one --field'],
    [['start', '--mode', 'wild'], 'Allowed choices are shadow, suggest, supervised, autopilot'],
    [['start', '--port-api', '70000'], '--port-api expects a whole number from 0 to 65535'],
    [['start', '--tickets', '/nowhere/at-all.csv'], '/nowhere/at-all.csv is not there'],
    [['strat'], "unknown command 'strat'"],
    [['runs', '--colour'], "unknown option '--colour'"],
    [[], 'Usage: writ'],
  ])('is wrong as %j, and nothing is sent', async (args, message) => {
    const { code, err, out, requests } = await writ(args);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^\s+at /m);
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
    expect(await main(['submit', '--field', 'summary=x'], shell)).toBe(1);
    expect(written.err).toBe(
      'writ: The API at http://127.0.0.1:1/ cannot be reached. Check the URL, and that you are online.\n'
    );
  });

  it.each([
    [['runs', '--api', 'ftp://x', '--token', 't'], {}, '--api must be a URL'],
    [['runs', '--api', 'https://u:p@x', '--token', 't'], {}, '--api must not hold a user'],
    [['runs', '--api', 'https://x'], {}, 'A deployed API needs an access token'],
    [['runs', '--token', 't'], {}, '--token goes with --api'],
    [['runs'], { WRIT_API: 'https://x', WRIT_TOKEN: 'a\nb' }, 'visible ASCII'],
  ])('knows what it needs for a deployed API: %j', async (args, env, message) => {
    const { shell, written } = aShell({ env });
    expect(await main(args, shell)).toBe(2);
    expect(written.err).toContain(message);
  });

  it('takes the options of all commands before its name too', async () => {
    api = await startFakeApi();
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
    const fake = await startFakeApi({
      instead: (_, path, body) => {
        if (path !== '/') return undefined;
        const { AuthParameters } = body as { AuthParameters: { USERNAME: string; PASSWORD: string } };
        if (AuthParameters.PASSWORD !== 'pw') return { status: 400, body: { __type: 'NotAuthorizedException' } };
        return { status: 200, body: { AuthenticationResult: { AccessToken: `token-of-${AuthParameters.USERNAME}` } } };
      },
    });
    api = fake;
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
  });
});

describe('runs, run and reply', () => {
  const ready = (fake: FakeApi) => {
    const run = {
      run: RUN,
      input: { summary: 's' },
      status: 'waiting' as const,
      rules: ['ISSUE_KEY_MISSING'],
      round: 0,
    };
    fake.runs.push(run);
  };

  it('list what there is', async () => {
    const { code, out } = await writ(['runs'], {}, ready);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^RUN +WORKFLOW +STATE +DECIDED BY +SUBMITTED$/);
    expect(out.split('\n')[1]).toBe(`${RUN}  ticket-triage  waiting  ISSUE_KEY_MISSING  2030-01-02 03:04:05Z`);
  });

  it('show what is asked, and how to answer', async () => {
    const { out } = await writ(['run', RUN], {}, ready);
    expect(out).toContain('asks        Which issue?');
    expect(out).toContain(`npm run -s writ -- reply ${RUN} --field issueKey=…`);
  });

  it('show which limit had no room, and when it begins anew', async () => {
    const at = '2030-01-02T03:04:05.000Z';
    const tenantDay = {
      rule: 'BUDGET_TENANT_DAY',
      unit: 'microusd',
      atMost: 50_000_000,
      used: 49_999_400,
      asked: 1_200,
    };
    const cap = { rule: 'ASSIGNMENTS_OF_ISSUE_DAY', unit: 'actions', atMost: 10, asked: 1 };
    const limits = [{ ...tenantDay, resetsAt: '2030-01-03T00:00:00.000Z' }, cap];
    const view = {
      run: RUN,
      workflow: 'w',
      status: 'closed',
      outcome: 'escalated',
      createdAt: at,
      updatedAt: at,
      limits,
    };
    const { out } = await writ(['run', RUN], answering(200, view));

    expect(out).toContain(
      'BUDGET_TENANT_DAY: $49.9994 of $50.00 used, $0.0012 asked; begins anew 2030-01-03 00:00:00Z'
    );
    expect(out).toContain('ASSIGNMENTS_OF_ISSUE_DAY: at most 10, 1 asked');
  });

  it('show what is in doubt and where to look, and what became of undos', async () => {
    const at = '2030-01-02T03:04:05.000Z';
    const doubt = {
      action: 1,
      tool: 'jira.assign',
      scope: 'jira:write',
      seenBy: 'jira.get',
      arguments: { issueKey: 'OPS-1', component: 'Network\u001b[2J' },
      marker: `${RUN}-1`,
      claim: 'executing',
      since: at,
      leaseUntil: '2030-01-02T03:04:20.000Z',
    };
    const { seenBy: _, ...elsewhere } = {
      ...doubt,
      action: 2,
      tool: 'mail.send',
      marker: `${RUN}-2`,
      arguments: { to: [], cc: ['a', 'b'] },
      claim: 'unclaimed',
    };
    const view = {
      run: RUN,
      workflow: 'w',
      status: 'closed',
      outcome: 'escalated',
      createdAt: at,
      updatedAt: at,
      escalation: { because: 'in-doubt', rules: [], doubts: [doubt, elsewhere] },
      undone: [
        { action: 2, report: 'undone-before' },
        { action: 1, report: 'changed' },
      ],
    };
    const { out } = await writ(['run', RUN], answering(200, view));
    expect(out).toContain('action 1, jira.assign issueKey=OPS-1, component=Network');
    expect(out).toContain('action 2, mail.send to=[], cc=["a","b"]');
    expect(out).not.toContain('\u001b[2J');
    expect(out).toContain('begun 2030-01-02 03:04:05Z, may have arrived until 2030-01-02 03:04:20Z');
    expect(out).toContain(
      'not begun when the execution had ended, 2030-01-02 03:04:05Z, and may be until 2030-01-02 03:04:20Z'
    );
    expect(out).toContain(`look at     what jira.get shows, for a change made as ${RUN}-1`);
    expect(out).toContain(`look at     the system, for a change made as ${RUN}-2`);
    expect(out).toContain('action 2 nothing to undo: an earlier undo has undone it');
    expect(out).toContain('action 1 not undone: the record has changed since');
    expect(out).toContain('undo once more');
  });

  it('answer it', async () => {
    const { code, out, requests } = await writ(['reply', RUN, '--field', 'issueKey=OPS-1'], {}, ready);
    expect(code).toBe(0);
    expect(out).toBe(`Replied; run ${RUN} goes on.\n`);
    expect(requests).toMatchObject([{ path: `/v1/runs/${RUN}/reply`, body: { fields: { issueKey: 'OPS-1' } } }]);
  });

  it('never reach another path by an id', async () => {
    const { requests } = await writ(['run', '../controls/global']);
    expect(requests).toMatchObject([{ path: '/v1/runs/..%2Fcontrols%2Fglobal' }]);
  });
});

describe('stop and resume', () => {
  it.each([
    [['stop', 'global'], '/v1/controls/global', true],
    [['stop', 'scope', 'jira:write'], '/v1/controls/scope/jira%3Awrite', true],
    [['resume', 'tenant', 'demo', '--mode', 'shadow'], '/v1/controls/tenant/demo', false],
  ])('%j', async (args, path, stopped) => {
    const { code, out, requests } = await writ([...args, '--reason', 'drill'], {
      instead: () => ({
        status: 200,
        body: { subject: 'scope:jira:write', stopped, reason: 'drill', by: 'x', at: 'y' },
      }),
    });
    expect(code).toBe(0);
    expect(requests).toMatchObject([{ method: 'PUT', path, body: { stopped, reason: 'drill' } }]);
    expect(out).toContain(stopped ? 'scope:jira:write is stopped.' : 'scope:jira:write is running.');
  });

  it('stops everything, for a time, and shows what that replaces', async () => {
    const replaced = { stopped: true, subject: 'global', stops: 'everything', by: 'op\u001b[2J', reason: 'a breach' };
    const { out, requests } = await writ(['stop', 'global', '--reason', 'drill', '--everything', '--for', '2h'], {
      instead: () => ({
        status: 200,
        body: { subject: 'global', stopped: true, stops: 'everything', until: '2030-01-02T05:04:05.000Z', replaced },
      }),
    });
    const [{ body } = { body: undefined }] = requests;
    expect(body).toMatchObject({ stopped: true, stops: 'everything', until: expect.stringMatching(/Z$/) });
    expect(out).toContain('It stops everything until 2030-01-02T05:04:05.000Z.');
    expect(out).toContain('It replaces a stop of everything until somebody resumes, by op');
    expect(out).toContain('a breach. That one stopped more.');
    expect(out).toContain('No task is accepted there');
    expect(out).not.toContain('\u001b[2J');
  });

  it.each([
    [{ stops: 'writes' }, { stops: 'everything' }, true],
    [{ stops: 'everything' }, { stops: 'writes', until: '2030-01-01T00:00:00.000Z' }, false],
    [{ until: '2030-01-01T00:00:00.000Z' }, { until: '2030-01-02T00:00:00.000Z' }, true],
    [{ until: '2030-01-02T00:00:00.000Z' }, { until: '2030-01-01T00:00:00.000Z' }, false],
    [{}, {}, false],
  ])('of %o in place of %o', async (stop, before, isWeaker) => {
    const body = { subject: 'global', stopped: true, ...stop, replaced: before };
    const { out } = await writ(['stop', 'global', '--reason', 'drill'], { instead: () => ({ status: 200, body }) });
    expect(out.includes('That one stopped more.')).toBe(isWeaker);
  });

  it.each([
    [['--for', '2 hours'], '--for expects a time such as 30m, 2h or 3d'],
    [['--for', '0m'], '--for expects'],
    [['--for', '400d'], 'at most 366 days'],
    [['--until', 'tomorrow'], '--until expects a time with its zone'],
    [['--until', '2030-01-02T18:00:00'], '--until expects a time with its zone'],
    [['--until', '2030-01-02T18:00:00Z', '--for', '2h'], 'give one of them'],
  ])('does not take %j', async (options, said) => {
    const { code, err, requests } = await writ(['stop', 'global', '--reason', 'x', ...options]);
    expect([code, requests]).toEqual([2, []]);
    expect(err).toContain(said);
  });

  it('lists what is executing under a stop, and lets nothing hostile through', async () => {
    const claim = { tenant: 'demo', run: 'r\u001b[2J1', scope: 'jira:write', action: 1, since: 'S', leaseUntil: 'L' };
    const { out } = await writ(['stop', 'global', '--reason', 'drill'], {
      instead: () => ({ status: 200, body: { subject: 'global', stopped: true, executing: [claim] } }),
    });
    expect(out).toMatch(/ {2}run r.*1, action 1 of jira:write, since S, lease until L/);
    expect(out).not.toContain('\u001b[2J');
  });

  it('shows how controls stand', async () => {
    const { out, requests } = await writ(['controls'], {
      instead: () => ({ status: 200, body: { controls: [{ subject: 'tenant:demo', stopped: true, mode: 'shadow' }] } }),
    });
    expect(requests).toMatchObject([{ method: 'GET', path: '/v1/controls' }]);
    expect(out).toMatch(/tenant:demo +stopped +shadow/);
  });

  it('shows a stop that has ended by itself as expired', async () => {
    const control = { subject: 'global', stopped: true, stops: 'everything', until: '2030-01-02T03:04:05.000Z' };
    const { out } = await writ(['controls'], {
      instead: () => ({ status: 200, body: { controls: [{ ...control, expired: true }] } }),
    });
    expect(out).toMatch(/global +expired +everything/);
  });
});
