import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { Run } from '../../lambdas/core/run.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import { runIdOf } from '../../lambdas/core/tasks/run-id.ts';
import { anApi, claimsOf, MACHINE } from '../support/api.ts';
import { AT, aRelease, RELEASE } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const task = (input: object = {}) => ({ workflow: 'ticket-triage', input: { summary: 'the vpn drops', ...input } });
/** A version of a state machine that was made anew. */
const ANEW = 'arn:aws:states:us-east-1:000000000000:stateMachine:anew:1';
let made = 0;
const aKey = () => {
  made += 1;
  return `key-${made}`;
};

describe.skipIf(!hasDynoxide)('submitting a task', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const submit = (api: ReturnType<typeof anApi>, key: string, body: object = task(), claims = claimsOf()) =>
    api.call('POST', '/v1/tasks', { body, claims, headers: { 'idempotency-key': key } });

  it('writes run, input and audit, and starts the execution under the id of the run', async () => {
    const api = anApi(dynoxide);
    const { status, headers, body } = await submit(api, aKey());

    expect(status).toBe(202);
    expect(body).toEqual({ run: expect.stringMatching(/^[a-z2-7]{26}$/), workflow: 'ticket-triage', status: 'active' });
    expect(headers.location).toBe(`/v1/runs/${body.run}`);
    const ref = { tenant: 'acme', run: body.run };
    expect(api.executions.started.get(body.run)).toEqual({
      machine: MACHINE,
      input: JSON.stringify({ tenant: 'acme', run: body.run, workflow: 'ticket-triage' }),
    });
    const run = await api.deps.desk.run(ref);
    const { records } = await api.deps.desk.chain(ref);
    expect(run && faultOf(records, run.head)).toBeUndefined();
    expect(records[0]).toMatchObject({ step: 'submit', release: RELEASE, user: { id: 'u-1', tenant: 'acme' } });

    // the digest of the first record is that of the input as every later step sees it
    const ledger = dynamoLedger(dynoxide.connection, dynoxide);
    const dossier = await ledger.look(ref, { input: true });
    expect(records[0]?.sources?.[0]?.sha256).toBe(digestOf(dossier?.input));
    expect(dossier?.input?.fields).toEqual({ summary: 'the vpn drops' });
  });

  it('lets the input expire, and not the run', async () => {
    const api = anApi(dynoxide);
    const { body } = await submit(api, aKey());
    const item = async (pk: string, sk: string) => {
      const { Item = {} } = await dynoxide.client.send(
        new GetItemCommand({ TableName: dynoxide.state, Key: { pk: { S: pk }, sk: { S: sk } } })
      );
      return unmarshall(Item);
    };
    const ninetyDays = AT.getTime() / 1_000 + 90 * 86_400;
    expect(await item(`INPUT#acme#${body.run}`, 'task')).toMatchObject({ expiresAt: Math.floor(ninetyDays) });
    expect(await item(`RUN#acme#${body.run}`, 'run')).not.toHaveProperty('expiresAt');
  });

  it('makes one run and one execution of twenty concurrent submissions with one key', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(api, key)));

    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(new Set(answers.map(({ body }) => body.run)).size).toBe(1);
    expect(api.executions.started.size).toBe(1);
    expect((await api.deps.desk.chain({ tenant: 'acme', run: answers[0]?.body.run })).records).toHaveLength(1);
  });

  it('makes a run of its own of every submission without a key', async () => {
    const api = anApi(dynoxide);
    const one = await api.call('POST', '/v1/tasks', { body: task() });
    const other = await api.call('POST', '/v1/tasks', { body: task() });

    expect([one.status, other.status]).toEqual([202, 202]);
    expect(one.body.run).not.toBe(other.body.run);
  });

  it('refuses another body under a key, and starts nothing', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    await submit(api, key);
    const { status, body } = await submit(api, key, task({ summary: 'another' }));

    expect(status).toBe(409);
    expect(body.type).toBe('urn:writ:problem:conflict');
    expect(api.executions.started.size).toBe(1);
  });

  it('gives nobody the run of somebody else who used the key first, whatever the body', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    const { body: theirs } = await submit(api, key, task(), claimsOf({ sub: 'u-2' }));
    const same = await submit(api, key);
    const another = await submit(api, key, task({ summary: 'another' }));

    expect([same.status, same.body.type]).toEqual([409, 'urn:writ:problem:conflict']);
    expect(same.headers).not.toHaveProperty('location');
    expect(JSON.stringify(same.body)).not.toContain(theirs.run);
    expect(same.body).toEqual(another.body); // whether the bodies are the same is not told
    expect(api.executions.started.size).toBe(1);
    expect((await submit(api, key, task(), claimsOf({ sub: 'u-2' }))).body.run).toBe(theirs.run);
  });

  it('starts no run of somebody else that could not be started', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    api.executions.failNext(1);
    await submit(api, key, task(), claimsOf({ sub: 'u-2' }));
    expect((await submit(api, key)).status).toBe(409);
    expect(api.executions.started.size).toBe(0);
  });

  it('takes the same fields in another order for the same body', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    const one = await submit(api, key, { workflow: 'ticket-triage', input: { summary: 'a', issueKey: 'OPS-1' } });
    const other = await submit(api, key, { input: { issueKey: 'OPS-1', summary: 'a' }, workflow: 'ticket-triage' });

    expect(other).toMatchObject({ status: 202, body: { run: one.body.run } });
  });

  it('keeps the keys of tenants apart', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    const one = await submit(api, key);
    const other = await submit(api, key, task({ summary: 'another' }), claimsOf({ tenant: 'globex' }));

    expect(other.status).toBe(202);
    expect(other.body.run).not.toBe(one.body.run);
  });

  it('starts a run whose execution could not be started, with the next call that has its key', async () => {
    const api = anApi(dynoxide);
    const key = aKey();
    api.executions.failNext(1);
    const failed = await submit(api, key);
    expect(failed).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: { trace: '1-trace' } });
    expect(api.executions.started.size).toBe(0);

    const repaired = await submit(api, key);
    expect(repaired.status).toBe(202);
    expect([...api.executions.started.keys()]).toEqual([repaired.body.run]);
  });

  it('does not start again what has begun', async () => {
    const before = anApi(dynoxide);
    const key = aKey();
    const { body } = await submit(before, key);
    const release = aRelease();
    const eligibility = rulesEngine('none', []);
    const deps = {
      ledger: dynamoLedger(dynoxide.connection, dynoxide),
      release,
      now: () => AT,
      traceId: () => 't',
      eligibility,
    };
    await route.run(deps, { tenant: 'acme', run: body.run, round: 0 });

    const after = anApi(dynoxide);
    expect((await submit(after, key)).body.run).toBe(body.run);
    expect(after.executions.started.size).toBe(0);
  });

  it('starts a run on the version that it keeps, whatever was deployed meanwhile', async () => {
    const before = anApi(dynoxide);
    const key = aKey();
    before.executions.failNext(1);
    await submit(before, key);

    const workflows = new Map([
      [
        'ticket-triage',
        { release: digestOf('a newer release'), input: aRelease().input, machine: ANEW, undoMachine: ANEW },
      ],
    ]);
    const after = anApi(dynoxide, { workflows });
    const { status, body } = await submit(after, key);
    expect(status).toBe(202);
    expect(after.executions.started.get(body.run)?.machine).toBe(MACHINE);
  });

  it('starts no run that keeps no version and whose release is gone', async () => {
    const before = anApi(dynoxide);
    const key = aKey();
    before.executions.failNext(1);
    await submit(before, key);
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    const runKey = keys.run({ tenant: 'acme', run: runIdOf('acme', key) });
    const item = await state.get(runKey);
    const { machine: _, ...content } = Run.parse(item?.content);
    await state.put({ ...runKey, ...item, content });

    const workflows = new Map([
      [
        'ticket-triage',
        { release: digestOf('a newer release'), input: aRelease().input, machine: ANEW, undoMachine: ANEW },
      ],
    ]);
    const after = anApi(dynoxide, { workflows });
    const { status, body } = await submit(after, key);
    expect(status).toBe(409);
    expect(body.detail).toContain('no longer deployed');
    expect(after.executions.started.size).toBe(0);
  });

  const misfits: readonly (readonly [string, unknown, string, RegExp, RegExp])[] = [
    ['no workflow', { input: {} }, 'workflow', /type string/, /^nothing$/],
    ['an unknown workflow', { workflow: 'toString', input: {} }, 'workflow', /ticket-triage/, /not deployed/],
    ['no input', { workflow: 'ticket-triage' }, 'input', /type/, /^nothing$/],
    ['an unknown field', task({ colour: 'red' }), 'input.colour', /summary, issueKey/, /another name/],
    ['an inherited name', task({ constructor: 'x' }), 'input.constructor', /summary/, /another name/],
    ['a number', task({ summary: 5 }), 'input.summary', /string/, /^a number$/],
    ['a list', task({ summary: ['x'] }), 'input.summary', /string/, /^a list$/],
    ['no summary', { workflow: 'ticket-triage', input: {} }, 'input.summary', /a line/, /^nothing$/],
    ['a blank summary', task({ summary: ' \n' }), 'input.summary', /a line/, /^blank text$/],
    ['a long summary', task({ summary: 'secret '.repeat(2_000) }), 'input.summary', /1,000/, /^14,000 characters$/],
    ['half a character', task({ summary: 'x\ud800' }), 'input.summary', /a line/, /Unicode/],
    ['a control character in an id', task({ issueKey: 'OPS-1\u0000' }), 'input.issueKey', /OPS-12/, /control/],
    ['a direction override in an id', task({ issueKey: 'OPS-\u202e1' }), 'input.issueKey', /OPS-12/, /control/],
    ['a member beside', { ...task(), extra: 1 }, 'extra', /nothing/, /not known/],
    ['a list for a body', [], 'body', /object/, /list/],
    ['null for a body', 'null', 'body', /object/, /null/],
  ];
  it.each(misfits)('names what does not fit: %s', async (_, body, field, expected, found) => {
    const api = anApi(dynoxide);
    const answer = await api.call('POST', '/v1/tasks', { body });

    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body.errors).toContainEqual({
      field,
      expected: expect.stringMatching(expected),
      found: expect.stringMatching(found),
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(api.executions.started.size).toBe(0);
  });

  it('refuses more than 32 KB of input altogether', async () => {
    const field = { ...aRelease().input.fields[0], name: 'description', maxLength: 32_768, needed: 'never' as const };
    const shape = { fields: [{ ...field, expected: 'text', isId: false }] };
    const workflows = new Map([
      ['ticket-triage', { release: RELEASE, input: shape, machine: MACHINE, undoMachine: MACHINE }],
    ]);
    const api = anApi(dynoxide, { workflows });
    const send = (description: string) =>
      api.call('POST', '/v1/tasks', { body: { workflow: 'ticket-triage', input: { description } } });

    expect((await send('é'.repeat(16_000))).status).toBe(202);
    const { status, body } = await send('é'.repeat(17_000));
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      { field: 'input', expected: expect.stringContaining('32,768 bytes'), found: '34,018 bytes' },
    ]);
  });

  const nested = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  const hostile: readonly (readonly [string, string, number])[] = [
    ['no JSON', '{"workflow":', 400],
    ['nothing', '', 400],
    ['deep nesting', nested, 422],
    ['deep nesting inside', `{"workflow":"ticket-triage","input":{"summary":${nested}}}`, 422],
    ['deep nesting without an end', '['.repeat(60_000), 400],
    ['a prototype', '{"__proto__":{"workflow":"ticket-triage"},"input":{"summary":"x"}}', 422],
    ['a prototype among the fields', '{"workflow":"ticket-triage","input":{"summary":"x","__proto__":"y"}}', 422],
    [
      'a prototype that is spelt otherwise',
      '{"workflow":"ticket-triage","input":{"summary":"x","\\u005f_proto__":"y"}}',
      422,
    ],
    ['too much', `{"workflow":"ticket-triage","input":{"summary":"${'x'.repeat(70_000)}"}}`, 413],
  ];
  it.each(hostile)('refuses %s', async (_, body, status) => {
    const api = anApi(dynoxide);
    const answer = await api.call('POST', '/v1/tasks', { body });

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ type: expect.stringContaining('urn:writ:problem:'), status });
    expect(api.executions.started.size).toBe(0);
  });

  it.each([
    ['says so', 1, '70000'],
    ['does not say so', 70_000, '1'],
  ])('takes no body that is too large and %s', async (_, length, said) => {
    const [body, headers] = [task({ summary: 'x'.repeat(length) }), { 'content-length': said }];
    expect(await anApi(dynoxide).call('POST', '/v1/tasks', { body, headers })).toMatchObject({
      status: 413,
      body: { detail: 'A body may have at most 65,536 bytes.' },
    });
  });

  it.each([
    ['with a key', aKey(), 'unavailable', 'The request was not completed. Send the same again.', '1'],
    [
      'without one',
      undefined,
      'outcome-unknown',
      'Nobody knows whether the task was accepted: look among your runs before you submit it again, which would make another run. With an Idempotency-Key the same may be sent again.',
      undefined,
    ],
  ])('says what to do after a fault %s', async (_, key, type, detail, wait) => {
    const api = anApi(dynoxide);
    api.executions.failNext(1);
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await api.call('POST', '/v1/tasks', { body: task(), headers });
    expect(answer).toMatchObject({ status: 503, body: { type: `urn:writ:problem:${type}`, detail, trace: '1-trace' } });
    expect(answer.headers['retry-after']).toBe(wait);
    expect(api.finished.at(-1)).toMatchObject({ isFault: true });
  });

  it('refuses bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"workflow":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const sent = { body: bytes.toString('base64'), base64: true };
    expect((await anApi(dynoxide).call('POST', '/v1/tasks', sent)).status).toBe(400);
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/json-seq'])(
    'takes JSON only, and not %s',
    async (type) => {
      const headers = { 'content-type': type ?? '' };
      expect((await anApi(dynoxide).call('POST', '/v1/tasks', { body: task(), headers })).status).toBe(415);
    }
  );

  it.each(['', 'a b', 'é', 'x'.repeat(129)])('takes no key such as "%s"', async (key) => {
    const { status, body } = await submit(anApi(dynoxide), key);
    expect(status).toBe(422);
    expect(body.errors[0]).toMatchObject({ field: 'Idempotency-Key', expected: '1 to 128 visible ASCII characters' });
  });
});
