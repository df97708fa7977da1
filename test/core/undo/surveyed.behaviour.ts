import { describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { markerOf } from '../../../lambdas/core/records.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import { eventOf } from '../../support/run.ts';
import { leftBehind } from './evidence.ts';
import { aStage } from './stage.ts';
import { aClosedWorld } from './world.ts';

/*
 * What Survey says of an action that an operator wants undone, and all that the audit has of it.
 */

describe.skipIf(!hasDynoxide)('an action that is surveyed', () => {
  const stage = aStage();

  /** A run whose two actions are done, and an undo of it that has surveyed and done these steps. */
  const undoing = async (steps: Readonly<Record<string, unknown>> = {}) => {
    const world = await aClosedWorld(stage.dynoxide, stage.sandbox, { before: ['Access'] });
    await world.actedAgain(2);
    const ref = await world.asked();
    await world.rewrite(ref, () => ({ steps }));
    const surveyed = (action: number) => survey.run(world.deps, { ...ref, action });
    const told = async () => eventOf((await world.audit(ref.run)).records.at(-1));
    return { world, ref, surveyed, told };
  };
  const record = digestOf({ issueKey: 'OPS-2' });
  const stands = (of = record) => ({
    kind: 'reversible',
    input: { issueKey: 'OPS-2' },
    record: of,
    marker: 'a-marker',
  });
  const reversible = ({ run }: RunRef, action: number) => ({ ...stands(), marker: markerOf({ run, action }) });
  const refused = (because: string, rule: string) => ({ kind: 'refused', because, rules: [rule] });

  it('can be reversed: with what shows the record, which one it is, and what the call was marked with', async () => {
    const { world, surveyed, told } = await undoing();
    expect(await surveyed(1)).toEqual(reversible(world.ref, 1));
    expect(await told()).toEqual({
      step: 'survey#1',
      policy: { decision: 'reversible', rule_ids: [] },
      result: { status: 'reversible' },
      sources: await leftBehind(world, world.ref),
    });
  });

  it('cannot be reversed, by the rule that says so', async () => {
    const { world, ref, surveyed, told } = await undoing();
    const key = keys.claim(world.ref, 'jira:write', 1);
    const claim = (await world.state.get(key))?.content as object;
    await world.state.put({ ...key, content: { ...claim, status: 'failed' } });
    expect(await surveyed(1)).toEqual(refused('never-done', 'UNDO_NEVER_DONE'));
    expect(await told()).toEqual({
      step: 'survey#1',
      policy: { decision: 'refused', rule_ids: ['UNDO_NEVER_DONE'] },
      result: { status: 'never-done' },
      sources: await leftBehind(world, world.ref),
    });
    expect(await world.view(ref.run)).toMatchObject({ rules: ['UNDO_NEVER_DONE'] });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['the same record', { 'survey#2': stands() }],
    ['the same record, many actions later', { 'survey#12': stands() }],
    ['the same record, and was refused', { 'survey#2': stands(), 'decide#2': refused('changed', 'UNDO_CHANGED') }],
    ['a record that nobody can tell', { 'survey#2': refused('in-doubt', 'UNDO_IN_DOUBT') }],
    ['a record of which nothing is known', { 'survey#2': 'nothing' }],
  ])('lies below a newer one that stands, to %s', async (_, steps) => {
    const { world, surveyed, told } = await undoing(steps);
    const rules = ['UNDO_NEWER_STANDS'];
    expect(await surveyed(1)).toEqual({ kind: 'refused', because: 'newer-stands', rules, record });
    expect(await told()).toEqual({
      step: 'survey#1',
      policy: { decision: 'refused', rule_ids: rules },
      result: { status: 'newer-stands' },
      sources: await leftBehind(world, world.ref),
    });
  });

  it.each<[string, number, Readonly<Record<string, unknown>>]>([
    ['is undone', 1, { 'survey#2': stands(), 'verify#2': { kind: 'undone', rules: [] } }],
    ['was never done', 1, { 'survey#2': refused('never-done', 'UNDO_NEVER_DONE') }],
    ['was to another record', 1, { 'survey#2': stands(digestOf({ issueKey: 'OPS-1' })) }],
    ['is older', 2, { 'survey#1': stands() }],
    ['another step tells of', 1, { 'resurvey#2': stands(), 'survey#2.2': stands() }],
  ])('is held up by none that %s', async (_, action, steps) => {
    const { world, surveyed } = await undoing(steps);
    expect(await surveyed(action)).toEqual(reversible(world.ref, action));
  });
});
