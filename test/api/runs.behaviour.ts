import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { chain } from '../../lambdas/core/audit/record.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import { ask } from '../../lambdas/core/steps/ask.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { AT, aPlan, aRelease, aRun } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

describe.skipIf(!hasDynoxide)('seeing runs', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const ledgerOf = () => dynamoLedger(dynoxide.connection, dynoxide);
  const created = async (given: Parameters<typeof aRun>[0] = {}) => {
    const api = anApi(dynoxide);
    const { run, record } = aRun(given);
    await api.deps.desk.create(run, { summary: 'private words' }, record);
    return { api, run, record };
  };
  const asked = async (ref: RunRef, token: string) =>
    ask.run(
      { ledger: ledgerOf(), release: aRelease(), now: () => AT, traceId: () => 't' },
      { tenant: ref.tenant, run: ref.run, round: 0, field: 'issueKey', token }
    );

  it('shows how a run stands, what was proposed and what it asks, and no token', async () => {
    const { api, run } = await created();
    await ledgerOf().plan(run, aPlan(), AT);
    await asked(run, 'task-token');
    const { status, body } = await api.call('GET', `/v1/runs/${run.run}`);

    expect(status).toBe(200);
    expect(body).toEqual({
      run: run.run,
      workflow: 'ticket-triage',
      release: run.release,
      status: 'waiting',
      rules: ['ISSUE_KEY_MISSING'],
      user: 'u-1',
      createdAt: AT.toISOString(),
      updatedAt: AT.toISOString(),
      proposal: {
        tool: 'jira.assign',
        arguments: { issueKey: 'OPS-1', component: 'Network' },
        confidence: 0.9,
        abstained: false,
        engine: aPlan().engine,
      },
      question: { round: 0, field: 'issueKey', text: 'Which Jira issue is this about?' },
    });
  });

  it('shows which limit had no room for a run, what it allows and when it begins anew', async () => {
    const rule = 'ASSIGNMENTS_OF_ISSUE_DAY';
    const limit = { rule, unit: 'actions', atMost: 10, used: 10, asked: 1, resetsAt: '2030-01-03T00:00:00.000Z' };
    const verdict = { kind: 'refused', because: 'over-cap', rules: [rule], limits: [limit] };
    const { api, run } = await created({ steps: { 'route#0': { kind: 'eligible' }, 'decide#1': verdict } });

    expect((await api.call('GET', `/v1/runs/${run.run}`)).body.limits).toEqual([limit]);
  });

  it('shows why a run was handed to people', async () => {
    const { api, run } = await created();
    const at = AT.toISOString();
    const escalation = { because: 'unsure', rules: ['ENGINE_ABSTAINED'], evidence: ['PLAN#x'], at };
    const record = chain(
      run.head,
      { step: 'escalate' },
      {
        trace_id: 't',
        run_id: run.run,
        at,
        user: { id: 'u-1', tenant: 'acme' },
        release: run.release,
      }
    );
    const move = { key: 'escalate', output: {}, rules: [], status: 'closed', outcome: 'escalated', record } as const;
    expect(await ledgerOf().move(run, move, { kind: 'escalate', escalation })).toBe('moved');

    const { body } = await api.call('GET', `/v1/runs/${run.run}`);
    expect(body).toMatchObject({ status: 'closed', outcome: 'escalated', escalation });
  });

  it.each([
    ['GET', ''],
    ['GET', '/audit'],
    ['POST', '/reply'],
  ])("answers %s /v1/runs/{run}%s of another tenant's run as if there were none", async (method, rest) => {
    const { api, run } = await created();
    const body = method === 'POST' ? { fields: { issueKey: 'OPS-1' } } : undefined;
    const claims = claimsOf({ tenant: 'globex' });
    const theirs = await api.call(method, `/v1/runs/${run.run}${rest}`, { claims, body });
    const nobodys = await api.call(method, `/v1/runs/${'a'.repeat(26)}${rest}`, { claims, body });

    expect(theirs.status).toBe(404);
    expect(theirs).toEqual(nobodys);
  });

  it.each(['no-run', 'A'.repeat(26), '%00', '..%2F..%2Fcontrols', `${'a'.repeat(26)}%23`])(
    'finds nothing under %s',
    async (id) => {
      expect((await anApi(dynoxide).call('GET', `/v1/runs/${id}`)).status).toBe(404);
    }
  );

  it('lists every run of the tenant once, newest first, page by page', async () => {
    const tenant = 'listed';
    const claims = claimsOf({ tenant, roles: '[auditor]' });
    const api = anApi(dynoxide);
    const times = [3, 1, 4, 1, 5, 9, 2].map((seconds) => new Date(AT.getTime() + seconds * 1_000).toISOString());
    for (const createdAt of times) await created({ tenant, createdAt });
    await created({ tenant: 'other' });

    const seen: string[] = [];
    let query = 'limit=3';
    for (let page = 0; page < 4 && query !== ''; page += 1) {
      const { body } = await api.call('GET', '/v1/runs', { claims, query });
      expect(body.runs.length).toBeLessThanOrEqual(3);
      seen.push(...body.runs.map((run: { createdAt: string }) => run.createdAt));
      query = body.next === undefined ? '' : `limit=3&cursor=${body.next}`;
    }
    expect(query).toBe('');
    expect(seen).toEqual(times.toSorted().reverse());
  });

  it("takes no cursor but this tenant's own", async () => {
    const tenant = 'cursors';
    await created({ tenant });
    await created({ tenant });
    const api = anApi(dynoxide);
    const first = await api.call('GET', '/v1/runs', { claims: claimsOf({ tenant }), query: 'limit=1' });
    const cursor: string = first.body.next;
    const flipped = `${cursor.slice(0, 5)}${cursor[5] === 'A' ? 'B' : 'A'}${cursor.slice(6)}`;

    const tried = [
      [tenant, cursor, 200],
      ['globex', cursor, 422],
      [tenant, flipped, 422],
      [tenant, `${cursor}=`, 422],
      [tenant, 'x'.repeat(201), 422],
      [tenant, '%7B%7D', 422],
    ] as const;
    for (const [who, query, status] of tried) {
      const answer = await api.call('GET', '/v1/runs', { claims: claimsOf({ tenant: who }), query: `cursor=${query}` });
      expect([query, answer.status]).toEqual([query, status]);
    }
  });

  it.each(['0', '101', '-1', '1.5', '1e1', 'all', '', '٣'])('takes no limit of "%s"', async (limit) => {
    const { status, body } = await anApi(dynoxide).call('GET', '/v1/runs', {
      query: `limit=${encodeURIComponent(limit)}`,
    });
    expect(status).toBe(422);
    expect(body.errors[0].field).toBe('limit');
  });

  it('shows a chain without fault', async () => {
    const { api, run } = await created();
    await asked(run, 'task-token');
    const { body } = await api.call('GET', `/v1/runs/${run.run}/audit`);

    expect(body).toMatchObject({ run: run.run, head: { seq: 1 } });
    expect(body).not.toHaveProperty('fault');
    expect(body.records.map(({ step }: { step: string }) => step)).toEqual(['submit', 'ask#0']);
  });

  it('shows run and chain as they were at one moment, however the run moves meanwhile', async () => {
    const { api, run } = await created();
    const { desk } = api.deps;
    let reads = 0;
    const moving = anApi(dynoxide, {
      desk: {
        ...desk,
        async chain(ref) {
          reads += 1;
          if (reads === 1) await asked(ref, 'task-token');
          return desk.chain(ref);
        },
      },
    });
    const { body } = await moving.call('GET', `/v1/runs/${run.run}/audit`);
    expect(body).toMatchObject({ head: { seq: 1 }, records: [{ seq: 0 }, { seq: 1 }] });
    expect(body).not.toHaveProperty('fault');
  });

  const overwrite = (run: RunRef, seq: number, content: unknown) =>
    dynoxide.client.send(
      new PutItemCommand({
        TableName: dynoxide.audit,
        Item: marshall(
          { pk: `RUN#${run.tenant}#${run.run}`, sk: String(seq).padStart(8, '0'), content },
          { removeUndefinedValues: true }
        ),
      })
    );

  it.each([
    ['changed', (record: object) => ({ ...record, at: '2031-01-01T00:00:00.000Z' }), /was changed/],
    ['replaced by something else', () => ({ hello: 'there' }), /is not a record/],
  ])('says that a record was %s', async (_, change, fault) => {
    const { api, run, record } = await created();
    await overwrite(run, 0, change(record));
    const { status, body } = await api.call('GET', `/v1/runs/${run.run}/audit`);

    expect(status).toBe(200);
    expect(body.fault).toMatch(fault);
  });

  it('says that a record was added behind the head', async () => {
    const { api, run, record } = await created();
    const { trace_id, run_id, at, user, release } = record;
    await overwrite(run, 1, chain(run.head, { step: 'forged' }, { trace_id, run_id, at, user, release }));
    expect((await api.call('GET', `/v1/runs/${run.run}/audit`)).body.fault).toMatch(
      /from record 1 on.*found record 1,/
    );
  });
});
