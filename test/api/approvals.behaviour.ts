import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mishap } from '../../drills/gate/mishaps.ts';
import { dynamoApprovals } from '../../lambdas/adapters/dynamodb/approvals.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { sha256 } from '../../lambdas/core/digest.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import type { PolicyRule } from '../../lambdas/core/gate/policy.ts';
import { respond } from '../../lambdas/core/steps/close.ts';
import type { Executions } from '../../lambdas/core/tasks/ports.ts';
import { approver, irreversibly, waitingRun } from '../support/approval.ts';
import { aRelease, aRunId } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';
import { faulty } from '../support/faulty.ts';

/** A release whose policy asks, in mode `autopilot`. */
const asking = (...asks: readonly { readonly approvers?: number; readonly role?: 'approver' | 'operator' }[]) =>
  aRelease({
    policy: [
      ...aRelease().policy,
      ...asks.map(
        (ask, at): PolicyRule => ({
          id: `ASK_${at}`,
          effect: 'ask',
          because: 'a test',
          when: [{ fact: 'action.tool', is: 'jira.assign' }],
          ...ask,
        })
      ),
    ],
  });

describe.skipIf(!hasDynoxide)('approvals', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  it('shows since when a proposal has been kept that goes by a kept answer', async () => {
    const [tenant, cachedAt] = ['kept', '2030-01-01T00:00:00.000Z'];
    const engine = { kind: 'model', name: 'openai:gpt-5-nano', version: '1' } as const;
    const answer = async () => ({ label: 'Network', confidence: 0.9, abstained: false, engine, cachedAt });
    const { list } = await waitingRun(dynoxide, { run: { tenant }, proposer: { id: engine, answer } });
    const { body } = await list('', approver('a-1', '[approver]', tenant));
    expect(body).toMatchObject({ approvals: [{ action: { engine, cachedAt } }] });
  });

  it('shows what is asked, to approvers of the tenant', async () => {
    const tenant = 'shown';
    const { ref, digest, list, call } = await waitingRun(dynoxide, { run: { tenant } });
    const { status, body } = await list('', approver('a-1', '[approver]', tenant));

    expect(status).toBe(200);
    expect(body).toEqual({
      approvals: [
        {
          id: `${ref.run}-1-1`,
          run: ref.run,
          workflow: 'ticket-triage',
          digest,
          action: {
            action: 1,
            tool: 'jira.assign',
            arguments: { issueKey: 'OPS-1', component: 'Network' },
            provenance: { issueKey: 'user', component: 'composed' },
            confidence: 1,
            engine: expect.objectContaining({ kind: 'rules', name: 'words' }),
          },
          rules: ['MODE_SUPERVISED'],
          requester: 'u-1',
          at: '2030-01-02T03:04:05.000Z',
          expiresAt: '2030-01-03T03:04:05.000Z',
          needs: [{ role: 'approver', approvers: 1 }],
          missing: [{ role: 'approver', approvers: 1 }],
          missingPeople: 1,
          approved: [],
        },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('token');
    expect((await list('', approver('a-1', '[approver]', 'another'))).body).toEqual({ approvals: [] });
    for (const role of ['submitter', 'auditor'])
      expect((await list('', approver('a-1', `[${role}]`, tenant))).status).toBe(403);
    const run = await call('GET', `/v1/runs/${ref.run}`, { claims: approver('x', '[auditor]', tenant) });
    expect(run.body).toMatchObject({ status: 'waiting', approval: body.approvals[0] });
  });

  it('lists no longer what is decided, expired, or whose run is closed', async () => {
    const tenant = 'listed';
    const claims = approver('a-1', '[approver]', tenant);
    const runs = await Promise.all(Array.from({ length: 4 }, () => waitingRun(dynoxide, { run: { tenant } })));
    const [one, two, three, four] = runs;
    if (!(one && two && three && four)) throw new Error('there are four');
    await one.say('approve', 'a-1', { tenant });
    await two.say('refuse', 'a-1', { tenant });
    await respond.run(three.deps, { ...three.ref, outcome: 'recorded', rules: [] });

    const ids = (body: { approvals: { run: string }[] }) => body.approvals.map(({ run }) => run);
    expect(ids((await one.list('', claims)).body)).toEqual([four.ref.run]);
    four.clock.pass(86_399);
    expect(ids((await four.list('', claims)).body)).toEqual([four.ref.run]);
    four.clock.pass(1);
    expect(ids((await four.list('', claims)).body)).toEqual([]);
  });

  it('pages through what is asked, each once, whatever was decided in between', async () => {
    const tenant = 'paged';
    const claims = approver('a-1', '[approver]', tenant);
    const runs = [];
    for (let each = 0; each < 9; each += 1) runs.push(await waitingRun(dynoxide, { run: { tenant } }));
    for (const run of runs.slice(0, 3)) await run.say('refuse', 'a-2', { tenant });
    const [first] = runs;

    const seen: string[] = [];
    let [cursor, pages] = ['', 0];
    do {
      const { body } = (await first?.list(`limit=2${cursor}`, claims)) ?? { body: undefined };
      seen.push(...body.approvals.map(({ run }: { run: string }) => run));
      cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
      pages += 1;
    } while (cursor !== '' && pages < 20);
    expect(seen.toSorted()).toEqual(
      runs
        .slice(3)
        .map(({ ref }) => ref.run)
        .toSorted()
    );
    expect((await first?.list('cursor=eHg', claims))?.status).toBe(422);
  });

  it('lets a run go on when somebody has approved it: it decides again, and acts by a writ that names them', async () => {
    const { say, executions, decided, writs, kept, first } = await waitingRun(dynoxide);
    expect(first).toMatchObject({ kind: 'approval-needed', rules: ['MODE_SUPERVISED'] });
    expect(await writs()).toEqual([]);

    expect(await say('approve')).toMatchObject({ status: 200, body: { decision: 'approve', missing: [] } });
    expect(executions.answers).toEqual([{ token: 'token-1', output: { decided: 1 } }]);
    expect(await writs()).toEqual([]); // the approval itself authorises nothing

    expect(await decided(2)).toMatchObject({ kind: 'authorised', rules: ['ASSIGN_ALLOWED', 'MODE_SUPERVISED'] });
    expect(await writs()).toMatchObject([{ approvals: [{ by: 'a-1', at: '2030-01-02T03:04:05.000Z' }] }]);
    expect((await kept()).run.status).toBe('active');
    expect(await decided(2)).toMatchObject({ kind: 'authorised' });
    expect(await writs()).toHaveLength(1);
  });

  it('shows in the audit what was asked, what each said of which digest, and the decision that relied on it', async () => {
    const { say, decided, kept, digest, state, ref } = await waitingRun(dynoxide);
    const comment = 'Ruth says that this is right';
    await say('approve', 'a-1', { comment });
    await decided(2);

    const { records } = await kept();
    expect(records.map(({ step }) => step)).toEqual(['submit', 'decide#1', 'approve#1', 'decide#1.2']);
    const needs = [{ role: 'approver', approvers: 1 }];
    expect(records.at(2)?.approval).toEqual({ digest, needs, expires_at: '2030-01-03T03:04:05.000Z', decisions: [] });
    expect(records.at(3)).toMatchObject({
      result: { status: 'authorised' },
      approval: {
        digest,
        decisions: [
          {
            user: 'a-1',
            roles: ['approver'],
            decision: 'approve',
            at: '2030-01-02T03:04:05.000Z',
            comment_sha256: sha256(JSON.stringify(comment)),
          },
        ],
      },
    });
    expect(records.at(3)?.sources?.map((source) => source.ref)).toContain(`APPROVAL#acme#${ref.run}/head#1#1`);
    expect(JSON.stringify(records)).not.toContain('Ruth');
    const item = await state.get(keys.decision(ref, { action: 1, round: 1 }, 'a-1'));
    expect(item?.content).toMatchObject({ text: comment, digest });
    expect(item).toHaveProperty('expiresAt'); // what people wrote is not kept for ever
  });

  it('takes no comment that no table could keep, and says so', async () => {
    const { say, executions } = await waitingRun(dynoxide);
    const { status, body } = await say('approve', 'a-1', { comment: 'agreed \ud800' });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ field: 'comment', expected: 'text that is valid Unicode' }]);
    expect(executions.answers).toEqual([]);
  });

  it('ends where somebody refuses, whatever others say, and says so', async () => {
    const { say, executions, decided, writs, kept } = await waitingRun(dynoxide, { release: asking({ approvers: 3 }) });
    await say('approve', 'a-1');
    expect(executions.answers).toEqual([]);
    expect(await say('refuse', 'a-2')).toMatchObject({ status: 200, body: { missing: [] } });
    expect(executions.answers).toHaveLength(1);
    expect(await say('approve', 'a-3')).toMatchObject({
      status: 409,
      body: { detail: 'Others have decided this already.' },
    });

    const verdict = { kind: 'refused', because: 'declined', rules: ['REFUSED_BY_APPROVER'] };
    expect(await decided(2)).toEqual(verdict);
    expect(await decided(2)).toEqual(verdict);
    expect(await writs()).toEqual([]);
    expect((await kept()).records.at(-1)?.approval?.decisions).toMatchObject([
      { user: 'a-1', decision: 'approve' },
      { user: 'a-2', decision: 'refuse' },
    ]);
  });

  it('goes on with the last approval that is needed, each person counted once', async () => {
    const { say, executions, decided } = await waitingRun(dynoxide, { release: asking({ approvers: 2 }) });
    for (let time = 0; time < 3; time += 1)
      expect((await say('approve', 'a-1')).body.missing).toEqual([{ role: 'approver', approvers: 1 }]);
    expect(executions.answers).toEqual([]);
    expect((await say('approve', 'a-2')).body.missing).toEqual([]);
    expect(executions.answers).toHaveLength(1);
    expect(await decided(2)).toMatchObject({ kind: 'authorised', rules: ['ASSIGN_ALLOWED', 'ASK_0'] });
  });

  it('needs every role that is asked, and as many different people, of whom some hold both', async () => {
    const tenant = 'roles';
    const release = asking({ approvers: 2 }, { role: 'operator' });
    const { say, list, executions, decided } = await waitingRun(dynoxide, { release, run: { tenant } });
    const both = { tenant, roles: '[approver operator]' };
    expect((await say('approve', 'b-1', both)).body).toMatchObject({
      missing: [{ role: 'approver', approvers: 1 }],
      missingPeople: 2,
    });
    expect((await say('approve', 'b-2', both)).body).toMatchObject({ missing: [], missingPeople: 1 });
    const { body } = await list('', approver('a-1', '[approver]', tenant));
    expect(body).toMatchObject({ approvals: [{ missing: [], missingPeople: 1 }] });
    expect(executions.answers).toEqual([]);

    expect((await say('approve', 'a-1', { tenant })).body).toMatchObject({ missing: [], missingPeople: 0 });
    expect(executions.answers).toHaveLength(1);
    expect(await decided(2)).toMatchObject({ kind: 'authorised' });
  });

  it('asks for what cannot be undone on autopilot too, and records it in the modes that only record', async () => {
    const tools = irreversibly;
    const { first, say, decided } = await waitingRun(dynoxide, { tools, release: aRelease() });
    expect(first).toMatchObject({ kind: 'approval-needed', rules: ['IRREVERSIBLE'] });
    await say('approve');
    expect(await decided(2)).toMatchObject({ kind: 'authorised', rules: ['ASSIGN_ALLOWED', 'IRREVERSIBLE'] });
    for (const mode of ['shadow', 'suggest'] as const)
      expect((await waitingRun(dynoxide, { tools, release: aRelease({ mode }) })).first.kind).toBe('recorded');
  });

  it('names the role in which somebody refused', async () => {
    const { say, decided } = await waitingRun(dynoxide, { release: asking({ role: 'operator' }) });
    expect((await say('refuse', 'a-1')).status).toBe(403); // an approver is not asked here
    await say('refuse', 'o-1', { roles: '[operator]' });
    expect(await decided(2)).toMatchObject({ because: 'declined', rules: ['REFUSED_BY_OPERATOR'] });
  });

  describe('refuses, and keeps nothing of', () => {
    it.each<[string, string, object, number, RegExp]>([
      ['the decision of whoever submitted the task', 'u-1', {}, 403, /^You submitted/],
      ['the decision of somebody without the role', 'a-1', { roles: '[submitter auditor]' }, 403, /approver/],
      ['the decision of another tenant', 'a-1', { tenant: 'another' }, 404, /^Your tenant/],
      ['a decision about something else', 'a-1', { digest: sha256('else') }, 409, /^The digest/],
    ])('%s', async (_, sub, more, status, detail) => {
      const { say, executions, state, ref } = await waitingRun(dynoxide);
      const answer = await say('approve', sub, { ...more });

      expect(answer).toMatchObject({ status, body: { detail: expect.stringMatching(detail) } });
      expect(executions.answers).toEqual([]);
      expect((await state.query({ partition: `APPROVAL#acme#${ref.run}` })).items).toEqual([]);
    });

    it('the decision of a machine', async () => {
      const { call, ref, digest, state } = await waitingRun(dynoxide);
      const claims = { sub: 'client-1', token_use: 'access', scope: 'writ/approver writ-tenant/acme' };
      const body = { decision: 'approve', digest };
      const answer = await call('POST', `/v1/approvals/${ref.run}-1-1`, { claims, body });
      expect(answer).toMatchObject({ status: 403, body: { detail: expect.stringContaining('for people') } });
      expect((await state.query({ partition: `APPROVAL#acme#${ref.run}` })).items).toEqual([]);
    });

    it.each([
      ['an id that is none', 'approvals/x', {}, 404],
      ['an approval that nobody asked for', `approvals/${aRunId()}-1-1`, {}, 404],
      ['a decision that is none', undefined, { decision: 'maybe' }, 422],
      ['a decision of no digest', undefined, { digest: undefined }, 422],
      ['a member that is not known', undefined, { edit: {} }, 422],
      ['a comment without end', undefined, { comment: 'x'.repeat(2_001) }, 422],
    ])('%s', async (_, path, more, status) => {
      const { call, ref, digest } = await waitingRun(dynoxide);
      const body = { decision: 'approve', digest, ...more };
      const at = `/v1/${path ?? `approvals/${ref.run}-1-1`}`;
      expect((await call('POST', at, { claims: approver('a-1'), body })).status).toBe(status);
    });

    it('a decision that comes when it has expired, even by a moment', async () => {
      const { say, clock, executions } = await waitingRun(dynoxide);
      clock.pass(86_400);
      expect(await say('approve')).toMatchObject({ status: 410, body: { detail: expect.stringContaining('expired') } });
      expect(executions.answers).toEqual([]);
    });

    it('a decision on a run that is closed', async () => {
      const { say, deps, ref } = await waitingRun(dynoxide);
      await respond.run(deps, { ...ref, outcome: 'recorded', rules: [] });
      expect(await say('approve')).toMatchObject({ status: 410, body: { detail: expect.stringContaining('closed') } });
    });

    it('a second thought', async () => {
      const { say, decided } = await waitingRun(dynoxide, { release: asking({ approvers: 2 }) });
      await say('approve');
      expect(await say('refuse')).toMatchObject({
        status: 409,
        body: { detail: expect.stringMatching(/^You decided/) },
      });
      await say('approve', 'a-2');
      expect(await decided(2)).toMatchObject({ kind: 'authorised' });
    });
  });

  describe('at the same moment', () => {
    it('counts ten people, each once, and answers the execution once', async () => {
      let goOn = async (): Promise<unknown> => undefined;
      const run = await waitingRun(
        dynoxide,
        { release: asking({ approvers: 10 }) },
        { pause: async () => void (await goOn()) }
      );
      const { say, executions, decided, writs } = run;
      goOn = () => decided(2); // as the execution does while an answer is on its way
      const people = Array.from({ length: 10 }, (_, at) => `a-${at}`);
      const answers = await Promise.all([...people, ...people].map((person) => say('approve', person)));

      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(executions.answers).toHaveLength(1);
      expect(await decided(2)).toMatchObject({ kind: 'authorised' });
      expect((await writs())[0]?.approvals?.map(({ by }) => by).toSorted()).toEqual(people.toSorted());
    });

    it('takes the approval or the refusal, and the run goes by the one that was taken', async () => {
      for (let time = 0; time < 8; time += 1) {
        const { say, executions, decided } = await waitingRun(dynoxide);
        const [yes, no] = await Promise.all([say('approve', 'a-1'), say('refuse', 'a-2')]);

        expect([yes.status, no.status].toSorted()).toEqual([200, 409]);
        expect(executions.answers).toHaveLength(1);
        const kind = yes.status === 200 ? 'authorised' : 'refused';
        expect(await decided(2)).toMatchObject({ kind });
      }
    });

    it('gives one writ to several repetitions of the decision', async () => {
      const { say, decided, writs, kept } = await waitingRun(dynoxide);
      await say('approve');
      const verdicts = await Promise.all(Array.from({ length: 6 }, () => decided(2)));
      expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
      expect(await writs()).toHaveLength(1);
      expect((await kept()).records.filter(({ step }) => step === 'decide#1.2')).toHaveLength(1);
    });
  });

  describe('after a fault', () => {
    it('lets the run go on by the same decision, where it was kept and the answer never left', async () => {
      let isDown = true;
      const { say, executions, decided, asked } = await waitingRun(dynoxide, {}, {});
      const port: Executions = executions.port;
      const real = port.answer;
      port.answer = (...args) => (isDown ? Promise.reject(new Retryable('a test makes this fail')) : real(...args));
      expect((await say('approve')).status).toBe(503);

      isDown = false;
      await asked('token-1b'); // the step was tried again meanwhile
      expect(await say('approve')).toMatchObject({ status: 200, body: { missing: [] } });
      expect(executions.answers).toEqual([{ token: 'token-1b', output: { decided: 1 } }]);
      expect(await decided(2)).toMatchObject({ kind: 'authorised' });
      expect((await say('approve')).status).toBe(200); // also when the run has gone on
      expect(executions.answers).toHaveLength(1);
    });

    it.each<[string, readonly Mishap[]]>([
      ['conflicts', ['TransactionConflict', 'TransactionConflict', 'ThrottlingError']],
      ['an answer of the table that was lost', ['answer lost']],
    ])('keeps a decision once through %s', async (_, mishaps) => {
      const { connection, meet } = faulty(dynoxide.connection);
      const approvals = dynamoApprovals(connection, dynoxide.state);
      const { say, executions, state, ref } = await waitingRun(dynoxide, {}, { approvals });
      meet(...mishaps);
      const first = await say('approve');
      expect([200, 503]).toContain(first.status);
      const last = first.status === 200 ? first : await say('approve');
      expect(last).toMatchObject({ status: 200, body: { missing: [] } });
      expect(executions.answers).toHaveLength(1);
      const { items } = await state.query({ partition: `APPROVAL#acme#${ref.run}` });
      expect(items.map(({ sk }) => sk)).toEqual(['decision#1#1#a-1', 'head#1#1']);
    });

    it('says so where the run does not wait at this moment, and keeps the decision', async () => {
      const { say, executions, asked } = await waitingRun(dynoxide);
      executions.waiting.clear();
      expect(await say('approve')).toMatchObject({ status: 409, body: { detail: expect.stringContaining('kept') } });
      expect((await say('refuse', 'a-2')).status).toBe(409);
      await asked('token-1b');
      expect((await say('approve')).status).toBe(200);
    });
  });

  it('keeps a question that was answered from being answered or shown again', async () => {
    const { call, ref, run, state, digest } = await waitingRun(dynoxide);
    await state.put({
      ...keys.question(ref, 0),
      content: { round: 0, field: 'issueKey', text: 'Which?', token: 'old', at: run.createdAt },
    });
    const item = await state.get(keys.run(ref));
    const content = item?.content as { steps: object };
    const steps = { ...content.steps, 'ask#0': {}, 'route#1': {} };
    await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.run(ref), content: { ...content, steps } });

    const { body } = await call('GET', `/v1/runs/${ref.run}`, {});
    expect(body.approval.digest).toBe(digest);
    expect(body).not.toHaveProperty('question');
    const reply = await call('POST', `/v1/runs/${ref.run}/reply`, { body: { fields: { issueKey: 'OPS-9' } } });
    expect(reply.status).toBe(409);
  });
});
