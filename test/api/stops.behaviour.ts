import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import { CONTROL_SHARDS, EXPIRY_MARGIN_MS, ROOT } from '../../lambdas/core/gate/controls.ts';
import { Control, type Writ } from '../../lambdas/core/records.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { AT, aRunId, aWrit } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const operator = claimsOf({ sub: 'op-1', tenant: 'platform', roles: '[operator]' });
const task = { workflow: 'ticket-triage', input: { summary: 'the vpn drops', issueKey: 'OPS-1' } };
const inMs = (ms: number): string => new Date(AT.getTime() + ms).toISOString();
const HOUR = 3_600_000;

describe.skipIf(!hasDynoxide)('a stop of everything, or for a time', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  type Api = ReturnType<typeof anApi>;
  const set = (api: Api, path: string, change: object, claims = operator) =>
    api.call('PUT', `/v1/controls/${path}`, { claims, body: { stopped: true, reason: 'a test', ...change } });
  const resume = (api: Api, path: string) => set(api, path, { stopped: false });
  const submit = (api: Api, tenant: string, key?: string) =>
    api.call('POST', '/v1/tasks', {
      claims: claimsOf({ tenant }),
      body: task,
      ...(key !== undefined && { headers: { 'idempotency-key': key } }),
    });
  const runsOf = async (api: Api, tenant: string) =>
    (await api.call('GET', '/v1/runs', { claims: claimsOf({ tenant }) })).body.runs;

  it('stands in the root and in every shard as it was set', async () => {
    const api = anApi(dynoxide);
    const until = '2030-01-02T06:04:05+01:00';
    const { body } = await set(api, 'workflow/timed', { stops: 'everything', until });
    expect(body).toMatchObject({ stopped: true, stops: 'everything', until: inMs(2 * HOUR) });
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    const items = await state.getAll([ROOT, ...CONTROL_SHARDS].map((shard) => keys.control('workflow:timed', shard)));
    expect(items).toHaveLength(CONTROL_SHARDS.length + 1);
    for (const { content } of items)
      expect(Control.parse(content)).toMatchObject({ stops: 'everything', until: inMs(2 * HOUR) });

    const resumed = await resume(api, 'workflow/timed');
    expect(resumed.body).not.toHaveProperty('until');
    expect(resumed.body).toMatchObject({ stopped: false, replaced: { stops: 'everything' } });
  });

  it.each([
    ['global', 'STOPPED_GLOBAL'],
    ['tenant/held', 'STOPPED_TENANT'],
    ['workflow/ticket-triage', 'STOPPED_WORKFLOW'],
  ])('of %s: no task is accepted, and none is kept', async (path, rule) => {
    const api = anApi(dynoxide);
    await set(api, path, { stops: 'everything' });
    const { status, body, headers } = await submit(api, 'held');
    await resume(api, path);

    expect(status).toBe(503);
    expect(body).toMatchObject({ type: 'urn:writ:problem:stopped', detail: expect.stringContaining(rule) });
    expect(headers['retry-after']).toBe('60');
    expect(api.finished.find(({ name }) => name === 'submitTask')).toMatchObject({ outcome: '503', isFault: false });
    expect(await runsOf(api, 'held')).toEqual([]);
    expect(api.executions.started.size).toBe(0);
  });

  it.each([
    ['a stop of writes', 'tenant/free', {}],
    ['a stop of a scope', 'scope/jira:write', { stops: 'everything' }],
    ["another tenant's stop", 'tenant/other', { stops: 'everything' }],
  ])('under %s tasks are accepted', async (_, path, change) => {
    const api = anApi(dynoxide);
    await set(api, path, change);
    const { status } = await submit(api, 'free');
    await resume(api, path);
    expect(status).toBe(202);
  });

  it('takes tasks again when its time and the margin are over, and is listed as expired', async () => {
    const until = inMs(HOUR);
    await set(anApi(dynoxide), 'tenant/passing', { stops: 'everything', until });
    const at = (ms: number) => anApi(dynoxide, { now: () => new Date(AT.getTime() + ms) });
    const listed = async (api: Api) => {
      const claims = claimsOf({ tenant: 'passing', roles: '[operator]' });
      return (await api.call('GET', '/v1/controls', { claims })).body.controls[0];
    };

    const during = at(HOUR + EXPIRY_MARGIN_MS - 1);
    expect((await submit(during, 'passing')).status).toBe(503);
    expect(await listed(during)).not.toHaveProperty('expired');
    const after = at(HOUR + EXPIRY_MARGIN_MS);
    expect((await submit(after, 'passing')).status).toBe(202);
    expect(await listed(after)).toMatchObject({ stopped: true, until, expired: true });
    expect((await set(after, 'tenant/passing', {})).body).not.toHaveProperty('replaced'); // it was over
  });

  it('lets no claim begin that races it, until its time and the margin are over, without anybody ending it', async () => {
    const [tenant, scope] = ['racing', 'jira:raced-stop'];
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    const claims = dynamoClaims(dynoxide.connection, dynoxide.state, scope);
    const writs = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const writ = aWrit({ tenant, scope, run: aRunId() });
        await state.put({ ...keys.writ(writ, scope, 1), content: writ });
        return writ;
      })
    );
    const begin = async (writ: Writ, ms: number): Promise<string | undefined> => {
      const claim = {
        digest: writ.digest,
        status: 'executing',
        attempt: 1,
        startedAt: inMs(ms),
        leaseUntil: inMs(ms),
      } as const;
      for (;;)
        try {
          return await claims.begin(writ, claim);
        } catch (error) {
          if (!(error instanceof Retryable)) throw error;
        }
    };
    const over = HOUR + EXPIRY_MARGIN_MS;
    const stopping = set(anApi(dynoxide), `scope/${scope}`, { until: inMs(HOUR) });
    const racing = await Promise.all(writs.slice(0, 12).map((writ) => begin(writ, 0)));
    expect((await stopping).status).toBe(200);

    const after = await Promise.all(writs.slice(12).map((writ, at) => begin(writ, at % 2 === 0 ? 0 : over - 1)));
    expect(after).toEqual(Array(12).fill('STOPPED_SCOPE'));
    const left = writs.filter((_, at) => (racing[at] ?? after[at - 12]) !== undefined);
    expect(await Promise.all(left.map((writ) => begin(writ, over)))).toEqual(Array(left.length).fill(undefined));
  });

  it('answers a key that was used before as ever, and goes on to start its run', async () => {
    const api = anApi(dynoxide);
    api.executions.failNext(1);
    expect((await submit(api, 'keyed', 'k-1')).status).toBe(503);
    await set(api, 'tenant/keyed', { stops: 'everything' });
    expect((await submit(api, 'keyed', 'k-2')).body.type).toBe('urn:writ:problem:stopped');
    expect((await submit(api, 'keyed', 'k-1')).status).toBe(202);
    expect(api.executions.started.size).toBe(1);
  });

  it('answers and keeps what it replaced, also where it stops less', async () => {
    const api = anApi(dynoxide);
    expect((await set(api, 'tenant/weaker', { stops: 'everything' })).body).not.toHaveProperty('replaced');
    const { body } = await set(api, 'tenant/weaker', { until: inMs(HOUR), reason: 'less' });
    expect(body).toMatchObject({
      stops: 'writes',
      until: inMs(HOUR),
      replaced: { stops: 'everything', reason: 'a test', by: 'op-1' },
    });
    const { body: audit } = await api.call('GET', '/v1/controls/tenant/weaker/audit', { claims: operator });
    expect(audit.records[1].args_redacted).toMatchObject({ stops: 'writes', replaces: { stops: 'everything' } });
  });

  it.each([
    [{ until: inMs(0) }, 'until', 'a time that is over'],
    [{ until: inMs(-1) }, 'until', 'a time that is over'],
    [{ until: inMs(367 * 24 * HOUR) }, 'until', 'a later time'],
    [{ until: 'tomorrow' }, 'until', 'text of 8 characters'],
    [{ until: '2030-01-02T05:04:05' }, 'until', 'text of 19 characters'],
    [{ stops: 'nothing' }, 'stops', 'text of 7 characters'],
    [{ stopped: false, stops: 'everything' }, 'stops', 'a value'],
    [{ stopped: false, until: inMs(HOUR) }, 'until', 'a value'],
  ])('is refused as %j', async (change, field, found) => {
    const { status, body } = await set(anApi(dynoxide), 'tenant/refused', change);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ field, found }]);
  });

  describe('its audit', () => {
    it('shows who said what, in a chain that is whole', async () => {
      const api = anApi(dynoxide);
      await set(api, 'global', { stops: 'everything', until: inMs(HOUR) });
      await resume(api, 'global');
      for (const roles of ['[operator]', '[auditor]']) {
        const claims = claimsOf({ tenant: 'platform', roles });
        const { status, body } = await api.call('GET', '/v1/controls/global/audit', { claims });
        expect([status, body.subject, body.fault]).toEqual([200, 'global', undefined]);
        expect(body.records.slice(-2)).toMatchObject([
          { user: { id: 'op-1' }, args_redacted: { stops: 'everything', until: inMs(HOUR) } },
          { result: { status: 'running' }, args_redacted: { replaces: { stops: 'everything' } } },
        ]);
        expect(faultOf(body.records, body.head, 'global')).toBeUndefined();
      }
    });

    it('says what is wrong with a chain', async () => {
      const api = anApi(dynoxide);
      await set(api, 'scope/jira:tampered', {});
      const audit = dynamoTable(dynoxide.connection, dynoxide.audit);
      const [record] = (await audit.query({ partition: 'CONTROL#scope:jira:tampered' })).items;
      if (record === undefined) throw new Error('expected a record');
      const content = { ...(record.content as object), user: { id: 'somebody-else', tenant: 'platform' } };
      await audit.put({ ...record, content });
      const { body } = await api.call('GET', '/v1/controls/scope/jira:tampered/audit', { claims: operator });
      expect(body.fault).toContain('record 0 was changed');
    });

    it.each([
      ['platform', 'auditor', 'tenant/mine', 200],
      ['mine', 'auditor', 'tenant/mine', 200],
      ['mine', 'operator', 'tenant/mine', 200],
      ['mine', 'submitter', 'tenant/mine', 403],
      ['other', 'auditor', 'tenant/mine', 403],
      ['mine', 'auditor', 'workflow/ticket-triage', 403],
      ['mine', 'auditor', 'global', 403],
      ['platform', 'auditor', 'tenant/nobody', 404],
      ['platform', 'auditor', 'tenant/NO', 404],
      ['platform', 'auditor', 'planet/earth', 422],
    ])('of %s, %s: %s is answered %i', async (tenant, role, path, status) => {
      const api = anApi(dynoxide);
      await set(api, 'tenant/mine', {});
      const claims = claimsOf({ tenant, roles: `[${role}]` });
      expect((await api.call('GET', `/v1/controls/${path}/audit`, { claims })).status).toBe(status);
    });
  });
});
