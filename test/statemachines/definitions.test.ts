import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { stateMachine } from '../../statemachines/segments/asl.ts';
import { workflows } from '../../statemachines/workflows.ts';
import { symbolicCallees } from './callees.ts';

describe.each(workflows.map((workflow) => [workflow.name, workflow] as const))('%s', (_, workflow) => {
  const machine = workflow.machine(symbolicCallees);

  it('is a valid definition in the States language', () => {
    const { errors } = validate(structuredClone(machine), { checkArn: false, checkPaths: false });
    expect(errors).toEqual([]);
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
