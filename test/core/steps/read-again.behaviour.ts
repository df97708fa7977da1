import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { why } from '../../../lambdas/core/audit/why.ts';
import { approve } from '../../../lambdas/core/steps/approve.ts';
import { escalate } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { lookBack } from '../../../lambdas/core/steps/look-back.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { anApi } from '../../support/api.ts';
import { approver } from '../../support/approval.ts';
import { aReading, aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { givenRun } from '../../support/run.ts';

const TOOL = { scope: 'jira:read', tool: 'jira.get', call: 'before' } as const;
const OPEN = { issueKey: 'OPS-1', summary: 'the vpn drops', components: ['Access'], statusCategory: 'new' };
const { proposal, policy } = aRelease();
const RELEASE = aRelease({
  mode: 'supervised',
  proposal: { ...proposal, text: [{ from: 'record', tool: 'jira.get', field: 'summary' }] },
  policy: [
    ...policy,
    { id: 'CLOSED', effect: 'forbid', because: 'a test', when: [{ fact: 'record.statusCategory', is: 'done' }] },
  ],
});

describe.skipIf(!hasDynoxide)('an action that waited for people', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run whose action was approved, when the record was open. */
  const approved = async () => {
    const run = await givenRun(dynoxide, { release: RELEASE });
    const api = anApi(dynoxide);
    const { deps, ref } = run;
    await run.read('before', OPEN);
    await propose.run(deps, { ...ref, action: 1 });
    const asked = await decide.run(deps, { ...ref, action: 1 });
    if (asked.kind !== 'approval-needed') throw new Error(`expected it to need an approval, found ${asked.kind}`);
    await approve.run(deps, { ...ref, action: 1, round: 1, token: 'token-1' });
    api.executions.waiting.add('token-1');
    const answer = await api.call('POST', `/v1/approvals/${ref.run}-1-1`, {
      claims: approver('a-1'),
      body: { decision: 'approve', digest: asked.digest },
    });
    expect(answer.status).toBe(200);
    const readAgain = async (output: Record<string, unknown>, about: object = {}) => {
      const reading = { ...aReading({ ...TOOL, output }), round: 2, ...about };
      await run.state.put({ ...keys.reading(ref, reading), content: reading });
    };
    return { ...run, readAgain, decided: () => decide.run(deps, { ...ref, action: 1, round: 2 }) };
  };

  it('is ruled on by the record as it is when they have decided', async () => {
    const run = await approved();
    await run.readAgain({ ...OPEN, statusCategory: 'done' });

    expect(await run.decided()).toEqual({ kind: 'refused', because: 'forbidden', rules: ['CLOSED'] });
    expect(await run.writs()).toEqual([]);
    const { run: kept, records } = await run.kept();
    expect(faultOf(records, kept.head)).toBeUndefined();
    const ref = expect.stringMatching(/\/jira\.get#before#1\.2$/);
    expect(records.at(-1)?.sources).toContainEqual({ ref, sha256: expect.any(String) });
    const read = why({ run: kept.run, records, head: kept.head }).statements.filter(({ about }) => about === 'read');
    expect(read.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^jira\.get \(jira:read\) was read;/),
      expect.stringMatching(/^jira\.get \(jira:read\) was read;/),
    ]);
  });

  it('is not authorised by what was read before they were asked', async () => {
    const run = await approved();
    expect(await run.decided()).toMatchObject({ kind: 'refused', because: 'forbidden', rules: ['FACT_MISSING'] });
    expect(await run.writs()).toEqual([]);
  });

  it('is refused as stopped where nothing could be read again', async () => {
    const run = await approved();
    await run.readAgain({}, { stopped: 'STOPPED_TENANT' });
    expect(await run.decided()).toEqual({ kind: 'refused', because: 'stopped', rules: ['STOPPED_TENANT'] });
  });

  it('is undone to what was there when it was decided, and handed over with every look at the record', async () => {
    const run = await approved();
    await run.readAgain({ ...OPEN, components: ['Hardware'] });
    expect(await run.decided()).toMatchObject({ kind: 'authorised' });

    const { before } = await lookBack(run.deps, run.ref, 1);
    expect(before?.output).toMatchObject({ components: ['Hardware'] });
    await escalate.run(run.deps, { ...run.ref, because: 'fault', rules: [] });
    const item = await run.state.get(keys.escalation(run.ref));
    for (const name of ['before', 'before#1.2'])
      expect((item?.content as { evidence: string[] } | undefined)?.evidence).toContain(
        `READ#jira:read#acme#${run.ref.run}/jira.get#${name}`
      );
  });

  it('has nothing to be undone to where what it was decided by is not kept', async () => {
    const run = await approved();
    await run.readAgain(OPEN);
    await run.decided();
    await run.state.put({ ...keys.reading(run.ref, { ...TOOL, round: 2 }), content: { ...aReading(TOOL), round: 3 } });
    expect((await lookBack(run.deps, run.ref, 1)).before).toBeUndefined();
  });
});
