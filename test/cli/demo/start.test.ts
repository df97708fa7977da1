import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartParts } from '../../../cli/demo/parts.ts';
import { main } from '../../../cli/main.ts';
import { type JiraSandbox, startJiraSandbox } from '../../../lambdas/tools/jira/sandbox/sandbox.ts';
import { assigned, type FakeRun, startFakeApi } from '../support/fake-api.ts';
import { aShell } from '../support/shell.ts';

let data = '';
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'writ-start-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

interface World {
  /** What was started and has not been ended. */
  readonly running: Set<string>;
  readonly parts: () => Promise<StartParts>;
  contexts: Readonly<Record<string, unknown>>[];
  jira: JiraSandbox | undefined;
  keys: (string | undefined)[];
  secrets: Readonly<Record<string, string>>;
  /** Says that the stack cannot go on. */
  fail: (reason: Error) => void;
}

/** Parts that run no functions: runs end as `close` says. */
const aWorld = ({
  close = (run: FakeRun) => assigned(run, 'Network'),
  broken,
}: {
  close?: (run: FakeRun) => void;
  broken?: 'synth' | 'stack' | 'warm';
} = {}): World => {
  const running = new Set<string>();
  const world: World = {
    running,
    contexts: [],
    jira: undefined,
    keys: [],
    secrets: {},
    parts: async () => parts,
    fail: () => {},
  };
  const parts: StartParts = {
    assemble: async ({ outdir, context = {} }) => {
      if (broken === 'synth') throw Object.assign(new Error('the mode is not right'), { name: 'ConfigError' });
      world.contexts.push(context);
      const asset = join(outdir, 'asset.1');
      await mkdir(asset, { recursive: true });
      const workflow = { workflow: 'ticket-triage', proposal: { labels: ['Access', 'Network'] } };
      await writeFile(join(asset, 'workflow.json'), JSON.stringify(workflow));
      return { directory: outdir, synthesised: { bundleMs: 1, trainMs: 1, synthMs: 1 } };
    },
    openReload: async () => {
      running.add('reload');
      return { close: async () => void running.delete('reload') };
    },
    startJiraSandbox: async (options) => {
      const jira = await startJiraSandbox(options);
      world.jira = jira;
      running.add('jira');
      return {
        ...jira,
        close: async () => {
          running.delete('jira');
          await jira.close();
        },
      };
    },
    startLocalStack: async ({ users, secrets, onFailure }) => {
      world.secrets = secrets;
      world.fail = (reason) => onFailure?.(reason);
      if (broken === 'stack') throw new Error('port 3000 is in use');
      const api = await startFakeApi({ close });
      running.add('stack');
      return {
        apiUrl: api.url,
        endpointUrl: api.url,
        outputs: { UserPoolClientId: 'client' },
        signIn: async (name, password) => {
          const known = users.some((user) => user.username === name && user.password === password);
          return known ? `token-of-${name}` : Promise.reject(new Error('wrong password'));
        },
        warm: async () => {
          if (broken === 'warm') throw new Error('no process became ready');
        },
        traceAddress: '127.0.0.1:1',
        folders: () => new Map(),
        reload: () => Promise.reject(new Error('there are no functions')),
        counters: () => ({
          dynamodb: {},
          transitions: 0,
          fsyncs: 0,
          invocations: {},
          ignoredTraces: 0,
          wallMs: { functions: 0, endpoint: 0, database: 0, journal: 0 },
          cpuMs: { functions: 0, database: 0 },
          gigabyteSeconds: 0,
        }),
        close: async () => {
          running.delete('stack');
          world.keys = api.requests.map(({ headers }) => headers['idempotency-key']?.toString());
          await api.close();
        },
      };
    },
  };
  return world;
};

const writ = async (world: World, ...args: readonly string[]) => {
  const { shell, written } = aShell({ parts: world.parts });
  return { code: await main(['start', '--data', data, ...args], shell), ...written };
};
const ticketsFile = async (content: string) => {
  const file = join(data, 'given.csv');
  await writeFile(file, content);
  return file;
};

describe('start --once', () => {
  it('says once that no model is configured, and does without', async () => {
    const world = aWorld();
    const { out } = await writ(world, '--once');
    expect(out.match(/no model is configured: rules and the classifier answer/g)).toHaveLength(1);
    expect(world.contexts[0]).not.toHaveProperty('writ:models');
  });

  it('puts a model of the environment into the configuration, and its key nowhere but into a secret', async () => {
    const world = aWorld();
    const env = { WRIT_MODEL: 'openai:gpt-5-nano', OPENAI_API_KEY: 'sk-not-to-be-seen' };
    const { shell, written } = aShell({ parts: world.parts, env });
    expect(await main(['start', '--data', data, '--once'], shell)).toBe(0);
    expect(world.contexts[0]).toMatchObject({ 'writ:models': { tiers: { small: ['openai:gpt-5-nano'] } } });
    expect(JSON.stringify([world.contexts, written])).not.toContain('sk-not-to-be-seen');
    expect(world.secrets['writ/demo/model/openai']).toBe('{"apiKey":"sk-not-to-be-seen"}');
  });

  it('refuses a model without its key before anything is started', async () => {
    const world = aWorld();
    const { shell, written } = aShell({ parts: world.parts, env: { WRIT_MODEL: 'openai:gpt-5-nano' } });
    expect(await main(['start', '--data', data, '--once'], shell)).toBe(2);
    expect(written.err).toContain('set OPENAI_API_KEY');
    expect(world.contexts).toEqual([]);
  });

  it('triages the demo batch, and leaves nothing running', async () => {
    const world = aWorld();
    const { code, out, err } = await writ(world, '--once');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/T-01 +Authenticator asks.* Network +0\.97 +assigned +JIRA_WRITE_ALLOWED_TICKETOPS +1\.5 s/);
    expect(out).toMatch(/· ready after \d+\.\d s\n/);
    expect(out).toMatch(/48 tickets: 46 assigned, 2 asked/);
    expect(out).not.toContain('\u001b');
    expect([...world.running]).toEqual([]);
    expect(existsSync(join(data, 'connection.json'))).toBe(false);
  });

  it('fails where a run failed', async () => {
    const close = (run: FakeRun) => Object.assign(run, { status: 'closed', outcome: 'failed', rules: ['FAULT'] });
    expect((await writ(aWorld({ close }), '--once', '--tickets', await ticketsFile('id,text\n1,a'))).code).toBe(1);
  });

  it('asks for mode and tenant of the operators', async () => {
    const world = aWorld();
    await writ(world, '--once', '--mode', 'shadow', '--tickets', await ticketsFile('id,text\n1,a'));
    expect(world.contexts).toEqual([{ 'writ:mode': 'shadow', 'writ:operatorTenant': 'demo' }]);
  });

  it('gives new keys to the tickets of every batch, and new issues; former issues stay', async () => {
    const file = await ticketsFile('id,text\n1,a\n2,b');
    const first = aWorld();
    const second = aWorld();
    await writ(first, '--once', '--tickets', file);
    await writ(second, '--once', '--tickets', file);
    expect(second.jira?.issues().map(({ key }) => key)).toEqual(['OPS-1', 'OPS-2', 'OPS-3', 'OPS-4']);
    const keys = [...first.keys, ...second.keys].filter((key) => key !== undefined);
    expect(new Set(keys).size).toBe(4);
  });

  it('trains on other examples where it is given some', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => `"text ${index}",${index % 2 ? 'Access' : 'Network'}`);
    const examples = join(data, 'examples.csv');
    await writeFile(examples, ['TEXT,Queue', ...rows, 'no label,'].join('\n'));
    const world = aWorld();
    const { code, out } = await writ(
      world,
      '--once',
      '--tickets',
      await ticketsFile('id,text\n1,a'),
      '--examples',
      examples
    );
    expect(code).toBe(0);
    expect(out).toContain('line 14: no label');
    const normalised = String(world.contexts[0]?.['writ:examples']);
    expect(
      (await readFile(normalised, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((row) => JSON.parse(row))
    ).toHaveLength(12);
  });

  it.each([
    ['synth', 2, 'the mode is not right'],
    ['stack', 1, 'The local stack could not be started: port 3000 is in use'],
    ['warm', 1, 'The functions could not be started: no process became ready'],
  ] as const)('ends what it started where the %s fails', async (broken, code, message) => {
    const world = aWorld({ broken });
    const ended = await writ(world, '--once');
    expect(ended).toMatchObject({ code, err: expect.stringContaining(message) });
    expect([...world.running]).toEqual([]);
  });
});

describe('a data folder', () => {
  it('that cannot be made is a wrong argument', async () => {
    const file = await ticketsFile('id,text\n1,a');
    const world = aWorld();
    const { shell, written } = aShell({ parts: world.parts });
    expect(await main(['start', '--once', '--data', join(file, 'below')], shell)).toBe(2);
    expect(written.err).toContain('cannot be made a data folder (EEXIST)');
    expect(world.contexts).toEqual([]);
  });

  it('is made with all above it, for its owner alone', async () => {
    const deep = join(data, 'a', 'b');
    const { shell } = aShell({ parts: aWorld().parts });
    expect(await main(['start', '--once', '--data', deep, '--tickets', await ticketsFile('id,text\n1,a')], shell)).toBe(
      0
    );
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
  });
});

describe('start --json', () => {
  it('prints one document and nothing else', async () => {
    const file = await ticketsFile(
      'id,text,label\n1,vpn,Network\n2,"badge\nlost",Access\n3,\n4,"x\u001b[31m",Access\n'
    );
    const { code, out, err } = await writ(aWorld(), '--json', '--tickets', file);
    expect(code).toBe(0);
    const { tickets, totals } = JSON.parse(out);
    expect(tickets).toMatchObject([
      { id: '1', line: 2, outcome: 'assigned', queue: 'Network', label: 'Network', correct: true, confidence: 0.97 },
      { id: '2', line: 3, outcome: 'assigned', queue: 'Network', label: 'Access', correct: false },
    ]);
    expect(totals).toMatchObject({
      tickets: 2,
      malformed: 2,
      accuracy: { assigned: 2, correct: 1, ofAssigned: 0.5, ofAll: 0.5 },
      jira: { writes: 0, earlierWrites: 0, strayWrites: [] },
    });
    expect(err).toContain('given.csv: 2 rows were left out');
    expect(err).toMatch(/line 5: expected 3 fields/);
    expect(err).toMatch(/line 6: "text" has control characters/);
  });

  it('prints nothing on stdout where it fails', async () => {
    const { code, out, err } = await writ(aWorld(), '--json', '--tickets', await ticketsFile('id,text\n1,\n'));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('line 2: no text');
    expect(err).toContain('has no row that is a ticket');
  });
});

describe('start', () => {
  it('stays up until it is told to end; meanwhile others can sign in, and no second one starts', async () => {
    const world = aWorld();
    const stop = new AbortController();
    const up = Promise.withResolvers<void>();
    const { shell, written } = aShell({
      parts: world.parts,
      stop: stop.signal,
      onOut: (text) => text.includes('Up until Ctrl-C') && up.resolve(),
    });
    const ended = main(['start', '--data', data, '--tickets', await ticketsFile('id,text\n1,a')], shell);
    await Promise.race([up.promise, ended]);

    const connection = join(data, 'connection.json');
    expect((await stat(connection)).mode & 0o777).toBe(0o600);
    const { users } = JSON.parse(await readFile(connection, 'utf8'));
    expect(users.map(({ username }: { username: string }) => username)).toContain('demo-operator');
    expect(written.out).toContain(`npm run -s writ -- --data ${data} token demo-operator`);
    expect(written.out).not.toContain(users[0].password);

    const second = await writ(aWorld(), '--once');
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Writ already runs on ${data}, as process ${process.pid}. Stop it with Ctrl-C`),
    });

    stop.abort(new Error('interrupted'));
    expect(await ended).toBe(0);
    expect([...world.running]).toEqual([]);
    expect(existsSync(connection)).toBe(false);
    expect((await writ(aWorld(), '--once', '--tickets', join(data, 'given.csv'))).code).toBe(0);
  });

  it('ends everything when it is told to end in the midst of its batch', async () => {
    const stop = new AbortController();
    const world = aWorld({ close: () => stop.abort(new Error('interrupted')) });
    const { shell, written } = aShell({ parts: world.parts, stop: stop.signal });
    expect(await main(['start', '--data', data, '--once'], shell)).toBe(1);
    expect(written.err).toBe('Interrupted.\n');
    expect([...world.running]).toEqual([]);
  });

  const reason = 'dynoxide, the database, ended (SIGKILL), so the local stack does';

  it('ends everything, and says why, where the stack cannot go on in the midst of its batch', async () => {
    const world: World = aWorld({ close: () => world.fail(new Error(reason)) });
    const { code, err } = await writ(world, '--once');
    expect({ code, err }).toEqual({ code: 1, err: `writ: ${reason}\n` });
    expect([...world.running]).toEqual([]);
  });

  it('ends everything, and says why, where the stack cannot go on while it is up', async () => {
    const world = aWorld();
    const { shell, written } = aShell({
      parts: world.parts,
      onOut: (text) => text.includes('Up until Ctrl-C') && world.fail(new Error(reason)),
    });
    const file = await ticketsFile('id,text\n1,a');
    expect(await main(['start', '--data', data, '--tickets', file], shell)).toBe(1);
    expect(written.err).toBe(`writ: ${reason}\n`);
    expect([...world.running]).toEqual([]);
  });
});

describe('files of the data folder that are not what they should be', () => {
  it.each<[string, string, readonly string[], string]>([
    [
      'jira-issues.json',
      '[{"key":',
      ['start', '--once'],
      'should hold the issues of the Jira sandbox and does not. Remove it to go on without them: runs that are about them will be handed to people.',
    ],
    [
      'jira-issues.json',
      '{"issues":[]}',
      ['start', '--once'],
      'should hold the issues of the Jira sandbox and does not. Remove it to go on without them: runs that are about them will be handed to people.',
    ],
    ['connection.json', '{"api"', ['runs'], 'cannot be read. Stop "npm start", delete the file, and start again.'],
    [
      'connection.json',
      '{"version":2}',
      ['runs'],
      "is of a newer version of Writ (2, this one knows 1). Use that version's command.",
    ],
    [
      'start.lock',
      'no lock of SQLite: '.repeat(80),
      ['start', '--once'],
      'should be a lock and is something else: remove it',
    ],
  ])('are refused: %s with %s', async (file, content, command, message) => {
    await writeFile(join(data, file), content);
    const { shell, written } = aShell({ parts: aWorld().parts });
    const code = await main([...command, '--data', data], shell);
    expect({ code, err: written.err }).toEqual({ code: 1, err: `writ: ${join(data, file)} ${message}\n` });
    expect(await readFile(join(data, file), 'utf8')).toBe(content);
  });
});
