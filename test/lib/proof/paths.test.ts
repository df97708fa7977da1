import { describe, expect, it } from 'vitest';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { scopesOf } from '../../../lib/functions.ts';
import { assertProven, prove, purposeOf } from '../../../lib/proof/prove.ts';
import { symbolicMachine, symbolicUndoMachine } from '../../../lib/release.ts';
import type { StateMachine } from '../../../statemachines/segments/asl.ts';
import { ticketTriage } from '../../../statemachines/ticket-triage/workflow.ts';
import { irreversibly } from '../../support/approval.ts';
import { changed } from './changed.ts';

const TO_DECIDE = ['Route', 'Routed', 'Read', 'Propose', 'Decide'];

/** Each thing that is broken, and the way that shows it. */
const shown = (machine: StateMachine) =>
  prove(machine, scopesOf(ticketTriage), purposeOf(ticketTriage, 'task')).map(({ rule, path }) => [rule, path]);

const saidOf = (workflow: typeof ticketTriage): string => {
  try {
    assertProven(workflow);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('a violation comes with the way from the start to the state where it shows', () => {
  it.each<[string, string, unknown, readonly string[]]>([
    ['understood', 'States.Ruling.Default', undefined, [...TO_DECIDE, 'Ruling']],
    ['understood', 'States.Read.Arguments.FunctionName', 'stripe:write', ['Route', 'Routed', 'Read']],
    ['understood', 'States.Decide.Next', 'Nowhere', TO_DECIDE],
    ['understood', 'States.Route.Type', 'Map', ['Route']],
    ['timed', 'States.Decide.TimeoutSeconds', 20, TO_DECIDE],
    ['timed', 'States.Route.TimeoutSeconds', undefined, ['Route']],
    ['retried', 'States.Act.Retry.0.ErrorEquals', ['Retryable', 'States.Timeout'], [...TO_DECIDE, 'Ruling', 'Act']],
    ['retried', 'States.Read.Retry', [], ['Route', 'Routed', 'Read']],
    ['caught', 'States.Read.Catch.0.ErrorEquals', ['Terminal'], ['Route', 'Routed', 'Read']],
  ])('%s: %s', (rule, place, value, path) => {
    expect(shown(changed(symbolicMachine(ticketTriage), place, value))).toContainEqual([rule, path]);
  });

  it('also through states that cannot be understood themselves', () => {
    const first = changed(symbolicMachine(ticketTriage), 'States.Read.Arguments.FunctionName', 'stripe:read');
    expect(shown(changed(first, 'States.Decide.Arguments.FunctionName', 'step:guess'))).toEqual([
      ['understood', ['Route', 'Routed', 'Read']],
      ['understood', TO_DECIDE],
    ]);
  });

  it('alone, where nothing leads to it', () => {
    const machine = changed(symbolicMachine(ticketTriage), 'States.Routed.Choices', []);
    expect(shown(changed(machine, 'States.Decide.TimeoutSeconds', 20))).toContainEqual(['timed', ['Decide']]);
  });

  it('of an act that is not declared', () => {
    const actions = [{ action: 2, write: jiraAssign, seenBy: jiraGet }];
    expect(saidOf({ ...ticketTriage, actions })).toContain(
      'acts on jira:write as action 1 and does not declare it\n    Route → Routed → Read → Propose → Decide → Ruling → Act'
    );
  });

  it('of a tool that cannot be undone, where no state asks people', () => {
    const tools = ticketTriage.tools.flatMap(({ name }) => irreversibly[name] ?? []);
    const machine = () => {
      const asking = symbolicMachine(ticketTriage);
      const { Approve: _, ReadAgain: __, DecideAgain: ___, ...States } = asking.States;
      const without = { ...asking, States } as StateMachine;
      return changed(without, 'States.Ruling.Choices.2.Next', 'Escalate');
    };
    expect(saidOf({ ...ticketTriage, tools, machine })).toContain(
      'jira.assign cannot be undone, and no state asks people\n    Route → Routed → Read → Propose → Decide → Ruling → Act'
    );
  });

  it("of the undo's machine too, from where that begins", () => {
    const machine = changed(symbolicUndoMachine(ticketTriage), 'States.Act1.TimeoutSeconds', 1);
    const violations = prove(machine, scopesOf(ticketTriage), purposeOf(ticketTriage, 'undo'));
    expect(violations.map(({ rule, path }) => [rule, path.at(0), path.at(-1)])).toEqual([['timed', 'Survey1', 'Act1']]);
  });
});

describe('where a violation is of no state, it names', () => {
  it('the scope that is never called', () => {
    const more = { name: 'stripe:write', effect: 'write', timeoutSeconds: 40, remembers: false } as const;
    const scopes = [...scopesOf(ticketTriage), more];
    const found = prove(symbolicMachine(ticketTriage), scopes, purposeOf(ticketTriage, 'task'));
    expect(found.map(({ rule, path }) => [rule, path])).toEqual([['used', ['stripe:write']]]);
  });

  it.each([
    [
      'the contract that is seen by another tool than the workflow says',
      { actions: [{ action: 1, write: { ...jiraAssign, seenBy: 'jira.list' } as typeof jiraAssign, seenBy: jiraGet }] },
      'action 1 is seen by jira.list, not by jira.get',
    ],
    ['the contract whose undo is no tool of the workflow', { tools: [jiraGet, jiraAssign] }, 'seen by the same tool'],
  ])('%s', (_, given, because) => {
    expect(saidOf({ ...ticketTriage, ...given })).toContain(`${because}\n    jira.assign`);
  });

  it('where the machine should begin', () => {
    const machine = changed(symbolicMachine(ticketTriage), 'StartAt', 'Nowhere');
    expect(shown(machine)).toEqual([['understood', ['StartAt']]]);
  });
});
