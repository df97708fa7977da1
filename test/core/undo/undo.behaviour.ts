import { describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Retryable, Uncertain } from '../../../lambdas/core/errors.ts';
import { controlSubject, shardOf } from '../../../lambdas/core/gate/controls.ts';
import { isOperatorsUndo, undoActionOf } from '../../../lambdas/core/gate/undo.ts';
import type { Tools } from '../../../lambdas/core/provenance.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { claimsOf } from '../../support/api.ts';
import { AT } from '../../support/builders.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import type { Given } from '../../support/run.ts';
import { aStage } from './stage.ts';
import { aClosedWorld, aWorld } from './world.ts';

describe.skipIf(!hasDynoxide)('undo', () => {
  const stage = aStage();

  /** A run that is closed, whose issue had these components before. */
  const done = (before: readonly string[] = [], given: Given = {}) =>
    aClosedWorld(stage.dynoxide, stage.sandbox, { before, ...given });

  describe('that an operator asks for', () => {
    it.each([
      ['no component', []],
      ['one', ['Access']],
      ['several', ['Access', 'Hardware']],
    ])('gives the issue back exactly what it had: %s', async (_, before) => {
      const world = await done(before);
      expect(world.components()).toEqual(['Network']);

      const ref = await world.asked();
      expect(await world.undo(ref)).toEqual([{ action: 1, report: 'undone' }]);

      expect(world.components().toSorted()).toEqual([...before].sort());
      expect(await world.view(ref.run)).toMatchObject({
        status: 'closed',
        outcome: 'completed',
        user: 'op-1',
        undo: { of: world.ref.run, reason: 'it was wrong' },
      });
    });

    it('is found from either run, in chains that hold, with who asked and why', async () => {
      const world = await done();
      const ref = await world.asked();
      await world.undo(ref);

      expect((await world.view(world.ref.run)).undoneBy).toEqual([ref.run]);
      const [of, by] = [await world.audit(world.ref.run), await world.audit(ref.run)];
      for (const { records, head, fault } of [of, by]) {
        expect(fault).toBeUndefined();
        expect(faultOf(records, head)).toBeUndefined();
      }
      expect(of.records.at(-1)).toMatchObject({
        step: 'undo#0',
        user: { id: 'op-1' },
        args_redacted: { undone_by: ref.run, reason: 'it was wrong' },
        result: { status: 'undo-accepted' },
        sources: [{ ref: `RUN#acme#${ref.run}`, sha256: by.records[0].hash }],
      });
      expect(by.records[0]).toMatchObject({
        step: 'submit-undo',
        args_redacted: { undoes: world.ref.run },
        sources: [{ ref: `RUN#acme#${world.ref.run}`, sha256: of.records.at(-2).hash }],
      });
      expect((await world.state.get(keys.run(ref)))?.content).toMatchObject({
        user: { id: 'op-1', roles: ['operator'] },
        taskDigest: digestOf({ undo: world.ref.run }),
      });
      const steps = by.records.map(({ step, result }: { step: string; result: { status: string } }) => [
        step,
        result.status,
      ]);
      expect(steps).toEqual([
        ['submit-undo', 'accepted'],
        ['survey#1', 'reversible'],
        ['decide#1', 'authorised'],
        ['verify#1', 'undone'],
        ['respond', 'completed'],
      ]);
      const [writ] = (await world.state.query({ partition: `WRIT#jira:write#acme#${ref.run}` })).items;
      expect(writ?.content).toMatchObject({
        tool: 'jira.restore-components',
        undoes: { run: world.ref.run, action: 1 },
        user: 'op-1',
      });
    });

    it('is one undo, however often and at the same time it is asked for and carried out', async () => {
      const world = await done(['Access']);
      const answers = await Promise.all(Array.from({ length: 8 }, () => world.ask()));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      expect(new Set(answers.map(({ body }) => body.run)).size).toBe(1);
      expect(world.api.executions.started.size).toBe(1);

      const ref = await world.asked();
      await survey.run(world.deps, { ...ref, action: 1 });
      await world.see(ref, 'now', 1);
      const verdicts = await Promise.all(Array.from({ length: 5 }, () => world.decide(ref, 1, 1)));
      expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
      const writes = stage.sandbox.writes().length;
      await Promise.allSettled(Array.from({ length: 5 }, () => world.act(ref, 1)));
      expect(stage.sandbox.writes()).toHaveLength(writes + 1);
      expect(world.components()).toEqual(['Access']);
    });

    it.each([
      ['somebody gave it to another queue', [['Hardware']]],
      ['somebody added a component', [['Network', 'Hardware']]],
      ['somebody set it to the same again', [['Hardware'], ['Network']]],
    ])('is refused where %s', async (_, since) => {
      const world = await done(['Access']);
      for (const names of since) await world.jiraSets(names);
      const now = world.components();
      const writes = stage.sandbox.writes().length;

      const ref = await world.asked();
      expect(await world.undo(ref)).toEqual([{ action: 1, report: 'changed' }]);

      expect(world.components()).toEqual(now);
      expect(stage.sandbox.writes()).toHaveLength(writes);
      expect(await world.view(ref.run)).toMatchObject({ outcome: 'refused', rules: ['UNDO_CHANGED'] });
    });

    it('does nothing where the issue is already as it was', async () => {
      const world = await done(['Access', 'Hardware']);
      await world.jiraSets(['Hardware', 'Access']);
      const writes = stage.sandbox.writes().length;
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'nothing-to-undo' }]);
      expect(stage.sandbox.writes()).toHaveLength(writes);
    });

    it.each([
      ['never-done', 'released', {}],
      ['never-done', 'failed', {}],
      ['in-doubt', 'in-doubt', {}],
      ['unsettled', 'executing', {}],
      ['in-doubt', 'executing', { leaseUntil: new Date(AT.getTime() - 60_001).toISOString() }],
    ] as const)('reports %s where the claim is %s', async (report, status, lease) => {
      const world = await done();
      const key = keys.claim(world.ref, 'jira:write', 1);
      const claim = await world.state.get(key);
      await world.state.put({ ...key, content: { ...(claim?.content as object), status, ...lease } });
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report }]);
      expect(world.components()).toEqual(['Network']);
    });

    it('reports what cannot be undone: by its contract, or since nobody knows any longer how it was', async () => {
      const irreversible: Tools = {
        ...contracts,
        [jiraAssign.name]: { ...(jiraAssign as unknown as WriteTool), undo: 'irreversible' },
      };
      const world = await done();
      world.contract(irreversible);
      expect(await world.undo(await world.asked())).toEqual([{ action: 1, report: 'irreversible' }]);

      const other = await aWorld(stage.dynoxide, stage.sandbox);
      await other.acted();
      await other.close();
      const before = keys.reading(other.ref, { scope: 'jira:read', tool: 'jira.get', call: 'before' });
      await other.state.put({
        ...before,
        content: { ...((await other.state.get(before))?.content as object), output: {} },
      });
      expect(await other.undo(await other.asked())).toEqual([{ action: 1, report: 'before-unknown' }]);
    });

    it.each(['global', 'tenant', 'workflow', 'scope'] as const)(
      'goes on while its %s is stopped, in whatever mode; nothing else does',
      async (level) => {
        const world = await done(['Access']);
        const names = { global: undefined, tenant: 'acme', workflow: 'ticket-triage', scope: 'jira:write' };
        const subject = controlSubject(level, names[level]);
        const ref = await world.asked();
        const content = {
          subject,
          stopped: true,
          stops: 'everything',
          reason: 'a test',
          by: 'op',
          at: AT.toISOString(),
        };
        const shadow = level === 'tenant' ? { mode: 'shadow' } : {};
        const key = keys.control(subject, shardOf(ref));
        await world.state.put({ ...key, content: { ...content, ...shadow } });

        expect(await world.undo(ref)).toEqual([{ action: 1, report: 'undone' }]);
        expect(world.components()).toEqual(['Access']);
        await world.state.put({ ...key, content: { ...content, stopped: false } });
      }
    );

    it('is charged to the rate of the tool that restores, and refused beyond it', async () => {
      const rated: Tools = {
        ...contracts,
        'jira.restore-components': {
          ...(contracts['jira.restore-components'] as unknown as WriteTool),
          rate: { atMost: 1, per: 'day' },
        },
      };
      const world = await done(['Access'], { tools: rated, run: { tenant: 'rated' } });
      const again = { claims: claimsOf({ sub: 'op-1', tenant: 'rated', roles: '[operator]' }), body: { reason: 'r' } };
      const other = { tools: rated, run: { tenant: 'rated' }, fields: { issueKey: 'OPS-1' } };
      for (const [each, expected] of [
        [world, { kind: 'authorised' }],
        [await done(['Access'], other), { kind: 'refused', because: 'over-rate' }],
      ] as const) {
        const { body } = await each.api.call('POST', `/v1/runs/${each.ref.run}/undo`, again);
        expect(await each.ruled({ tenant: 'rated', run: body.run })).toMatchObject(expected);
      }
    });

    it("of a run that is open, an undo, unknown or another tenant's is refused", async () => {
      const open = await aWorld(stage.dynoxide, stage.sandbox);
      expect(await open.ask()).toMatchObject({
        status: 409,
        body: { detail: 'The run is not closed: stop what it may still do, and undo it when it has ended.' },
      });
      const world = await done();
      const ref = await world.asked();
      expect(await world.ask('again', ref.run)).toMatchObject({
        status: 409,
        body: { detail: 'The run is an undo itself: submit the task again instead.' },
      });
      expect((await world.ask('x', 'a'.repeat(26))).status).toBe(404);
      const path = `/v1/runs/${world.ref.run}/undo`;
      const foreign = claimsOf({ tenant: 'other', roles: '[operator]' });
      expect((await world.api.call('POST', path, { claims: foreign, body: { reason: 'r' } })).status).toBe(404);
      expect((await world.api.call('POST', path, { claims: claimsOf(), body: { reason: 'r' } })).status).toBe(403);
      expect((await world.ask('two\nlines')).status).toBe(422);
    });

    it('is started by the next call where it was written and not started, and anew where people have it', async () => {
      const world = await done();
      world.api.executions.failNext(1);
      expect((await world.ask()).status).toBe(503);
      const first = await world.asked();
      expect([...world.api.executions.started.keys()]).toEqual([first.run]);

      const key = keys.run(first);
      const item = await world.state.get(key);
      await world.state.put({
        ...item,
        ...key,
        content: { ...(item?.content as object), status: 'closed', outcome: 'failed' },
      });
      const second = await world.asked();
      expect(second.run).not.toBe(first.run);
      expect((await world.view(world.ref.run)).undoneBy).toEqual([first.run, second.run]);
      expect(
        faultOf((await world.audit(world.ref.run)).records, (await world.audit(world.ref.run)).head)
      ).toBeUndefined();
    });

    it('happens once, whatever is lost on the way', async () => {
      const world = await done(['Access']);
      const ref = await world.asked();
      expect(await world.ruled(ref)).toMatchObject({ kind: 'authorised' });
      const writes = stage.sandbox.writes().length;

      for (let time = 0; time < 3; time++) stage.sandbox.failNext({ method: 'PUT', kind: 'status', status: 429 }); // nothing happened
      await expect(world.act(ref, 1)).rejects.toThrow(Retryable);
      expect(await world.reconcile(ref, 1)).toEqual({ kind: 'not-done' });
      stage.sandbox.failNext({ method: 'PUT', kind: 'reset-after' }); // it happened, and the answer is lost
      await expect(world.act(ref, 1)).rejects.toThrow(Uncertain);
      await expect(world.act(ref, 1)).rejects.toThrow(Uncertain); // called again after a crash
      expect(await world.reconcile(ref, 1)).toEqual({ kind: 'done' });
      await world.see(ref, 'after', 1);
      expect(await world.verify(ref, 1)).toMatchObject({ kind: 'undone' });
      expect(await world.decide(ref, 1, 1)).toMatchObject({ kind: 'authorised' });

      expect(stage.sandbox.writes()).toHaveLength(writes + 1);
      expect(world.components()).toEqual(['Access']);
    });

    it('takes the newest action first, and leaves what lies below one that stands', async () => {
      const world = await done(['Access']);
      await world.actedAgain(2);
      const ref = await world.asked();
      const surveyed = (action: number) => survey.run(world.deps, { ...ref, action });
      expect(await surveyed(2)).toMatchObject({ kind: 'reversible', input: { issueKey: 'OPS-2' } });
      await world.jiraSets(['Hardware']);
      await world.see(ref, 'now', 2);
      expect(await world.decide(ref, 2, 2)).toMatchObject({ kind: 'refused', because: 'changed' });

      expect(await surveyed(1)).toMatchObject({ kind: 'refused', because: 'newer-stands' });
      await respond.run(world.deps, { ...ref, outcome: 'reported', rules: [] });
      expect(await world.view(ref.run)).toMatchObject({
        outcome: 'refused',
        undone: [
          { action: 2, report: 'changed' },
          { action: 1, report: 'newer-stands' },
        ],
      });
      expect(world.components()).toEqual(['Hardware']);
    });

    it('calls nothing undone that is not seen to be', async () => {
      const world = await done(['Access']);
      const ref = await world.asked();
      await world.ruled(ref);
      await world.act(ref, 1);
      await world.jiraSets(['Hardware']);
      await world.see(ref, 'after', 1);
      expect(await world.verify(ref, 1)).toEqual({ kind: 'mismatch', rules: ['EFFECT_NOT_SEEN'] });
      expect((await world.view(ref.run)).undone).toEqual([{ action: 1, report: 'mismatch' }]);
      await expect(respond.run(world.deps, { ...ref, outcome: 'completed', rules: [] })).rejects.toThrow(
        'cannot be closed'
      );
    });
  });

  describe('within a run, after a mismatch', () => {
    const own = undoActionOf(1);

    it('takes back the part of the write that is there, by a writ of its own', async () => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      // half of the effect: the queue is there, and so is what should have gone
      expect(await world.acted(() => world.jiraSets(['Network', 'Access']))).toMatchObject({ kind: 'mismatch' });

      expect(await world.decide(world.ref, own, 1)).toMatchObject({ kind: 'authorised', rules: ['UNDO_STILL_OURS'] });
      await world.act(world.ref, own);
      await world.see(world.ref, 'undone');
      expect(await world.verify(world.ref, own, 'undone')).toEqual({ kind: 'undone', rules: ['UNDO_STILL_OURS'] });

      expect(world.components()).toEqual(['Access']);
      expect(JSON.stringify(stage.sandbox.writes().at(-1))).toContain(`${world.ref.run}-${own}`);
      expect((await world.view(world.ref.run)).undone).toEqual([{ action: 1, report: 'undone' }]);
      await escalate.run(world.deps, {
        ...world.ref,
        because: 'mismatch',
        rules: ['EFFECT_NOT_SEEN', 'UNDO_STILL_OURS'],
      });
      const { escalation } = await world.view(world.ref.run);
      for (const ref of ['READ#jira:read#', 'WRIT#jira:write#'])
        for (const sk of ref.startsWith('READ') ? ['jira.get#undone'] : ['1', String(own)])
          expect(escalation.evidence).toContain(`${ref}acme#${world.ref.run}/${sk}`);
      const [writ] = (await world.writs()).filter(({ action }) => action === own);
      expect(writ && isOperatorsUndo(writ)).toBe(false);
    });

    it('is told of where it is in doubt itself, beside the action that is not', async () => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.acted(() => world.jiraSets(['Network', 'Access']));
      await world.decide(world.ref, own, 1);
      stage.sandbox.failNext({ method: 'PUT', kind: 'reset-after' });
      await expect(world.act(world.ref, own)).rejects.toThrow(Uncertain);
      await escalate.run(world.deps, { ...world.ref, because: 'mismatch', rules: ['UNDO_FAILED'] });
      const { escalation } = await world.view(world.ref.run);
      expect(escalation.evidence).toContain(`CLAIM#jira:write#acme#${world.ref.run}/${own}`);
      expect(escalation.doubts).toMatchObject([
        { action: own, tool: 'jira.restore-components', marker: `${world.ref.run}-${own}`, claim: 'in-doubt' },
      ]);
    });

    it.each([
      ["is somebody else's by now", ['Hardware'], 'changed'],
      ['is as it was', ['Access'], 'nothing-to-undo'],
    ] as const)('touches nothing that %s', async (_, now, because) => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.acted(() => world.jiraSets(now));
      expect(await world.decide(world.ref, own, 1)).toMatchObject({ kind: 'refused', because });
      expect(world.components()).toEqual(now);
    });

    it("is for a mismatch alone: what verified is an operator's to undo", async () => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.acted();
      expect(await world.decide(world.ref, own, 1)).toMatchObject({ kind: 'refused', because: 'not-asked' });
    });

    it.each([
      ['a stop', { stopped: true }, 'stopped'],
      ['a mode that does nothing', { mode: 'shadow' as const }, 'mode'],
    ])('waits for nobody and does not pass %s', async (_, set, because) => {
      const world = await aWorld(stage.dynoxide, stage.sandbox);
      await world.jiraSets(['Access']);
      await world.acted(() => world.jiraSets(['Network', 'Access']));
      await world.control({ subject: controlSubject('tenant', 'acme'), ...set });
      expect(await world.decide(world.ref, own, 1)).toMatchObject({ kind: 'refused', because });
      await world.control({ subject: controlSubject('tenant', 'acme') });
      expect(world.components()).toEqual(['Network', 'Access']);
    });
  });
});
