import { describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { controlSubject } from '../../../lambdas/core/gate/controls.ts';
import { undoActionOf } from '../../../lambdas/core/gate/undo.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import type { Control } from '../../../lambdas/core/records.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraRestoreComponents } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRunId, aWrit } from '../../support/builders.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import { eventOf } from '../../support/run.ts';
import { evidenceIn, leftBehind } from './evidence.ts';
import { aStage } from './stage.ts';
import { aClosedWorld, aWorld } from './world.ts';

/*
 * Each kind of ruling on an undo: what Decide answers, and all that the audit has of it.
 */

const RULES = ['UNDO_STILL_OURS'];
const RESTORES = { tool: 'jira.restore-components', arguments: { issueKey: 'OPS-2', components: ['Access'] } };
const AS_TOOL = { name: RESTORES.tool, scope: 'jira:write', dry_run: false };

describe.skipIf(!hasDynoxide)('a ruling on an undo', () => {
  const stage = aStage();

  const refused = (because: string, rules: readonly string[]) => ({ kind: 'refused', because, rules });
  const authorised = (writ: { action: number; digest: string }, rules = RULES) => ({
    kind: 'authorised',
    writ: { scope: 'jira:write', ...writ },
    rules,
  });

  describe('that an operator asks for', () => {
    /** An undo that is about to be ruled on. */
    const undoing = async () => {
      const world = await aClosedWorld(stage.dynoxide, stage.sandbox, { before: ['Access'] });
      const ref = await world.asked();
      const seen = async () => evidenceIn(world).reading(ref, { call: 'now' });
      const told = async () => eventOf((await world.audit(ref.run)).records.at(-1));
      return { world, ref, seen, told };
    };
    const writtenFor = ({ state }: Awaited<ReturnType<typeof aWorld>>, ref: RunRef) =>
      state.get(keys.writ(ref, 'jira:write', 1)).then((item) => item?.content);

    it('authorises this undo of this action, and nothing that only looks the same', async () => {
      const { world, ref, seen, told } = await undoing();
      const undoes = { run: world.ref.run, action: 1 };
      const writ = { action: 1, digest: digestOf({ ...RESTORES, undoes }) };
      expect(await world.ruled(ref)).toEqual(authorised(writ));
      expect(await told()).toEqual({
        step: 'decide#1',
        tool: AS_TOOL,
        args_redacted: RESTORES.arguments,
        writ,
        policy: { decision: 'undo', rule_ids: RULES },
        result: { status: 'authorised' },
        sources: [await seen(), ...(await leftBehind(world, world.ref))],
      });
      const user = 'op-1';
      const about = { ...ref, ...RESTORES, digest: writ.digest, rules: RULES, user, undoes, seenAt: AT.toISOString() };
      expect(await writtenFor(world, ref)).toEqual(aWrit(about));
    });

    it('gives the writ that there is again, by the rules that it was given by', async () => {
      const { world, ref, seen, told } = await undoing();
      const rules = ['GIVEN_BEFORE'];
      const undoes = { run: world.ref.run, action: 1 };
      const given = aWrit({ ...ref, ...RESTORES, digest: 'f'.repeat(64), rules, undoes });
      await world.state.put({ ...keys.writ(ref, 'jira:write', 1), content: given });
      await world.jiraSets(['Hardware']); // which would be refused
      const writ = { action: 1, digest: given.digest };
      expect(await world.ruled(ref)).toEqual(authorised(writ, rules));
      expect(await told()).toEqual({
        step: 'decide#1',
        tool: AS_TOOL,
        args_redacted: {},
        writ,
        policy: { decision: 'undo', rule_ids: rules },
        result: { status: 'authorised' },
        sources: [await seen(), await evidenceIn(world).writ(ref), ...(await leftBehind(world, world.ref))],
      });
      expect(await writtenFor(world, ref)).toEqual(given);
    });

    it('refuses what has changed, by the rule that says so', async () => {
      const { world, ref, seen, told } = await undoing();
      await world.jiraSets(['Hardware']);
      expect(await world.ruled(ref)).toEqual(refused('changed', ['UNDO_CHANGED']));
      expect(await told()).toEqual({
        step: 'decide#1',
        policy: { decision: 'refused', rule_ids: ['UNDO_CHANGED'] },
        result: { status: 'changed' },
        sources: [await seen(), ...(await leftBehind(world, world.ref))],
      });
    });

    it('refuses beyond the rate of the tool that restores, with how that stands', async () => {
      const { world, ref, seen, told } = await undoing();
      const restore = jiraRestoreComponents as unknown as WriteTool;
      world.contract({ ...contracts, [restore.name]: { ...restore, rate: { atMost: 0, per: 'day' } } });
      const rule = 'RATE_TOOL_DAY';
      const standing = { rule, unit: 'actions', used: 0, asked: 1 };
      const end = '2030-01-03T00:00:00.000Z';
      expect(await world.ruled(ref)).toEqual({
        ...refused('over-rate', [rule]),
        limits: [{ ...standing, atMost: 0, resetsAt: end }],
      });
      expect(await told()).toEqual({
        step: 'decide#1',
        policy: { decision: 'refused', rule_ids: [rule] },
        result: { status: 'over-rate' },
        sources: [await seen(), ...(await leftBehind(world, world.ref))],
        limits: [{ ...standing, state: 'refused', at_most: 0, resets_at: end }],
      });
      expect(await writtenFor(world, ref)).toBeUndefined();
    });

    it('takes an earlier undo that is not kept any longer for none', async () => {
      const { world, ref } = await undoing();
      await world.rewrite(world.ref, ({ undoneBy = [] }) => ({ undoneBy: [aRunId(), ...undoneBy] }));
      expect(await world.undo(ref)).toEqual([{ action: 1, report: 'undone' }]);
    });
  });

  describe('that a run makes of its own action', () => {
    const own = undoActionOf(1);
    let tenants = 0;
    /** A run, of a tenant that no other test has, whose action shows in part, or as a whole. */
    const acted = async (shows: 'in-part' | 'whole' = 'in-part') => {
      tenants += 1;
      const world = await aWorld(stage.dynoxide, stage.sandbox, {
        run: { tenant: `undoing-${tenants}`, run: aRunId() },
      });
      await world.jiraSets(['Access']);
      await world.acted(async () => {
        if (shows === 'in-part') await world.jiraSets(['Network', 'Access']);
      });
      const sources = [
        await evidenceIn(world).reading(world.ref, { call: 'after' }),
        ...(await leftBehind(world, world.ref)),
      ];
      return {
        world,
        sources,
        control: (control: Partial<Control>) =>
          world.control({ subject: controlSubject('tenant', world.ref.tenant), ...control }),
        told: async () => eventOf((await world.kept()).records.at(-1)),
      };
    };

    const hour = (hours: number) => new Date(AT.getTime() + hours * 3_600_000).toISOString();
    it.each([
      ['nobody asks for', 'whole', {}, 'not-asked', ['UNDO_NOT_ASKED']],
      ['is stopped', 'in-part', { stopped: true }, 'stopped', ['UNDO_STOPPED', 'STOPPED_TENANT']],
      [
        'is stopped for an hour',
        'in-part',
        { stopped: true, until: hour(1) },
        'stopped',
        ['UNDO_STOPPED', 'STOPPED_TENANT'],
      ],
      ['its tenant has only recorded', 'in-part', { mode: 'shadow' }, 'mode', ['UNDO_MODE']],
    ] as const)('refuses what %s', async (_, shows, control, because, rules) => {
      const run = await acted(shows);
      await run.world.control({ subject: 'global' });
      await run.control(control);
      expect(await run.world.decide(run.world.ref, own, 1)).toEqual(refused(because, rules));
      expect(await run.told()).toEqual({
        step: 'decide#1001',
        policy: { decision: 'refused', rule_ids: rules },
        result: { status: because },
        sources: run.sources,
      });
    });

    it('authorises what was seen in part, and is held up by no stop that has ended', async () => {
      const run = await acted();
      await run.control({ stopped: true, until: hour(-1) });
      const undoes = { run: run.world.ref.run, action: 1 };
      const writ = { action: own, digest: digestOf({ ...RESTORES, undoes }) };
      expect(await run.world.decide(run.world.ref, own, 1)).toEqual(authorised(writ));
      expect(await run.told()).toEqual({
        step: 'decide#1001',
        tool: AS_TOOL,
        args_redacted: RESTORES.arguments,
        writ,
        policy: { decision: 'undo', rule_ids: RULES },
        result: { status: 'authorised' },
        sources: run.sources,
      });
    });
  });
});
