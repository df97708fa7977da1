import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { type State, type StateMachine, stateMachine } from '../../statemachines/segments/asl.ts';
import { workflows } from '../../statemachines/workflows.ts';
import { symbolicCallees } from './callees.ts';
import { assignedBefore, edgesOf, reachable, variablesIn } from './graph.ts';

const tasksOf = ({ States }: StateMachine) =>
  Object.entries(States).flatMap(([name, state]: [string, State<string>]) =>
    state.Type === 'Task' ? [[name, state] as const] : []
  );
const timeouts = new Map([
  ...Object.values(symbolicCallees.step).map(({ arn, timeoutSeconds }) => [arn, timeoutSeconds] as const),
  ['jira:read', 40] as const,
  ['jira:write', 40] as const,
]);

describe.each(workflows.map((workflow) => [workflow.name, workflow] as const))('%s', (_, workflow) => {
  const machine = workflow.machine(symbolicCallees);
  const edges = edgesOf(machine);

  it('is a valid definition in the States language', () => {
    const { errors } = validate(structuredClone(machine), { checkArn: false, checkPaths: false });
    expect(errors).toEqual([]);
  });

  it.each(tasksOf(machine))('%s waits longer than its function may take', (_name, task) => {
    const own = timeouts.get(String(task.Arguments.FunctionName));
    expect(own).toBeDefined();
    expect(task.TimeoutSeconds).toBeGreaterThan(own ?? Number.POSITIVE_INFINITY);
  });

  it.each(tasksOf(machine))('%s tries again what is Retryable', (_name, task) => {
    expect(task.Retry.some(({ ErrorEquals }) => ErrorEquals.includes('Retryable'))).toBe(true);
  });

  it.each(tasksOf(machine).filter(([name]) => name !== 'Escalate'))('%s catches everything, last', (_name, task) => {
    expect(task.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
    expect(task.Catch?.slice(0, -1).flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.ALL');
  });

  it('leaves Escalate without a Catch, so that its failure fails the execution and reaches the reaper', () => {
    const [, escalate] = tasksOf(machine).find(([name]) => name === 'Escalate') ?? [];
    expect(escalate).toBeDefined();
    expect(escalate?.Catch).toBeUndefined();
  });

  it('repeats an act only where the function says that nothing happened', () => {
    const [, act] = tasksOf(machine).find(([name]) => name === 'Act') ?? [];
    expect(act?.Retry.flatMap(({ ErrorEquals }) => ErrorEquals)).toEqual(['Retryable']);
    expect(act?.Catch?.map(({ ErrorEquals, Next }) => [ErrorEquals, Next])).toEqual([
      [['Terminal'], 'Escalate'],
      [['States.ALL'], 'Reconcile'],
    ]);
  });

  it('enters Act by an authorising ruling alone', () => {
    const authorised = edges.filter(({ from, to }) => from === 'Ruling' && to === 'Act');
    expect(authorised.map(({ condition }) => condition)).toEqual(["{% $verdict.kind = 'authorised' %}"]);
    const others = edges.filter((edge) => !authorised.includes(edge));
    expect(reachable(edges, machine.StartAt)).toContain('Act');
    expect(reachable(others, machine.StartAt)).not.toContain('Act');
  });

  it('rules on what Decide said last, after the last proposal', () => {
    expect(edges.filter(({ to }) => to === 'Ruling').map(({ from }) => from)).toEqual(['Decide']);
    expect(reachable(edges, 'Act')).not.toContain('Propose');
  });

  it('answers no act but through Verify', () => {
    const unverified = edges.filter(({ from }) => from !== 'Verify');
    expect(reachable(edges, 'Act')).toContain('Respond');
    const bySuccess = unverified.filter(({ to }) => to !== 'Escalate');
    expect(reachable(bySuccess, 'Act')).not.toContain('Respond');
  });

  it('bounds every loop by a counter', () => {
    const unbounded = edges.filter(({ condition }) => !/\$\w+ < \d+/.test(condition ?? ''));
    const loops = Object.keys(machine.States).filter((name) =>
      unbounded.some(({ from, to }) => from === name && reachable(unbounded, to).has(name))
    );
    expect(loops).toEqual([]);
    expect(unbounded.length).toBeLessThan(edges.length);
  });

  it('asks for no variable before it is assigned', () => {
    const assigned = assignedBefore(machine);
    const unknown = Object.entries(machine.States).flatMap(([name, state]) =>
      [...variablesIn(state)].filter((variable) => !assigned.get(name)?.has(variable)).map((v) => `${name}: $${v}`)
    );
    expect(unknown).toEqual([]);
    expect(variablesIn(machine.States.Respond as State<string>)).toEqual(new Set(['outcome', 'rules']));
  });

  it('outlasts every question, and ends nevertheless', () => {
    expect(machine.TimeoutSeconds).toBeGreaterThan(2 * 7 * 86_400);
  });
});

it('does not compile with a misspelt state', () => {
  const choice = { Type: 'Choice', Choices: [], Default: 'First' } as const;
  const misspelt = stateMachine({
    Comment: 'A state that leads nowhere.',
    StartAt: 'First',
    TimeoutSeconds: 1,
    // @ts-expect-error there is no state Frist
    States: { First: { ...choice, Default: 'Frist' } },
  });
  expect(validate(misspelt).isValid).toBe(false);
});
