import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fate } from '../../../drills/gate/life.ts';
import { Story } from '../../../lambdas/core/audit/story.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import type { Claim, Escalation } from '../../../lambdas/core/records.ts';
import { type Api, anApi, claimsOf } from '../../support/api.ts';
import { AT } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { aCrashingRun, type Crash, type Effect, HURRIED, meets } from './crashing.ts';

/*
 * What becomes of one action, and of its run, when the function that does it ends without a word, at each of its calls to the outside. What
 * comes after it is what the state machine does, which is the one that would be deployed, and is played to its end.
 */

const EFFECTS: readonly Effect[] = ['idempotent', 'once'];

/** The calls of Act to the outside, in order. */
const CALLS = { look: 1, claim: 2, call: 3, settle: 4 } as const;
const dies = (call: keyof typeof CALLS, when: 'before' | 'after'): Fate => ({
  mishaps: [],
  dies: { at: CALLS[call], when },
});

interface Row extends Crash {
  readonly where: string;
  /** How the action stands right after the crash. */
  readonly left: Claim['status'] | 'unclaimed';
  /** How it ends: what the claim says, and how often it took effect. A run whose claim is done ends as verified, any other with people. */
  readonly idempotent: readonly [Claim['status'], number];
  readonly once: readonly [Claim['status'], number];
}

const DONE = ['done', 1] as const;
const DOUBT = ['in-doubt', 0] as const;
const MATRIX: readonly Row[] = [
  {
    where: 'before it has looked at the writ',
    fate: dies('look', 'before'),
    left: 'unclaimed',
    idempotent: DONE,
    once: DONE,
  },
  { where: 'before the claim', fate: dies('claim', 'before'), left: 'unclaimed', idempotent: DONE, once: DONE },
  {
    where: 'after the claim, before the call',
    fate: dies('claim', 'after'),
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  { where: 'as it was about to call', fate: dies('call', 'before'), left: 'executing', idempotent: DONE, once: DOUBT },
  {
    where: 'during the call, which arrives while its lease lasts',
    fate: dies('call', 'after'),
    answer: 'late',
    arrives: 'in time',
    left: 'executing',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'during the call, which arrives when its lease is over and it was given up',
    fate: dies('call', 'after'),
    answer: 'late',
    arrives: 'too late',
    left: 'executing',
    idempotent: DONE,
    once: ['in-doubt', 1],
  },
  {
    where: 'during the call, which never arrives',
    fate: dies('call', 'after'),
    answer: 'call lost',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  { where: 'after the call', fate: dies('call', 'after'), left: 'executing', idempotent: DONE, once: DONE },
  {
    where: 'before the outcome is stored',
    fate: dies('settle', 'before'),
    left: 'executing',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'after the outcome is stored, before it answers',
    fate: dies('settle', 'after'),
    left: 'done',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'after the system has refused for now, before that is stored',
    fate: dies('settle', 'before'),
    answer: 'not now',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'after the system has refused for good, before that is stored',
    fate: dies('settle', 'before'),
    answer: 'never',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: "nowhere, but the system's answer is lost",
    fate: meets(),
    answer: 'answer lost',
    left: 'in-doubt',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'nowhere, but its call is lost on the way',
    fate: meets(),
    answer: 'call lost',
    left: 'in-doubt',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'nowhere, but the answer to its claim is lost',
    fate: meets('answer lost'),
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'nowhere, but its claim is throttled',
    fate: meets('ThrottlingException'),
    left: 'unclaimed',
    idempotent: DONE,
    once: DONE,
  },
];

/** What the contract allows a call, and the grace that a claim adds to it. */
const LEASE_MS = 15_000;
const OPERATOR = claimsOf({ sub: 'op-1', roles: '[operator]' });

describe.skipIf(!hasDynoxide)('a scope function that ends without a word', () => {
  let dynoxide: Dynoxide;
  let api: Api;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
    api = anApi(dynoxide);
  });
  afterAll(() => dynoxide.stop());

  const asked = async (path: string) => (await api.call('GET', `/v1/runs/${path}`, { claims: OPERATOR })).body;

  /** What people have, of an action in doubt: where everything lies, what may have happened, and where to look. In the record, and told by the audit. */
  const expectEvidence = async ({ tenant, run }: RunRef, claim: Claim['status'], escalation: Escalation) => {
    const of = (kind: string) => `${kind}#${tenant}#${run}`;
    for (const ref of [of('INPUT'), `${of('PLAN')}/1`, `${of('READ#jira:read')}/jira.get#before`])
      expect(escalation.evidence).toContain(ref);
    for (const ref of [`${of('WRIT#jira:write')}/1`, `${of('CLAIM#jira:write')}/1`])
      expect(escalation.evidence).toContain(ref);
    const since = AT.toISOString();
    const leaseUntil = new Date(AT.getTime() + LEASE_MS).toISOString();
    expect(escalation.doubts).toEqual([
      {
        action: 1,
        tool: 'jira.assign',
        scope: 'jira:write',
        seenBy: 'jira.get',
        arguments: { issueKey: 'OPS-1', component: 'Network' },
        marker: `${run}-1`,
        claim,
        since,
        leaseUntil,
      },
    ]);
    const story = Story.parse(await asked(`${run}/why`));
    expect(story.fault).toBeUndefined();
    expect(story.statements.filter(({ about }) => about === 'in-doubt').map(({ text }) => text)).toEqual([
      `Nobody knows whether action 1 took effect: jira.assign (jira:write) with component "Network", issueKey "OPS-1", begun at ${since} as ${run}-1, and able to arrive until ${leaseUntil}. Look at what jira.get shows.`,
    ]);
  };

  const rows = EFFECTS.flatMap((effect) => MATRIX.map((row) => ({ ...row, effect, ends: row[effect] })));

  it.concurrent.each(rows.map((row) => [row.effect, row.where, row.ends[0], row.ends[1], row] as const))(
    'whose tool is %s and that dies %s leaves a claim that ends %s, and %i effect',
    async (effect, _where, status, effects, { left, ...crash }) => {
      const run = await aCrashingRun(dynoxide, effect, crash);
      expect(await run.play()).toMatchObject({ status: 'SUCCEEDED' });

      expect(run.left()).toBe(left);
      expect([await run.standing(), run.effects()]).toEqual([status, effects]);
      const view = await asked(run.ref.run);
      if (status === 'done') {
        expect(view).toMatchObject({ status: 'closed', outcome: 'completed' });
        expect((await run.kept()).run.steps['verify#1']).toMatchObject({ kind: 'verified' });
      } else {
        expect(view).toMatchObject({ status: 'closed', outcome: 'escalated', escalation: { because: 'in-doubt' } });
        await expectEvidence(run.ref, 'in-doubt', view.escalation);
      }
      // whoever comes later finds it settled: nothing is done again, by anybody
      await run.again('act').catch(() => undefined);
      await run.again('reconcile').catch(() => undefined);
      expect(run.effects()).toBe(effects);
      expect(run.vendor.offences).toEqual([]);
    }
  );

  it.each(EFFECTS)(
    'and after whose call somebody else changed the record does not change it back (%s)',
    async (effect) => {
      const run = await aCrashingRun(dynoxide, effect, { fate: dies('call', 'after'), changes: ['Hardware'] });
      expect(await run.play()).toMatchObject({ status: 'SUCCEEDED' });

      expect([await run.standing(), run.effects(), run.vendor.offences]).toEqual(['done', 1, []]);
      expect(run.vendor.components(run.ref.run)).toEqual(['Hardware']);
      const view = await asked(run.ref.run);
      expect(view).toMatchObject({ outcome: 'escalated', escalation: { because: 'mismatch' } });
      expect(view.rules).toContain('UNDO_CHANGED');
    }
  );

  it.each([
    ['for an hour is handed to people as stopped', 3_600_000, ['STOPPED_TENANT'], 'unclaimed', 0],
    ['for a moment goes on when that is over', 1, [], 'done', 1],
  ] as const)('and whose tenant is stopped after its ruling %s', async (_, stopsForMs, rules, status, effects) => {
    const run = await aCrashingRun(dynoxide, 'once', { fate: meets(), stopsForMs });
    expect(await run.play()).toMatchObject({ status: 'SUCCEEDED' });
    await run.resume();

    expect([run.left(), await run.standing(), run.effects()]).toEqual(['unclaimed', status, effects]);
    const view = await asked(run.ref.run);
    expect(view.outcome).toBe(effects === 0 ? 'escalated' : 'completed');
    expect(view.rules).toEqual(expect.arrayContaining([...rules]));
    if (effects > 0) return;
    expect(view.escalation).toMatchObject({ because: 'stopped' });
    expect(view.escalation.doubts).toBeUndefined(); // nothing was begun, and nothing will be
    await expect(run.again('act')).rejects.toThrow('run-closed');
  });

  it('and whose execution ends under it is handed to people as begun, in doubt', async () => {
    const run = await aCrashingRun(dynoxide, 'idempotent', { fate: dies('claim', 'after') });
    expect(await run.play(HURRIED)).toMatchObject({ status: 'TIMED_OUT' });
    await run.reap();
    const view = await asked(run.ref.run);
    expect(view).toMatchObject({ outcome: 'failed', rules: ['EXECUTION_TIMED_OUT'] });
    await expectEvidence(run.ref, 'executing', view.escalation);
    await expect(run.again('act')).rejects.toThrow('was begun before');
    expect(run.effects()).toBe(0);
  });
});
