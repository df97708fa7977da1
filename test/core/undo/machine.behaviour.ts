import { describe, expect, it } from 'vitest';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import { readScope, writeScope } from '../../../lambdas/core/act/scope.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { decideOrUndo } from '../../../lambdas/core/steps/undo.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import { jira } from '../../../lambdas/tools/jira/system.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { undoMachine } from '../../../statemachines/segments/undo.ts';
import { ticketTriage } from '../../../statemachines/ticket-triage/workflow.ts';
import { symbolicCallees } from '../../statemachines/callees.ts';
import { AT } from '../../support/builders.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import { calling, play } from '../../support/machine.ts';
import { aStage } from './stage.ts';
import { aClosedWorld } from './world.ts';

type World = Awaited<ReturnType<typeof aClosedWorld>>;
const MACHINE = undoMachine(symbolicCallees, ticketTriage);

/** The deployed state machine, with its real steps and the scopes' own functions, on a Jira that keeps a history. */
describe.skipIf(!hasDynoxide)('the state machine that undoes', () => {
  const stage = aStage();

  /** Carries out an undo of the world's run, to its end; gives what it says of the one action. */
  const undone = async (world: World): Promise<string> => {
    const ref: RunRef = await world.asked();
    const { deps, client, scoped } = world;
    const readings = dynamoReadings(stage.dynoxide.connection, stage.dynoxide.state);
    const reading = { readings, scope: 'jira:read', reads: jira.reads, open: async () => client, now: () => AT };
    const functions: Readonly<Record<string, (payload: JsonObject) => Promise<unknown>>> = {
      'step:survey': calling(survey, deps),
      'step:decide': calling(decideOrUndo, deps),
      'step:verify': calling(verify, deps),
      'step:respond': calling(respond, deps),
      'step:escalate': calling(escalate, deps),
      'jira:read': calling(readScope<typeof client>(), reading),
      'jira:write': calling(writeScope<typeof client>(), scoped),
    };
    const ended = await play({
      machine: MACHINE,
      input: { ...ref, workflow: 'ticket-triage' },
      startMs: AT.getTime(),
      serve: (called, payload) => {
        const serve = functions[called];
        if (serve === undefined) throw new Error(`the state machine called ${called}`);
        return serve(payload);
      },
    });
    expect(ended).toMatchObject({ status: 'SUCCEEDED' });
    const [{ report }] = (await world.view(ref.run)).undone;
    return report;
  };
  const closed = (before: readonly string[]) => aClosedWorld(stage.dynoxide, stage.sandbox, { before });

  it('gives the record back what it had, and leaves in its history which call was undone', async () => {
    const world = await closed(['Access']);
    expect(await undone(world)).toBe('undone');
    expect(world.components()).toEqual(['Access']);
    expect(stage.sandbox.writes().at(-1)).toMatchObject({ extraData: { undoes: `${world.ref.run}-1` } });
  });

  it('leaves alone what somebody has set to the very same again', async () => {
    const world = await closed(['Access']);
    await world.jiraSets(['Hardware']);
    await world.jiraSets(['Network']);
    const writes = stage.sandbox.writes().length;
    expect(await undone(world)).toBe('changed');
    expect(stage.sandbox.writes()).toHaveLength(writes);
  });

  it('waits until what another run changed since is undone', async () => {
    const world = await closed(['Access']);
    await world.jiraSets(['Hardware'], { marker: 'newer-1' });
    expect(await undone(world)).toBe('changed');
    await world.jiraSets(['Network'], { marker: 'undo-1', undoes: 'newer-1' });
    expect(await undone(world)).toBe('undone');
    expect(world.components()).toEqual(['Access']);
  });

  it('leaves alone what a newer run has set to the very same', async () => {
    const older = await closed(['Access']);
    const newer = await closed(['Hardware']); // by hand; the run gives it to the same queue again
    expect(await undone(older)).toBe('changed');
    expect(await undone(newer)).toBe('undone');
    expect(older.components()).toEqual(['Hardware']);
  });
});
