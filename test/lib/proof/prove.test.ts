import { describe, expect, it } from 'vitest';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { scopesOf } from '../../../lib/functions.ts';
import { assertProven, NotProven, prove, purposeOf } from '../../../lib/proof/prove.ts';
import { symbolicMachine, symbolicUndoMachine } from '../../../lib/release.ts';
import type { ChoiceRule, State, StateMachine } from '../../../statemachines/segments/asl.ts';
import { ticketTriage } from '../../../statemachines/ticket-triage/workflow.ts';
import { workflows } from '../../../statemachines/workflows.ts';
import { irreversibly } from '../../support/approval.ts';
import { changed as changedOf } from './changed.ts';
import { harmOf } from './explorer.ts';
import { mutantsOf } from './mutants.ts';

const scopes = scopesOf(ticketTriage);
const machine = symbolicMachine(ticketTriage);
const task = purposeOf(ticketTriage, 'task');

const changed = (place: string, value: unknown): StateMachine => changedOf(machine, place, value);

const choicesOf = (name: string): readonly ChoiceRule<string>[] => {
  const state: State<string> | undefined = machine.States[name];
  return state?.Type === 'Choice' ? state.Choices : [];
};

const brokenBy = (place: string, value: unknown): readonly string[] =>
  prove(changed(place, value), scopes, task).map(({ rule, path }) => `${rule} ${path.at(-1)}`);

it.each(workflows.map((workflow) => [workflow.name, workflow] as const))('%s keeps every promise', (_, workflow) => {
  expect(prove(symbolicMachine(workflow), scopesOf(workflow), purposeOf(workflow, 'task'))).toEqual([]);
  expect(() => assertProven(workflow)).not.toThrow();
});

describe('a machine is refused', () => {
  it.each([
    [
      'that acts on another verdict',
      'States.Ruling.Choices.0.Condition',
      "{% $verdict.kind = 'recorded' %}",
      'authorised Act',
    ],
    [
      'that acts on what may not be so',
      'States.Ruling.Choices.0.Condition',
      "{% $verdict.kind = 'authorised' or true %}",
      'authorised Act',
    ],
    [
      'that acts on another answer',
      'States.Ruling.Choices.0.Condition',
      "{% $routed.kind = 'authorised' %}",
      'authorised Act',
    ],
    ['that acts without a decision', 'States.Propose.Next', 'Act', 'authorised Act'],
    ['that proposes anew after the decision', 'States.Decide.Next', 'Propose', 'bounded Propose'],
    ['that acts on the ruling of another action', 'States.Act.Arguments.Payload.action', 2, 'authorised Act'],
    ['that repeats what is in doubt', 'States.Act.Catch.1.Next', 'Act', 'once Act'],
    [
      'that repeats an act after a crash',
      'States.Act.Retry.0.ErrorEquals',
      ['Retryable', 'States.Timeout'],
      'retried Act',
    ],
    [
      'that decides by what was read before people were asked',
      'States.Approve.Next',
      'DecideAgain',
      'fresh DecideAgain',
    ],
    ['that repeats for ever', 'States.Reconciled.Choices.1.Condition', "{% $found.kind = 'not-done' %}", 'bounded Act'],
    ['that counts from anew', 'States.Reconciled.Choices.1.Assign.attempt', 1, 'bounded Act'],
    ['that hides what is in doubt', 'States.Act.Catch.1.Next', 'Escalate', 'reconciled Escalate'],
    [
      'that takes doubt for nothing done',
      'States.Act.Catch.0.ErrorEquals',
      ['Terminal', 'Uncertain'],
      'reconciled Escalate',
    ],
    ['that answers without Verify', 'States.ReadBack.Next', 'Respond', 'verified Respond'],
    ['that verifies without reading back', 'States.Act.Next', 'Verify', 'verified Respond'],
    ['that reads back what it read before', 'States.ReadBack.Arguments.Payload.call', 'before', 'verified Respond'],
    [
      'that believes a mismatch',
      'States.Verified.Choices.0.Condition',
      "{% $proof.kind = 'mismatch' %}",
      'undone Respond',
    ],
    ['that calls completed what is not', 'States.Ruling.Choices.1.Assign.outcome', 'completed', 'honest Respond'],
    ['that acts on an approval', 'States.Approve.Next', 'Act', 'authorised Act'],
    ['that takes what was decided before an approval', 'States.Approve.Next', 'Ruling', 'asked Approve'],
    ['that asks people of itself', 'States.Propose.Next', 'Approve', 'asked Approve'],
    ['that asks people for another action', 'States.Approve.Arguments.Payload.action', 2, 'asked Approve'],
    [
      'that asks people for ever',
      'States.Ruling.Choices.2.Condition',
      "{% $verdict.kind = 'approval-needed' %}",
      'bounded Ruling',
    ],
    ['that forgets how often it asked', 'States.DecideAgain.Assign.asked', 0, 'bounded Ruling'],
    ['that waits for people without end', 'States.Approve.TimeoutSeconds', undefined, 'timed Approve'],
    ['that works on what is not eligible', 'States.Routed.Choices.3.Next', 'Read', 'eligible Read'],
    ['whose choice may lead nowhere', 'States.Ruling.Default', undefined, 'understood Ruling'],
    ['whose task waits as long as its function', 'States.Decide.TimeoutSeconds', 20, 'timed Decide'],
    ['whose task has no time-out', 'States.Decide.TimeoutSeconds', undefined, 'timed Decide'],
    ['whose task catches less than all', 'States.Read.Catch.0.ErrorEquals', ['Terminal'], 'caught Read'],
    ['that tries nothing again', 'States.Read.Retry', [], 'retried Read'],
    [
      'whose last word is caught',
      'States.Escalate.Catch',
      [{ ErrorEquals: ['States.ALL'], Next: 'Respond' }],
      'caught Escalate',
    ],
    ['that calls what is not its own', 'States.Read.Arguments.FunctionName', 'stripe:write', 'understood Read'],
    [
      'that calls a function it computes',
      'States.Read.Arguments.FunctionName',
      '{% $states.input.fn %}',
      'understood Read',
    ],
    ['that uses a write scope for something else', 'States.Act.Arguments.Payload.operation', 'peek', 'understood Act'],
    ['that leads nowhere', 'States.Read.Next', 'Nowhere', 'understood Read'],
    ['with a state that the proof does not know', 'States.Read.Type', 'Map', 'understood Read'],
    ['that asks for what is not assigned', 'States.Decide.Assign', {}, 'assigned Ruling'],
  ])('%s', (_, place, value, expected) => {
    expect(brokenBy(place, value)).toContain(expected);
  });

  it('with a way that shows it', () => {
    const [violation] = prove(changed('States.Propose.Next', 'Act'), scopes, task);
    expect(violation?.path).toEqual(['Route', 'Routed', 'Read', 'Propose', 'Act']);
    const bad = { ...ticketTriage, machine: () => changed('States.Propose.Next', 'Act') };
    expect(() => assertProven(bad)).toThrow(NotProven);
    expect(() => assertProven(bad)).toThrow('Route → Routed → Read → Propose → Act');
  });

  it('that cannot ask people, for a tool whose effect cannot be undone', () => {
    const tools = ticketTriage.tools.flatMap(({ name }) => irreversibly[name] ?? []);
    const withoutPeople = () => {
      const { Approve: _, ReadAgain: __, DecideAgain: ___, ...States } = machine.States;
      const Ruling = {
        ...machine.States.Ruling,
        Choices: choicesOf('Ruling').filter(({ Next }) => Next !== 'Approve'),
      };
      return { ...machine, States: { ...States, Ruling } } as StateMachine;
    };
    expect(() => assertProven({ ...ticketTriage, machine: withoutPeople })).not.toThrow();
    const bad = { ...ticketTriage, tools, machine: withoutPeople };
    expect(() => assertProven(bad)).toThrow('jira.assign cannot be undone, and no state asks people');
    expect(() => assertProven({ ...bad, machine: () => machine })).not.toThrow();
  });

  it('for a scope that it declares and never calls', () => {
    const more = [...scopes, { name: 'stripe:write', effect: 'write', timeoutSeconds: 40, remembers: false } as const];
    expect(prove(machine, more, task).map(({ because }) => because)).toEqual([
      'it declares tools of stripe:write and calls none',
    ]);
  });
});

/** A workflow of two actions: an undo has to know which is older. */
const two = { ...ticketTriage, actions: [1, 2].map((action) => ({ action, write: jiraAssign, seenBy: jiraGet })) };

const twoActions = ['undo of two actions', two] as const;

it.each([...workflows.map((workflow) => [`undo of ${workflow.name}`, workflow] as const), twoActions])(
  'the %s keeps every promise',
  (_, workflow) => {
    expect(prove(symbolicUndoMachine(workflow), scopesOf(workflow), purposeOf(workflow, 'undo'))).toEqual([]);
  }
);

describe('a workflow is refused', () => {
  it.each([
    ['whose machine has no undo for what can be undone', 'States.Verified.Default', 'Escalate', 'undone Escalate'],
    ['whose undo is asked for without a mismatch', 'States.Verified.Choices.0.Next', 'DecideUndo', 'undone DecideUndo'],
    ['that undoes by the ruling on the act', 'States.Verified.Default', 'ActUndo', 'authorised ActUndo'],
    ['that undoes another action', 'States.DecideUndo.Arguments.Payload.undoes', 2, 'undone DecideUndo'],
    ['that answers what it undid', 'States.VerifiedUndo.Choices.0.Next', 'Respond', 'honest Respond'],
    ['that does not read its undo back', 'States.ActUndo.Next', 'Reconcile', 'reconciled Reconcile'],
  ])('%s', (_, place, value, expected) => {
    expect(brokenBy(place, value)).toContain(expected);
  });

  it('that acts as what it does not declare', () => {
    expect(() =>
      assertProven({ ...ticketTriage, actions: [{ action: 2, write: jiraAssign, seenBy: jiraGet }] })
    ).toThrow('acts on jira:write as action 1 and does not declare it');
  });

  it('whose restoring tool is not its own', () => {
    expect(() => assertProven({ ...ticketTriage, tools: [jiraGet, jiraAssign] })).toThrow(
      'jira.assign is undone by jira.restore-components, which must be a write tool of ticket-triage'
    );
  });
});

/** One in so many is tried, or with WRIT_ALL_MUTANTS=1 every one: then it takes minutes. */
const STRIDE = process.env.WRIT_ALL_MUTANTS === '1' ? 1 : 5;
const PATIENCE_MS = 600_000;

describe('of all machines in which one way or state differs', () => {
  it.each([
    ...workflows.map((workflow) => [workflow.name, 'task', workflow, symbolicMachine(workflow)] as const),
    ...[...workflows.map((workflow) => [`undo of ${workflow.name}`, workflow] as const), twoActions].map(
      ([name, workflow]) => [name, 'undo', workflow, symbolicUndoMachine(workflow)] as const
    ),
  ])(
    'none of %s that an exhaustive run finds harmful is proven',
    { timeout: PATIENCE_MS },
    async (name, kind, workflow, whole) => {
      const [own, purpose] = [scopesOf(workflow), purposeOf(workflow, kind)];
      expect(await harmOf(whole, kind)).toBeUndefined();
      const missed: string[] = [];
      let [harmful, tried, all] = [0, 0, 0];
      for (const { what, machine: mutant } of mutantsOf(whole)) {
        all += 1;
        if (all % STRIDE !== 0) continue;
        tried += 1;
        const harm = await harmOf(mutant, kind);
        if (harm === undefined) continue;
        harmful += 1;
        if (prove(mutant, own, purpose).length === 0) missed.push(`${what}: ${harm}`);
      }
      const caught = harmful - missed.length;
      process.stdout.write(`${name}: ${tried} mutants tried of ${all}, ${harmful} harmful, ${caught} caught\n`);
      expect(missed).toEqual([]);
      expect(all).toBeGreaterThan(Object.keys(whole.States).length ** 2); // each way, to each other state
      expect(harmful / tried).toBeGreaterThan(0.75); // else the exhaustive run does not see what it should
    }
  );
});
