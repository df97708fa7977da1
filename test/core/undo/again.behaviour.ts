import { describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { undoActionOf } from '../../../lambdas/core/gate/undo.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { markerOf } from '../../../lambdas/core/records.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { anApi, MACHINE } from '../../support/api.ts';
import { AT, aRelease } from '../../support/builders.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import { aStage } from './stage.ts';
import { aClosedWorld, aWorld, OPERATOR } from './world.ts';

const NEWER = `${MACHINE.slice(0, -1)}8`;

describe.skipIf(!hasDynoxide)('an undo that is asked for again', () => {
  const stage = aStage();

  /** A run whose action verified, and that is closed: its issue had the component Access before, and has Network since. */
  const done = () => aClosedWorld(stage.dynoxide, stage.sandbox, { before: ['Access'] });
  type World = Awaited<ReturnType<typeof done>>;

  describe('after a deployment', () => {
    const deployed = () =>
      anApi(stage.dynoxide, {
        workflows: new Map([
          [
            'ticket-triage',
            { release: digestOf('newer'), input: aRelease().input, machine: NEWER, undoMachine: NEWER },
          ],
        ]),
      });
    const unstarted = async () => {
      const world = await done();
      world.api.executions.failNext(1);
      expect((await world.ask()).status).toBe(503);
      const { undoneBy } = await world.view(world.ref.run);
      return { world, ref: { tenant: world.ref.tenant, run: undoneBy[0] as string } };
    };
    const askedOf = (api: ReturnType<typeof anApi>, { ref }: World) =>
      api.call('POST', `/v1/runs/${ref.run}/undo`, { claims: OPERATOR, body: { reason: 'it was wrong' } });

    it('starts what was accepted and not started on the version that it was accepted for', async () => {
      const { world, ref } = await unstarted();
      const api = deployed();
      expect(await askedOf(api, world)).toMatchObject({ status: 202, body: { run: ref.run } });
      expect([...api.executions.started]).toMatchObject([[ref.run, { machine: MACHINE }]]);
      expect(await world.undo(ref)).toEqual([{ action: 1, report: 'undone' }]);
    });

    it('says that it is gone where nothing tells which version that was', async () => {
      const { world, ref } = await unstarted();
      await world.rewrite(ref, ({ machine: _, ...run }) => ({ ...run, machine: undefined }));
      const api = deployed();
      expect(await askedOf(api, world)).toMatchObject({ status: 410 });
      expect(api.executions.started.size).toBe(0);
      expect((await world.asked()).run).toBe(ref.run); // the release that it was accepted under still starts it
    });
  });

  it('moves neither the time at which the run ended nor what is told of its end, and is told itself', async () => {
    const world = await done();
    const { updatedAt } = await world.view(world.ref.run);
    await world.rewrite(world.ref, () => ({ updatedAt: '2020-01-01T00:00:00.000Z' }));
    const undo = await world.asked();
    expect(await world.undo(undo)).toEqual([{ action: 1, report: 'undone' }]);
    expect(updatedAt).toBe(AT.toISOString());
    expect((await world.view(world.ref.run)).updatedAt).toBe('2020-01-01T00:00:00.000Z');

    const why = async (run: string) => (await world.api.call('GET', `/v1/runs/${run}/why`, { claims: OPERATOR })).body;
    expect((await why(world.ref.run)).outcome).toBe('completed');
    const { outcome, workflow, statements } = await why(undo.run);
    expect({ outcome, workflow }).toEqual({ outcome: 'completed', workflow: 'ticket-triage' });
    const { writ } = statements.find(({ about }: { about: string }) => about === 'authorised');
    expect(await world.state.get(keys.writ(undo, 'jira:write', 1))).toMatchObject({ content: writ });
  });

  describe('after it was refused', () => {
    it('is another one, which undoes it where what changed the record since is undone itself', async () => {
      const world = await done();
      await world.jiraSets(['Hardware']);
      const first = await world.asked();
      expect(await world.undo(first)).toEqual([{ action: 1, report: 'changed' }]);
      await world.jiraSets(['Network'], { marker: 'undo', undoes: 'other' });
      const writes = stage.sandbox.writes().length;

      const answers = await Promise.all(Array.from({ length: 5 }, () => world.ask('it is back')));
      const [second, ...others] = new Set(answers.map(({ body }) => body.run as string));
      if (second === undefined) throw new Error('nothing was answered');
      expect(others).toEqual([]);
      expect(second).not.toBe(first.run);
      expect(await world.undo({ ...first, run: second })).toEqual([{ action: 1, report: 'undone' }]);

      expect(world.components()).toEqual(['Access']);
      expect(stage.sandbox.writes()).toHaveLength(writes + 1);
      expect((await world.asked()).run).toBe(second); // nothing is left to be undone
      expect((await world.view(world.ref.run)).undoneBy).toEqual([first.run, second]);
      const { records, head } = await world.audit(world.ref.run);
      expect(faultOf(records, head)).toBeUndefined();
      expect(records.slice(-2)).toMatchObject([
        { step: 'undo#0', args_redacted: { undone_by: first.run, reason: 'it was wrong' } },
        { step: 'undo#1', args_redacted: { undone_by: second, reason: 'it is back' } },
      ]);
    });

    it.each([
      ['as somebody else has it', [['Hardware']]],
      ['as somebody else has set it again', [['Hardware'], ['Network']]],
    ])('is refused again where it still is %s', async (_, since) => {
      const world = await done();
      for (const names of since) await world.jiraSets(names);
      for (const _ of ['first', 'second'])
        expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'changed' }]);
      expect(world.components()).toEqual(since.at(-1));
    });

    it('is another one where there was nothing to undo, until what changed the record since was undone', async () => {
      const world = await done();
      await world.jiraSets(['Access'], { marker: 'newer' });
      const first = await world.asked();
      expect(await world.undo(first)).toEqual([{ action: 1, report: 'nothing-to-undo' }]);

      await world.jiraSets(['Network'], { marker: 'undo', undoes: 'newer' });
      const second = await world.asked();
      expect(second.run).not.toBe(first.run);
      expect(await world.undo(second)).toEqual([{ action: 1, report: 'undone' }]);
      expect(world.components()).toEqual(['Access']);
    });

    it('stays the same one where another could come to no more', async () => {
      const world = await done();
      const key = keys.claim(world.ref, 'jira:write', 1);
      const claim = await world.state.get(key);
      await world.state.put({ ...key, content: { ...(claim?.content as object), status: 'in-doubt' } });
      const first = await world.asked();
      expect(await world.undo(first)).toEqual([{ action: 1, report: 'in-doubt' }]);
      expect((await world.asked()).run).toBe(first.run);
    });
  });

  describe('after an execution that ended under its run', () => {
    const aborted = async ({ deps, ref }: Pick<World, 'deps' | 'ref'>): Promise<void> =>
      void (await reap.run(deps, { detail: { status: 'ABORTED', input: ref } } as never));
    const closedAt = (world: World, time: string) => world.rewrite(world.ref, () => ({ updatedAt: time }));
    const LONG_AGO = '2020-01-01T00:00:00.000Z';

    /** A run with a writ, which its function has not claimed when the execution is ended. */
    const unclaimed = async (end = aborted) => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.see(world.ref, 'before');
      await propose.run(world.deps, { ...world.ref, action: 1 });
      expect(await world.decide(world.ref, 1)).toMatchObject({ kind: 'authorised' });
      await end(world);
      return world;
    };

    it('alone: where the machine has waited, what nobody claimed has not happened', async () => {
      const world = await unclaimed(
        async ({ deps, ref }) => void (await escalate.run(deps, { ...ref, because: 'fault', rules: [] }))
      );
      expect((await world.view(world.ref.run)).escalation.doubts).toBeUndefined();
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'never-done' }]);
    });

    it('is said to be in doubt as long as a function may still begin it', async () => {
      const world = await unclaimed();
      const { outcome, escalation } = await world.view(world.ref.run);
      expect(outcome).toBe('failed');
      const until = new Date(AT.getTime() + jiraAssign.timeoutSeconds * 1_000 + 60_000).toISOString();
      expect(escalation.doubts).toMatchObject([
        { action: 1, claim: 'unclaimed', marker: `${world.ref.run}-1`, since: AT.toISOString(), leaseUntil: until },
      ]);
      const { body } = await world.api.call('GET', `/v1/runs/${world.ref.run}/why`, { claims: OPERATOR });
      const { text } = body.statements.find(({ about }: { about: string }) => about === 'in-doubt');
      expect(text).toContain(`not begun when the execution had ended at ${AT.toISOString()}`);
    });

    it('calls nothing never done that a function may still do, and undoes it when that has', async () => {
      const world = await unclaimed();
      const first = await world.asked();
      expect(await world.undo(first)).toEqual([{ action: 1, report: 'unsettled' }]);
      expect(await world.view(first.run)).toMatchObject({ outcome: 'refused', rules: ['UNDO_UNSETTLED'] });
      // a function of a release of before, which asks nobody whether its run is closed
      await world.rewrite(world.ref, () => ({ status: 'active' }));
      await world.act(world.ref, 1);
      await world.rewrite(world.ref, () => ({ status: 'closed' }));
      expect(world.components()).toEqual(['Network']);
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'undone' }]);
      expect(world.components()).toEqual(['Access']);
    });

    it('begins nothing that was authorised: also where the execution is begun again', async () => {
      const world = await unclaimed();
      await expect(world.act(world.ref, 1)).rejects.toThrow('run-closed');
      expect(world.components()).toEqual(['Access']);
      expect(await world.state.get(keys.claim(world.ref, 'jira:write', 1))).toBeUndefined();
    });

    it('calls it never done when no function can be at work any longer', async () => {
      const world = await unclaimed();
      await closedAt(world, LONG_AGO);
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'never-done' }]);
    });

    it("waits for a function of the run's own undo once, and not anew each time that it is asked", async () => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.acted(() => world.jiraSets(['Network', 'Access']));
      await world.decide(world.ref, undoActionOf(1), 1);
      await aborted(world);
      await world.jiraSets(['Network'], { marker: 'undo', undoes: 'other' });
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'unsettled' }]);
      await closedAt(world, LONG_AGO);
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'undone' }]);
    });
  });

  describe('reverses nothing that an earlier one has reversed', () => {
    it('of the actions that a first one undid in part', async () => {
      const world = await done();
      await world.actedAgain(2);
      /** As the machine of a workflow with two actions has it; `between` happens when the newer one is dealt with. */
      const undo = async (ref: RunRef, between: () => Promise<void> = async () => undefined) => {
        for (const action of [2, 1]) {
          if ((await survey.run(world.deps, { ...ref, action })).kind === 'refused') continue;
          await world.see(ref, 'now', action);
          if ((await world.decide(ref, action, action)).kind === 'authorised') {
            await world.act(ref, action);
            await world.see(ref, 'after', action);
            await world.verify(ref, action);
          }
          if (action === 2) await between();
        }
        await respond.run(world.deps, { ...ref, outcome: 'reported', rules: [] });
        return world.view(ref.run);
      };
      const ref = await world.asked();
      expect(await undo(ref, () => world.jiraSets(['Hardware']))).toMatchObject({
        outcome: 'refused',
        undone: [
          { action: 2, report: 'undone' },
          { action: 1, report: 'changed' },
        ],
      });
      // as both actions left it
      await world.jiraSets(['Network'], { marker: 'undo', undoes: markerOf({ run: ref.run, action: 2 }) });
      const writes = stage.sandbox.writes().length;
      expect(await undo(await world.asked())).toMatchObject({
        outcome: 'completed',
        undone: [
          { action: 2, report: 'undone-before' },
          { action: 1, report: 'undone' },
        ],
      });
      expect(stage.sandbox.writes()).toHaveLength(writes + 1);
    });

    it('be it the one that the run made itself, after a mismatch', async () => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.acted(() => world.jiraSets(['Network', 'Access']));
      const own = undoActionOf(1);
      await world.decide(world.ref, own, 1);
      await world.act(world.ref, own);
      await world.see(world.ref, 'undone');
      await world.verify(world.ref, own, 'undone');
      await escalate.run(world.deps, { ...world.ref, because: 'mismatch', rules: [] });

      await world.jiraSets(['Network']); // somebody means it to be there
      const ref = await world.asked();
      expect(await world.undo(ref)).toEqual([{ action: 1, report: 'undone-before' }]);
      expect(world.components()).toEqual(['Network']);
      const decided = (await world.audit(ref.run)).records.find(({ step }: { step: string }) => step === 'decide#1');
      const sources = decided.sources.map(({ ref }: { ref: string }) => ref);
      expect(sources).toContain(`CLAIM#jira:write#acme#${world.ref.run}/${own}`);
    });

    it('nor what it may have reversed, as long as that may still come', async () => {
      const world = await done();
      const first = await world.asked();
      await world.ruled(first);
      stage.sandbox.failNext({ method: 'PUT', kind: 'reset-before' });
      await expect(world.act(first, 1)).rejects.toThrow();
      await escalate.run(world.deps, { ...first, because: 'in-doubt', rules: [] });
      const { escalation, undone } = await world.view(first.run);
      expect(undone).toEqual([{ action: 1, report: 'failed' }]);
      expect(escalation.evidence).toContain(`READ#jira:read#acme#${first.run}/jira.get#now`);
      expect(escalation.doubts).toMatchObject([
        { action: 1, tool: 'jira.restore-components', seenBy: 'jira.get', marker: `${first.run}-1`, claim: 'in-doubt' },
      ]);

      const second = await world.asked();
      expect(second.run).not.toBe(first.run);
      expect(await world.undo(second)).toEqual([{ action: 1, report: 'unsettled' }]);
      expect(world.components()).toEqual(['Network']);

      const key = keys.claim(first, 'jira:write', 1);
      const claim = await world.state.get(key);
      const before = new Date(AT.getTime() - 1).toISOString();
      await world.state.put({ ...key, content: { ...(claim?.content as object), leaseUntil: before } });
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'undone' }]);
    });
  });
});
