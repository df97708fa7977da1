import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { ask } from '../../lambdas/core/steps/ask.ts';
import { respond } from '../../lambdas/core/steps/close.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import { anApi, claimsOf } from '../support/api.ts';
import { AT, aRelease, aRun } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

describe.skipIf(!hasDynoxide)('replying to a run', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run that has got as far as its question, and waits with the token `token-0`. */
  const waiting = async () => {
    const api = anApi(dynoxide);
    const { run, record } = aRun();
    await api.deps.desk.create(run, { summary: 'the vpn drops' }, record);
    const deps = {
      ledger: dynamoLedger(dynoxide.connection, dynoxide),
      release: aRelease(),
      now: () => AT,
      traceId: () => 't',
      eligibility: rulesEngine('none', []),
    };
    const ref = { tenant: run.tenant, run: run.run };
    const routed = (round: number) => route.run(deps, { ...ref, round });
    const asked = async (round: number, token: string) => {
      await ask.run(deps, { ...ref, round, field: 'issueKey', token });
      api.executions.waiting.clear(); // only the newest token of a question is still waited for
      api.executions.waiting.add(token);
    };
    await routed(0);
    await asked(0, 'token-0');
    const reply = (issueKey: unknown, more: object = {}) =>
      api.call('POST', `/v1/runs/${run.run}/reply`, { body: { fields: { issueKey, ...more } } });
    return { api, deps, ref, run, routed, asked, reply };
  };

  it.each([
    ['another submitter, who sees no such run', { sub: 'u-2' }, 404, undefined],
    [
      'an operator who submits too',
      { sub: 'u-2', roles: '[submitter operator]' },
      403,
      'A run is told what it asks by whoever submitted its task, and nobody else.',
    ],
  ])('takes none from %s', async (_, about, status, detail) => {
    const { api, ref, reply } = await waiting();
    const claims = claimsOf(about);
    const body = { fields: { issueKey: 'OPS-666' } };
    const answer = await api.call('POST', `/v1/runs/${ref.run}/reply`, { body, claims });
    expect(answer.status).toBe(status);
    if (detail !== undefined) expect(answer.body.detail).toBe(detail);
    expect([api.executions.answers, await api.deps.desk.reply(ref, 0)]).toEqual([[], undefined]);
    expect((await reply('OPS-7')).status).toBe(202);
  });

  it('goes on with the reply', async () => {
    const { api, reply, routed, run } = await waiting();

    expect(await reply('OPS-7')).toMatchObject({ status: 202, body: { run: run.run, round: 0 } });
    expect(api.executions.answers).toEqual([{ token: 'token-0', output: { replied: 0 } }]);
    const view = () => api.call('GET', `/v1/runs/${run.run}`);
    expect((await view()).body.question).toMatchObject({ round: 0, field: 'issueKey' });
    expect(await routed(1)).toMatchObject({ kind: 'eligible', ids: { issueKey: 'OPS-7' } });
    expect((await view()).body).not.toHaveProperty('question');
  });

  it('takes the same reply again, before and after the run went on, and answers the execution once', async () => {
    const { api, reply, routed } = await waiting();
    await reply('OPS-7');
    await routed(1);

    expect((await reply('OPS-7')).status).toBe(202);
    expect(api.executions.answers).toHaveLength(1);
  });

  it('refuses another reply to the same question', async () => {
    const { api, reply, routed } = await waiting();
    await reply('OPS-7');
    expect(await reply('OPS-8')).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/^Another reply/) },
    });
    await routed(1);
    expect((await reply('OPS-8')).status).toBe(409);
    expect(api.executions.answers).toHaveLength(1);
  });

  it('keeps one of two different replies at the same moment', async () => {
    const { reply, routed, api } = await waiting();
    const answers = await Promise.all([reply('OPS-7'), reply('OPS-8')]);

    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 409]);
    const kept = answers[0]?.status === 202 ? 'OPS-7' : 'OPS-8';
    expect(await routed(1)).toMatchObject({ ids: { issueKey: kept } });
    expect(api.executions.answers).toHaveLength(1);
  });

  it('delivers a reply that was kept and not delivered, when it is sent again', async () => {
    const { api, reply, asked } = await waiting();
    api.executions.waiting.clear(); // the execution asks anew, and has not said with which token
    expect(await reply('OPS-7')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('same reply again') },
    });

    await asked(0, 'token-0b');
    expect((await reply('OPS-8')).status).toBe(409);
    expect(api.executions.answers).toEqual([]);
    expect((await reply('OPS-7')).status).toBe(202);
    expect(api.executions.answers).toEqual([{ token: 'token-0b', output: { replied: 0 } }]);
  });

  it('answers the latest of several questions', async () => {
    const { api, reply, asked, routed, deps, ref } = await waiting();
    await reply('OPS-7');
    await routed(1);
    await asked(1, 'token-1');

    expect(await reply('OPS-9')).toMatchObject({ status: 202, body: { round: 1 } });
    expect(api.executions.answers.at(-1)).toEqual({ token: 'token-1', output: { replied: 1 } });
    const dossier = await deps.ledger.look(ref, { input: true });
    expect(dossier?.input?.replies).toEqual([{ issueKey: 'OPS-7' }, { issueKey: 'OPS-9' }]);
  });

  it('takes no reply to a run that asks nothing', async () => {
    const api = anApi(dynoxide);
    const { run, record } = aRun();
    await api.deps.desk.create(run, { summary: 'x' }, record);
    const body = { fields: { issueKey: 'OPS-7' } };
    expect(await api.call('POST', `/v1/runs/${run.run}/reply`, { body })).toMatchObject({
      status: 409,
      body: { detail: 'The run waits for no reply.' },
    });
  });

  it('is too late once the run is closed', async () => {
    const { api, reply, deps, ref } = await waiting();
    await respond.run(deps, { ...ref, outcome: 'recorded', rules: [] });
    expect((await reply('OPS-7')).status).toBe(410);
    expect(api.executions.answers).toEqual([]);
  });

  it.each([
    ['another field', undefined, { colour: 'red' }, 'fields.colour'],
    ['a field beside', 'OPS-7', { summary: 'x' }, 'fields.summary'],
    ['nothing', undefined, {}, 'fields.issueKey'],
    ['blank text', ' ', {}, 'fields.issueKey'],
    ['control characters', 'OPS-7\n', {}, 'fields.issueKey'],
    ['too much', 'O'.repeat(21), {}, 'fields.issueKey'],
    ['a number', 7, {}, 'fields.issueKey'],
  ])('refuses %s, and keeps nothing', async (_, value, more, field) => {
    const { api, reply, ref } = await waiting();
    const { status, body } = await reply(value, more);

    expect(status).toBe(422);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(await api.deps.desk.reply(ref, 0)).toBeUndefined();
  });
});
