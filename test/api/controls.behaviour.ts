import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClaims } from '../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { AuditRecord, chain } from '../../lambdas/core/audit/record.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import { CONTROL_SHARDS, ROOT } from '../../lambdas/core/gate/controls.ts';
import { type Claim, Control, type Writ } from '../../lambdas/core/records.ts';
import type { Controls } from '../../lambdas/core/tasks/ports.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { aRun, aWrit } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const operator = claimsOf({ sub: 'op-1', tenant: 'platform', roles: '[operator]' });

/** When the claims of a test begin and end. */
const LATER = '2030-01-02T03:04:09.000Z';

describe.skipIf(!hasDynoxide)('setting a control', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const set = (api: ReturnType<typeof anApi>, path: string, change: object, claims = operator) =>
    api.call('PUT', `/v1/controls/${path}`, { claims, body: { reason: 'a test', ...change } });

  const items = async (subject: string) => {
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    const all = await state.getAll([ROOT, ...CONTROL_SHARDS].map((shard) => keys.control(subject, shard)));
    return all.map(({ content }) => Control.parse(content));
  };
  const stops = async (subject: string) => (await items(subject)).map(({ stopped }) => stopped);
  const everywhere = (value: boolean) => Array(CONTROL_SHARDS.length + 1).fill(value);

  const auditOf = async (subject: string) => {
    const { items: rows } = await dynamoTable(dynoxide.connection, dynoxide.audit).query({
      partition: `CONTROL#${subject}`,
    });
    const records = rows.map(({ content }) => AuditRecord.parse(content));
    const { head } = await dynamoControls(dynoxide.connection, dynoxide).root(subject);
    return { records, fault: faultOf(records, head) };
  };

  it.each([
    ['global', 'global'],
    ['tenant/acme-1', 'tenant:acme-1'],
    ['workflow/ticket-triage', 'workflow:ticket-triage'],
    ['scope/jira:write', 'scope:jira:write'],
    ['scope/jira%3Aread', 'scope:jira:read'],
  ])('stops %s in its root and in every shard before it answers, and resumes all', async (path, subject) => {
    const api = anApi(dynoxide);
    const stopped = await set(api, path, { stopped: true });
    expect(stopped).toMatchObject({ status: 200, body: { subject, stopped: true, reason: 'a test', by: 'op-1' } });
    expect(await stops(subject)).toEqual(everywhere(true));

    expect((await set(api, path, { stopped: false })).status).toBe(200);
    expect(await stops(subject)).toEqual(everywhere(false));
    const { records, fault } = await auditOf(subject);
    expect(fault).toBeUndefined();
    expect(records.map(({ result }) => result?.status)).toEqual(['stopped', 'running']);
    expect(records[0]).toMatchObject({ args_redacted: { reason: 'a test' }, user: { id: 'op-1', tenant: 'platform' } });
  });

  it('lets no writ be issued once a stop has answered, and again once it is ended', async () => {
    const api = anApi(dynoxide);
    const tenant = 'stopped-tenant';
    const ledger = dynamoLedger(dynoxide.connection, dynoxide);
    const issue = async () => {
      const { run, record } = aRun({ tenant });
      await api.deps.desk.create(run, { summary: 'x' }, record);
      const { trace_id, run_id, at, user, release } = record;
      const next = chain(run.head, { step: 'decide' }, { trace_id, run_id, at, user, release });
      const move = { key: 'decide#1', output: {}, rules: [], record: next };
      const writ = aWrit({ tenant, run: run.run });
      return ledger.move(run, move, { kind: 'issue', writ, modeOf: undefined, charges: [] });
    };

    expect(await issue()).toBe('moved');
    await set(api, `tenant/${tenant}`, { stopped: true });
    expect(await Promise.all(Array.from({ length: 20 }, issue))).toEqual(Array(20).fill('stale'));
    await set(api, `tenant/${tenant}`, { stopped: false });
    expect(await issue()).toBe('moved');
  });

  it('answers what is executing under a stop, and begins nothing after it has answered', async () => {
    const api = anApi(dynoxide);
    const begin = async (tenant: string, workflow: string, scope: string) => {
      const { run, record } = aRun({ tenant, workflow });
      await api.deps.desk.create(run, { summary: 'x' }, record);
      const writ = aWrit({ tenant, workflow, scope, run: run.run });
      await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.writ(writ, scope, 1), content: writ });
      const claims = dynamoClaims(dynoxide.connection, dynoxide.state, scope);
      const claim = {
        digest: writ.digest,
        status: 'executing',
        attempt: 1,
        startedAt: LATER,
        leaseUntil: LATER,
      } as const;
      const refused = await claims.begin(writ, claim);
      const settle = (status: Claim['status']) => claims.settle(writ, { ...claim, status });
      return { run: run.run, refused, settle };
    };
    const mine = await begin('lister', 'listed', 'jira:listed');
    const neighbour = await begin('lister', 'other', 'jira:other');
    for (const status of ['done', 'failed', 'released', 'in-doubt'] as const)
      await (await begin('lister', 'listed', 'jira:listed')).settle(status);

    const executing = async (path: string) => (await set(api, path, { stopped: true })).body.executing;
    const entry = {
      tenant: 'lister',
      workflow: 'listed',
      scope: 'jira:listed',
      action: 1,
      since: LATER,
      leaseUntil: LATER,
    };
    expect(await executing('scope/jira:listed')).toEqual([{ ...entry, run: mine.run }]);
    expect(await executing('workflow/listed')).toEqual([{ ...entry, run: mine.run }]);
    const runs = (claims: readonly { run: string }[]) => claims.map(({ run }) => run).toSorted();
    expect(runs(await executing('tenant/lister'))).toEqual([mine.run, neighbour.run].toSorted());
    expect(await executing('tenant/nobody')).toEqual([]);

    const late = await Promise.all(Array.from({ length: 10 }, () => begin('late', 'late', 'jira:listed')));
    expect(late.map(({ refused }) => refused)).toEqual(Array(10).fill('STOPPED_SCOPE'));
    await mine.settle('done');
    expect(await executing('scope/jira:listed')).toEqual([]);
    expect((await set(api, 'scope/jira:listed', { stopped: false })).body.executing).toBeUndefined();
  });

  it('lists every claim that won a race against a stop, and no other', async () => {
    const api = anApi(dynoxide);
    const scope = 'jira:raced';
    const claims = dynamoClaims(dynoxide.connection, dynoxide.state, scope);
    const runs = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const { run, record } = aRun({ tenant: 'racer' });
        await api.deps.desk.create(run, { summary: 'x' }, record);
        const writ = aWrit({ tenant: 'racer', scope, run: run.run });
        await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.writ(writ, scope, 1), content: writ });
        return writ;
      })
    );
    const begin = async (writ: Writ) => {
      const claim = {
        digest: writ.digest,
        status: 'executing',
        attempt: 1,
        startedAt: LATER,
        leaseUntil: LATER,
      } as const;
      for (;;)
        try {
          return await claims.begin(writ, claim);
        } catch (error) {
          if (!(error instanceof Retryable)) throw error;
        }
    };
    const before = await Promise.all(runs.slice(0, 4).map(begin));
    const stopping = set(api, `scope/${scope}`, { stopped: true });
    const during = await Promise.all(runs.slice(4).map(begin));
    const { status, body } = await stopping;

    expect(status).toBe(200);
    const won = runs.filter((_, at) => [...before, ...during][at] === undefined).map(({ run }) => run);
    expect(body.executing.map(({ run }: { run: string }) => run).toSorted()).toEqual(won.toSorted());
    expect(won.length).toBeGreaterThanOrEqual(4);
  });

  it('keeps the mode of a tenant over a stop and its end', async () => {
    const api = anApi(dynoxide);
    await set(api, 'tenant/careful', { stopped: false, mode: 'shadow' });
    await set(api, 'tenant/careful', { stopped: true });
    const { body } = await set(api, 'tenant/careful', { stopped: false });

    expect(body.mode).toBe('shadow');
    expect((await items('tenant:careful')).every(({ mode }) => mode === 'shadow')).toBe(true);
  });

  it('keeps one unbroken chain under twenty concurrent stops', async () => {
    const api = anApi(dynoxide);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, each) => set(api, 'workflow/busy', { stopped: true, reason: `stop ${each}` }))
    );
    const done = answers.filter(({ status }) => status === 200);
    expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
    expect(done.length).toBeGreaterThan(0);
    expect(await stops('workflow:busy')).toEqual(everywhere(true));
    const { records, fault } = await auditOf('workflow:busy');
    expect(fault).toBeUndefined();
    expect(records.length).toBeGreaterThanOrEqual(done.length);
  });

  it('stops everything, whatever stops and resumes came before it at once', async () => {
    const api = anApi(dynoxide);
    for (let round = 0; round < 10; round += 1) {
      const path = `workflow/mixed-${round}`;
      await Promise.all([false, true, false].map((stopped) => set(api, path, { stopped })));

      expect((await set(api, path, { stopped: true })).status).toBe(200);
      expect(await stops(`workflow:mixed-${round}`)).toEqual(everywhere(true));
      expect((await auditOf(`workflow:mixed-${round}`)).fault).toBeUndefined();
    }
  });

  /** Controls whose shards are written only when the test lets them. */
  const held = (port: Controls, from: number) => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let writes = 0;
    const controls: Controls = {
      ...port,
      async setShard(...write) {
        writes += 1;
        if (writes > from) {
          reached.resolve();
          await gate.promise;
        }
        return port.setShard(...write);
      },
    };
    return { controls, letGo: () => gate.resolve(), reached: reached.promise };
  };

  it('lets no slow resume undo a stop that was set after it began', async () => {
    const port = dynamoControls(dynoxide.connection, dynoxide);
    const slow = held(port, 3);
    await set(anApi(dynoxide), 'workflow/slow', { stopped: true });
    const resuming = set(anApi(dynoxide, { controls: slow.controls }), 'workflow/slow', { stopped: false });
    await slow.reached;

    expect((await set(anApi(dynoxide), 'workflow/slow', { stopped: true })).status).toBe(200);
    expect(await stops('workflow:slow')).toEqual(everywhere(true));
    slow.letGo();
    expect((await resuming).status).toBe(409);
    expect(await stops('workflow:slow')).toEqual(everywhere(true));
    expect((await auditOf('workflow:slow')).fault).toBeUndefined();
  });

  it('loses no record where a resume looks while another is under way, and begins when that is done', async () => {
    const port = dynamoControls(dynoxide.connection, dynoxide);
    const first = held(port, 3);
    const resuming = set(anApi(dynoxide, { controls: first.controls }), 'workflow/twice', { stopped: false });
    await first.reached;
    const second: Controls = {
      ...port,
      async begin(...change) {
        first.letGo();
        expect((await resuming).status).toBe(200);
        return port.begin(...change);
      },
    };

    expect((await set(anApi(dynoxide, { controls: second }), 'workflow/twice', { stopped: false })).status).toBe(409);
    expect((await auditOf('workflow:twice')).fault).toBeUndefined();
    expect((await set(anApi(dynoxide), 'workflow/twice', { stopped: true })).status).toBe(200);
    expect(await stops('workflow:twice')).toEqual(everywhere(true));
  });

  it('answers no stop while a resume that began meanwhile has left a shard running', async () => {
    const port = dynamoControls(dynoxide.connection, dynoxide);
    const slow = held(port, 0);
    const dying: Controls = {
      ...port,
      setShard: async (subject, shard, ...rest) => {
        if (shard < '4') throw new Retryable('a test makes this fail');
        return port.setShard(subject, shard, ...rest);
      },
    };
    const stopping = set(anApi(dynoxide, { controls: slow.controls }), 'workflow/crossed', { stopped: true });
    await slow.reached;
    expect((await set(anApi(dynoxide, { controls: dying }), 'workflow/crossed', { stopped: false })).status).toBe(503);
    slow.letGo();

    expect((await stopping).status).toBe(200);
    expect(await stops('workflow:crossed')).toEqual(everywhere(true));
    expect((await auditOf('workflow:crossed')).fault).toBeUndefined();
  });

  it('writes every other shard where one fails, says so, and completes the stop when it is set again', async () => {
    const port = dynamoControls(dynoxide.connection, dynoxide);
    const controls: Controls = {
      ...port,
      setShard: async (subject, shard, ...rest) => {
        if (shard === '3') throw new Retryable('a test makes this fail');
        return port.setShard(subject, shard, ...rest);
      },
    };
    const failed = await set(anApi(dynoxide, { controls }), 'workflow/partial', { stopped: true });
    expect(failed).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await stops('workflow:partial')).toEqual(Array(CONTROL_SHARDS.length).fill(true));

    expect((await set(anApi(dynoxide), 'workflow/partial', { stopped: true })).status).toBe(200);
    expect(await stops('workflow:partial')).toEqual(everywhere(true));
  });

  it('leaves the root stopped where a resume fails half-way', async () => {
    const port = dynamoControls(dynoxide.connection, dynoxide);
    const controls: Controls = {
      ...port,
      setShard: async () => {
        throw new Retryable('a test makes this fail');
      },
    };
    await set(anApi(dynoxide), 'workflow/half', { stopped: true });
    expect((await set(anApi(dynoxide, { controls }), 'workflow/half', { stopped: false })).status).toBe(503);
    expect((await port.root('workflow:half')).control?.stopped).toBe(true);
    expect((await set(anApi(dynoxide), 'workflow/half', { stopped: false })).status).toBe(200);
    expect(await stops('workflow:half')).toEqual(everywhere(false));
  });

  it.each([
    ['global', 403],
    ['tenant/acme', 200],
    ['tenant/globex', 403],
    ['workflow/ticket-triage', 403],
    ['scope/jira:write', 403],
  ])("lets a tenant's own operator set %s: %i", async (path, status) => {
    const claims = claimsOf({ roles: '[operator]' });
    expect((await set(anApi(dynoxide), path, { stopped: false }, claims)).status).toBe(status);
  });

  it('shows every control to the operating tenant, to others their own, to those who only submit none', async () => {
    const api = anApi(dynoxide);
    await set(api, 'tenant/shown', { stopped: true, mode: 'shadow', reason: 'a look' });
    await set(api, 'scope/jira:shown', { stopped: true });
    await set(api, 'scope/jira:shown', { stopped: false, reason: 'over' });
    const see = (given: Record<string, string>) => api.call('GET', '/v1/controls', { claims: claimsOf(given) });

    const shown = { subject: 'tenant:shown', stopped: true, mode: 'shadow', reason: 'a look', by: 'op-1' };
    const { body } = await see({ tenant: 'platform', roles: '[auditor]' });
    expect(body.controls).toEqual(expect.arrayContaining([expect.objectContaining(shown)]));
    const subjects = body.controls.map(({ subject }: Control) => subject);
    expect(subjects).toEqual([...new Set(subjects)].toSorted());
    expect(body.controls.find(({ subject }: Control) => subject === 'scope:jira:shown')).toMatchObject({
      stopped: false,
      reason: 'over',
    });
    expect((await see({ tenant: 'shown', roles: '[operator]' })).body.controls).toMatchObject([shown]);
    expect((await see({ tenant: 'unheard-of', roles: '[operator]' })).body).toEqual({ controls: [] });
    expect((await see({ tenant: 'shown', roles: '[submitter]' })).status).toBe(403);
  });

  it.each([
    ['planet/earth', { stopped: true }, 422],
    ['tenant/NOT-A-TENANT', { stopped: true }, 422],
    ['tenant/a%23root', { stopped: true }, 422],
    ['scope/jira', { stopped: true }, 422],
    ['workflow/ticket-triage', { stopped: true, mode: 'shadow' }, 422],
    ['global', { stopped: true, mode: 'shadow' }, 422],
    ['tenant/acme', { stopped: false, mode: 'wild' }, 422],
    ['global', { stopped: 'yes' }, 422],
    ['global', { stopped: true, reason: '' }, 422],
    ['global', { stopped: true, reason: ' ' }, 422],
    ['global', { stopped: true, reason: 'two\nlines' }, 422],
    ['global', { stopped: true, reason: 'x'.repeat(501) }, 422],
    ['global', { reason: 'x' }, 422],
  ])('refuses %s with %j', async (path, change, status) => {
    expect((await set(anApi(dynoxide), path, change)).status).toBe(status);
  });

  it.each([
    ['workflow/ticket-traige', ['ticket-triage']],
    ['scope/jira:wirte', ['jira:read', 'jira:write']],
    ['workflow/jira', ['ticket-triage']],
  ])('stops and resumes %s, and says that it is not deployed here, and what is', async (path, deployedInstead) => {
    const api = anApi(dynoxide);
    for (const stopped of [true, false])
      expect(await set(api, path, { stopped })).toMatchObject({
        status: 200,
        body: { stopped, deployed: false, deployedInstead },
      });
  });

  it.each(['workflow/ticket-triage', 'scope/jira:write', 'tenant/nobody-yet', 'global'])(
    'says nothing of the kind of %s',
    async (path) => {
      const api = anApi(dynoxide);
      for (const stopped of [true, false]) {
        const { body } = await set(api, path, { stopped });
        expect(body.stopped).toBe(stopped);
        expect(Object.keys(body)).not.toContain('deployed');
        expect(Object.keys(body)).not.toContain('deployedInstead');
      }
    }
  );

  it('says which levels there are', async () => {
    const { body } = await set(anApi(dynoxide), 'planet/earth', { stopped: true });
    expect(body.errors).toEqual([
      { field: 'level', expected: 'one of tenant, workflow, scope', found: 'text of 6 characters' },
    ]);
  });
});
